//! One line of a file: the same message that a till sends over its connection.

use shelfwire_core::codec::pos::PosRefusal;
use shelfwire_core::domain::command::Command;
use shelfwire_core::domain::time::{MonoMs, Stamp};

use super::DropSettings;
use super::lines::FileLine;
use crate::device::Goods;
use crate::device::said::{Ground, Said, Speakers};

/// The command of a line that was written at `said`, or why it is refused.
pub(super) fn understand(
    line: &FileLine,
    settings: &DropSettings,
    goods: &Goods,
    stamp: Stamp,
    said: MonoMs,
) -> Result<Command, PosRefusal> {
    let Some(text) = &line.text else {
        return Err(PosRefusal::new(None, "the line is longer than 256 KiB"));
    };
    let ground = Ground {
        speakers: Speakers::Folder(&settings.name, &settings.tills),
        catalogue: &goods.catalogue,
        labels: &goods.labels,
        timezone: settings.timezone.as_ref(),
        stamp,
    };
    match ground.understand(text).map_err(|unsaid| unsaid.refusal)? {
        Said::Stock(_) => Err(PosRefusal::new(
            Some("stock".to_owned()),
            "is a question; nobody would read the answer, ask over the till's connection",
        )),
        Said::Alive => Err(PosRefusal::new(
            Some("alive".to_owned()),
            "is no word for a file: it says nothing about now",
        )),
        Said::Take(take) => {
            // The till said it when it wrote the file, not when the file was found.
            goods.heard.note_at(&take.till, said);
            Ok(take.command)
        }
    }
}
