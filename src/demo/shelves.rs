//! The demo's smart shelves: filled, shopped, stolen from and blinded. Three shelves, two readers
//! that are not there, and tags that the world of the simulator holds before their antennas.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use shelfwire_core::codec::epc::{Filter, Sgtin};
use shelfwire_core::codec::gtin::Gtin;
use shelfwire_core::domain::epc::Epc;
use shelfwire_core::sim::shelf::{self, World};

use super::goods::TAGGED;
use super::reader::{Floor, Reader, Settings};
use crate::support::tasks::Tasks;

/// The shelves: the first two are read by one reader, the window has its own.
pub(super) const SHELVES: [&str; 3] = ["shelf-a", "shelf-b", "window"];
/// Tags on each of them at first.
pub(super) const TAGS_EACH: usize = 8;
/// The tag that is glued to the first shelf.
const REFERENCE: usize = SHELVES.len() * TAGS_EACH;
const SECOND: Duration = Duration::from_secs(1);
/// How long a thief needs for a shelf.
const SWEEP_S: u64 = 4;

/// The shelves, as they truly are.
#[derive(Debug)]
pub(super) struct Shelves {
    floor: Arc<Floor>,
}

impl Shelves {
    /// Puts up shelves with nothing on them, and lets their time pass.
    pub(super) fn set_up(tasks: &mut Tasks) -> io::Result<Self> {
        let settings = shelf::Settings::row(SHELVES.len(), 1, 2);
        let settings = settings.rates(0.9, 0.0).fading(2.0, 10.0);
        let mut world = World::new(5, settings);
        world.glue(REFERENCE, 0);
        let readers = vec![
            Reader::start(Settings::default())?,
            Reader::start(Settings::default())?,
        ];
        let floor = Arc::new(Floor::new(world, readers, code));
        let (living, stop) = (Arc::clone(&floor), tasks.stop_flag());
        tasks.spawn(
            "demo-shelves",
            async move { living.live(SECOND, stop).await },
        );
        Ok(Self { floor })
    }

    /// What the agent is told of them.
    pub(super) fn tables(&self) -> Vec<String> {
        // Nobody is carried past here, and nobody wants to wait.
        let presence = "[presence]\nobserved_time_threshold = \"2s\"";
        let mut tables = vec![presence.to_owned()];
        let mut shelves = SHELVES.iter().enumerate();
        for (number, reader) in (1..).zip(self.floor.readers()) {
            let address = reader.address();
            tables.push(format!(
                "[[reader]]\nname = \"reader-{number}\"\naddress = \"{address}\""
            ));
            for (port, (index, shelf)) in (1..).zip(shelves.by_ref().take(2)) {
                let reference = match index {
                    0 => format!("\nreference = [\"{}\"]", code(REFERENCE)),
                    _ => String::new(),
                };
                tables.push(format!(
                    "[[reader.antenna]]\nport = {port}\nshelf = \"{shelf}\"{reference}"
                ));
            }
        }
        tables
    }

    /// Goods are put on them.
    pub(super) fn fill(&self) {
        self.floor.world(|world| {
            for tag in 0..REFERENCE {
                world.place(tag, tag / TAGS_EACH);
            }
        });
    }

    /// A customer takes something from the first, a thief everything from the second, and the reader
    /// of the third loses its power.
    pub(super) fn trouble(&self) {
        self.floor.world(|world| {
            world.take(0);
            world.sweep(1, SWEEP_S);
        });
        if let Some(reader) = self.floor.readers().last() {
            reader.power_off();
        }
    }

    /// The reader has power again.
    pub(super) fn mend(&self) {
        if let Some(reader) = self.floor.readers().last() {
            reader.power_on();
        }
    }
}

/// The code of a tag: a piece of what its shelf is for.
fn code(tag: usize) -> Epc {
    let serial = u64::try_from(tag).unwrap_or(0) + 1;
    let gtin = TAGGED.get(tag / TAGS_EACH);
    let gtin = gtin.and_then(|lot| Gtin::parse(lot.code.as_bytes()).ok());
    let goods = gtin.and_then(|gtin| Sgtin::encode_96(gtin, 7, Filter::new(1), serial));
    // A reference tag is no goods of this store.
    goods.unwrap_or_else(|| shelf::epc(tag))
}
