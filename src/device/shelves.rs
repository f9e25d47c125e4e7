//! The store's shelves: what readers hear becomes what stands where, and every change goes to the
//! journal. One task for the store; what decides is `shelfwire_core::presence`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shelfwire_core::codec::epc::piece;
use shelfwire_core::domain::command::{AlertNote, Body, Command};
use shelfwire_core::domain::entry::Severity;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::presence::{Heard, ShelfNote};
use shelfwire_core::domain::time::{ClockQuality, MonoMs, Stamp};
use shelfwire_core::identify::shelf_change;
use shelfwire_core::limits::{HEARD_AT_ONCE_MAX, HEARD_QUEUE_MAX};
use shelfwire_core::presence::{Layout, Output, Presence, Settings, ShelfState};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tracing::{debug, error, info, warn};

use super::Goods;
use crate::journal::{StorageError, TakeError};
use crate::support::business_day::Calendar;
use crate::support::clock;
use crate::support::tasks::{Stop, Tasks};

/// Alerts of a shelf; they are looked for when the agent starts.
const UNOBSERVABLE: &str = "shelf_unobservable";
const SWEPT: &str = "swept_or_blind";
/// How often silence is judged.
const TICK: Duration = Duration::from_secs(1);
/// Wait before a command that the journal could not take is given to it again.
const AGAIN: Duration = Duration::from_secs(1);

/// The store's shelves, and by whom they are heard.
#[derive(Debug, Clone)]
pub struct ShelvesSettings {
    /// Shelves, antennas and reference tags.
    pub layout: Layout,
    /// How patient presence is.
    pub settings: Settings,
    /// Names of the readers, by their number.
    pub readers: Vec<Name>,
    /// By what business days go.
    pub calendar: Calendar,
}

/// The shelves as they stand; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Shelves(Arc<Mutex<Vec<ShelfState>>>);

impl Shelves {
    /// Every shelf.
    pub fn states(&self) -> Vec<ShelfState> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clone()
    }

    fn put(&self, states: Vec<ShelfState>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = states;
    }
}

/// Starts to listen. What readers hear goes into the sender.
pub fn start(
    settings: ShelvesSettings,
    goods: &Goods,
    tasks: &mut Tasks,
) -> (mpsc::Sender<Heard>, Shelves) {
    let (tell, told) = mpsc::channel(HEARD_QUEUE_MAX);
    let shelves = Shelves::default();
    let now = clock::boot_ms();
    let listener = Listener {
        presence: Presence::new(settings.layout.clone(), settings.settings, now),
        settings,
        goods: goods.clone(),
        shelves: shelves.clone(),
        refused: 0,
    };
    tasks.spawn("shelves", listener.run(told, tasks.stop_flag()));
    (tell, shelves)
}

struct Listener {
    presence: Presence,
    settings: ShelvesSettings,
    goods: Goods,
    shelves: Shelves,
    /// Reads of tags beyond the bound that were told already.
    refused: u64,
}

impl Listener {
    async fn run(mut self, mut heard: mpsc::Receiver<Heard>, stop: Stop) {
        if let Err(why) = self.restore().await {
            // Tags arrive anew: an arrival of a tag that is known to stand there says nothing new.
            error!(%why, "which tags stood on the shelves is not known");
        }
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::new();
        let mut out = Vec::new();
        loop {
            tokio::select! {
                () = stop.raised() => return,
                _ = ticks.tick() => {
                    self.presence.tick(clock::boot_ms(), &mut out);
                    self.shelves.put(self.presence.shelves());
                    self.say_refused();
                }
                some = heard.recv_many(&mut batch, HEARD_AT_ONCE_MAX), if !heard.is_closed() || !heard.is_empty() => {
                    if some > 0 {
                        for heard in batch.drain(..) {
                            self.presence.hear(&heard, &mut out);
                        }
                    }
                }
            }
            let commands = self.commands(&mut out);
            if !commands.is_empty() && !self.tell(commands, &stop).await {
                return;
            }
        }
    }

    /// What the journal knows: tags on shelves, and alerts that are still open.
    async fn restore(&mut self) -> Result<(), StorageError> {
        let journal = self.goods.journal.clone();
        let read = move || {
            let mut reader = journal.reader()?;
            let tags = reader.shelf_tags()?;
            Ok::<_, StorageError>((tags, reader.alerts_open_of(&[UNOBSERVABLE, SWEPT])?))
        };
        let Ok(known) = tokio::task::spawn_blocking(read).await else {
            return Ok(()); // the runtime is stopping
        };
        let (tags, alerts) = known?;
        let now = clock::boot_ms();
        let of = tags.len();
        let stand = tags
            .iter()
            .filter(|(epc, shelf)| self.presence.restore(epc, shelf, now));
        let stand = stand.count();
        if stand < of {
            warn!(
                tags = of - stand,
                "tags stood on shelves that are not configured any more"
            );
        }
        for alert in alerts {
            if let Ok(shelf) = alert.dev.parse() {
                self.presence.still(&shelf, alert.alert == SWEPT, now);
            }
        }
        if of > 0 {
            info!(tags = stand, "tags stand on shelves");
        }
        Ok(())
    }

    fn commands(&self, out: &mut Vec<Output>) -> Vec<Command> {
        if out.is_empty() {
            return Vec::new();
        }
        let catalogue = self.goods.catalogue.current();
        let stamp = self.goods.journal.stamp();
        let now = clock::boot_ms();
        let known = stamp.quality == ClockQuality::Synced;
        let day = known
            .then(|| self.settings.calendar.running(stamp.wall_ms))
            .flatten();
        let command = |output| match output {
            Output::Change(change) => {
                debug!(epc = %change.epc, change = ?change.change, shelf = %change.shelf, "shelf");
                let reader = self.reader_of(&change.shelf);
                shelf_change((&catalogue, &piece), &change, reader, day.clone(), stamp)
            }
            Output::Shelf(shelf, note) => Some(self.note(shelf, &note, now, stamp)),
        };
        out.drain(..).filter_map(command).collect()
    }

    fn note(&self, shelf: Name, note: &ShelfNote, now: MonoMs, stamp: Stamp) -> Command {
        let reader = self.reader_of(&shelf);
        let reader = reader.as_ref().map_or("its reader", Name::as_str);
        let (alert, severity, cleared, text) = match note {
            ShelfNote::Unobservable { since } => (
                UNOBSERVABLE,
                Severity::Warning,
                false,
                format!(
                    "nothing proves that shelf {shelf} is read, for {} s now: what stands on it is \
                     neither there nor gone; check power, network and antenna cables of {reader}",
                    now.saturating_sub(*since) / 1_000
                ),
            ),
            ShelfNote::Observable => (
                UNOBSERVABLE,
                Severity::Warning,
                true,
                format!("shelf {shelf} is read again"),
            ),
            ShelfNote::SweptOrBlind { tags, spread_ms } => (
                SWEPT,
                Severity::Critical,
                false,
                format!(
                    "all {tags} tags of shelf {shelf} fell silent within {}.{} s: taken, if that is \
                     as long as a hand needs, or its antenna is blind; look at the shelf",
                    spread_ms / 1_000,
                    spread_ms % 1_000 / 100
                ),
            ),
            ShelfNote::Settled => (
                SWEPT,
                Severity::Critical,
                true,
                format!("shelf {shelf} is heard again, or its tags have departed"),
            ),
        };
        info!(%shelf, cleared, "{text}");
        Command {
            stamp,
            body: Body::Alert(AlertNote {
                alert: alert.to_owned(),
                severity,
                item: None,
                dev: Some(shelf),
                text,
                cleared,
            }),
        }
    }

    /// Gives them to the journal, again and again where it cannot take them just now; `false` if the
    /// agent stops meanwhile. Reads that come in the meantime wait in the queue, and are samples.
    async fn tell(&self, mut commands: Vec<Command>, stop: &Stop) -> bool {
        loop {
            let journal = self.goods.journal.clone();
            let give = commands.clone();
            let take = tokio::task::spawn_blocking(move || journal.take_all_blocking(give));
            let Ok(taken) = take.await else {
                return false;
            };
            let again = |(command, taken): (Command, Result<_, TakeError>)| match taken {
                Ok(_) => None,
                Err(why) if why.retry() => Some(command),
                Err(why) => {
                    warn!(%why, "a change on a shelf is not journalled");
                    None
                }
            };
            commands = commands.into_iter().zip(taken).filter_map(again).collect();
            if commands.is_empty() {
                return true;
            }
            tokio::select! {
                () = stop.raised() => return false,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    /// Tags beyond the bound become a loss entry, as reads that nobody could keep.
    fn say_refused(&mut self) {
        let refused = self.presence.refused();
        if refused > self.refused {
            warn!(
                reads = refused - self.refused,
                "more tags than can be kept; their reads are not taken"
            );
            self.refused = refused;
        }
    }

    fn reader_of(&self, shelf: &Name) -> Option<Name> {
        let layout = &self.settings.layout;
        let number = layout.shelves.iter().position(|name| name == shelf)?;
        let mut antennas = layout.antennas.iter();
        let antenna = antennas.find(|antenna| usize::from(antenna.shelf) == number)?;
        self.settings
            .readers
            .get(usize::from(antenna.reader.0))
            .cloned()
    }
}
