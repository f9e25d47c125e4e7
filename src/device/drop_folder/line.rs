//! One line of a file: the same message that a till sends over its connection.

use shelfwire_core::codec::pos::{self, PosRefusal, Request};
use shelfwire_core::domain::command::Command;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::time::Stamp;
use shelfwire_core::identify::{self, TillRules};

use super::DropSettings;
use super::lines::FileLine;
use crate::device::Goods;
use crate::device::source::day_report;
use crate::support::store_time;

/// The command of a line, or why it is refused.
pub(super) fn understand(
    line: &FileLine,
    settings: &DropSettings,
    goods: &Goods,
    stamp: Stamp,
) -> Result<Command, PosRefusal> {
    let Some(text) = &line.text else {
        return Err(PosRefusal::new(None, "the line is longer than 256 KiB"));
    };
    match pos::decode(text)? {
        Request::Stock(_) => Err(PosRefusal::new(
            Some("stock".to_owned()),
            "is a question; nobody would read the answer, ask over the till's connection",
        )),
        Request::Transaction(mut transaction) => {
            goods.labels.read_in(&mut transaction);
            let rules = rules(settings, &transaction.till)?;
            if let Some(why) = identify::far_day(&transaction, &stamp) {
                return Err(PosRefusal::new(Some("business_day".to_owned()), why));
            }
            goods.heard.note(&transaction.till);
            let catalogue = goods.catalogue.current();
            let mut command = identify::transaction(&catalogue, *transaction, stamp, rules);
            store_time::date(&mut command, settings.timezone.as_ref());
            Ok(command)
        }
        Request::Day(word) => {
            let till = word.till.clone().ok_or_else(|| {
                PosRefusal::new(
                    Some("till".to_owned()),
                    "is missing: a file has no till of its own",
                )
            })?;
            let rules = rules(settings, &till)?;
            goods.heard.note(&till);
            Ok(day_report(word, till, rules, stamp))
        }
        Request::Alive(_) => Err(PosRefusal::new(
            Some("alive".to_owned()),
            "is no word for a file: it says nothing about now",
        )),
    }
}

fn rules(settings: &DropSettings, till: &Name) -> Result<TillRules, PosRefusal> {
    if let Some(rules) = settings.tills.get(till) {
        return Ok(*rules);
    }
    let tills: Vec<&str> = settings.tills.keys().map(Name::as_str).collect();
    let why = format!(
        "is none of the tills of this folder ({}): name it in [[drop]] {}",
        tills.join(", "),
        settings.name
    );
    Err(PosRefusal::new(Some("till".to_owned()), why))
}
