//! What status reads from the journal's file: figures, items, open alerts, and how long an outage the
//! disk would bear.

use std::path::Path;

use shelfwire_core::domain::ids::Seq;
use shelfwire_core::identify::Catalogue;
use shelfwire_core::limits::{DISK_LOW_BYTES, OPEN_ALERTS_TOLD_MAX};

use super::watch::TILL_SILENT;
use crate::device::catalogue::WORDS as CATALOGUE_WORDS;
use crate::health::ready::{Against, Items};
use crate::health::report::{Alarm, OpenAlert, Outage};
use crate::journal::asked::Growth;
use crate::journal::{Figures, Reader, StorageError};
use crate::support::clock;

/// Bytes of a row with its keys, where too few rows are there to measure it.
const ROW_BYTES: u64 = 600;
/// Fewer rows than this say little about the size of one.
const ROWS_TO_MEASURE: u64 = 5_000;
/// Less history than this says little about a day.
const HISTORY_MIN_MS: u64 = 60 * 60 * 1_000;
const DAY_MS: u64 = 86_400_000;

/// All of it.
#[derive(Debug, Clone)]
pub struct Read {
    /// The journal in numbers.
    pub figures: Figures,
    /// How the items stand.
    pub items: Items,
    /// What speaks against promises.
    pub against: Against,
    /// How many alerts are open.
    pub alerts_open: u64,
    /// The newest of them.
    pub alerts: Vec<OpenAlert>,
    /// How long the disk bears an outage; `None` while too little is known.
    pub outage: Option<Outage>,
    /// Free bytes of the disk; `None` where the system does not say.
    pub free_bytes: Option<u64>,
}

/// What was counted, and for which head and catalogue: counted anew only when one has changed.
pub type Counted = Option<((Seq, u64), Items)>;

/// Reads it. Blocks.
pub fn read(
    reader: &mut Reader,
    catalogue: &Catalogue,
    at: (&Path, u64),
    counted: &mut Counted,
) -> Result<Read, StorageError> {
    let (folder, budget_bytes) = at;
    let figures = reader.figures()?;
    let of = (figures.head, catalogue.version());
    let items = match *counted {
        Some((before, items)) if before == of => items,
        _ => items(reader, catalogue)?,
    };
    *counted = Some((of, items));
    let alerts_open = reader.alerts_open_number()?;
    let alerts = reader.alerts_open(OPEN_ALERTS_TOLD_MAX)?;
    let named = |text: String| (!text.is_empty()).then_some(text);
    let growth = reader.growth(clock::wall_ms())?;
    let free_bytes = rustix::fs::statvfs(folder).ok();
    let free_bytes = free_bytes.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    Ok(Read {
        outage: outage(growth, figures.backlog, budget_bytes, free_bytes),
        figures,
        items,
        against: against(reader, catalogue)?,
        alerts_open,
        alerts: alerts
            .into_iter()
            .map(|open| OpenAlert {
                alert: open.alert,
                item: named(open.item),
                dev: named(open.dev),
                severity: open.severity,
                seq: open.seq,
                age_s: open.wall_ms.map(clock::wall_age_s),
                text: open.text,
            })
            .collect(),
        free_bytes,
    })
}

fn items(reader: &mut Reader, catalogue: &Catalogue) -> Result<Items, StorageError> {
    let tally = reader.tally(&|item| catalogue.item(item).is_some())?;
    let stocked = u64::try_from(catalogue.stocked()).unwrap_or(u64::MAX);
    Ok(Items {
        known: tally.known,
        all: stocked.saturating_add(tally.unlisted),
        negative: tally.negative,
        ambiguous: tally.ambiguous,
    })
}

/// What the open alerts say against promises: asked for by their words, since a store may have more
/// alerts open than are told.
fn against(reader: &mut Reader, catalogue: &Catalogue) -> Result<Against, StorageError> {
    let silent = reader.alerts_open_of(&[TILL_SILENT])?;
    let at_fault = !reader.alerts_open_of(&CATALOGUE_WORDS)?.is_empty();
    Ok(Against {
        never_heard: Vec::new(),
        silent: silent.into_iter().map(|open| open.dev).collect(),
        catalogue: match (at_fault, catalogue.version()) {
            (false, _) => None,
            (true, 0) => Some("no catalogue"),
            (true, _) => Some("the catalogue's file cannot be used, the one of before is in force"),
        },
    })
}

/// Applied rows make room when it is needed, oldest first: they count as room.
fn outage(growth: Growth, backlog: u64, budget: u64, free: Option<u64>) -> Option<Outage> {
    if growth.recent_ms < HISTORY_MIN_MS || growth.recent == 0 {
        return None;
    }
    let row_bytes = if growth.rows < ROWS_TO_MEASURE {
        ROW_BYTES
    } else {
        (growth.used_bytes / growth.rows).clamp(ROW_BYTES / 3, ROW_BYTES * 4)
    };
    let per_day = growth.recent.saturating_mul(DAY_MS) / growth.recent_ms;
    let per_day = per_day.saturating_mul(row_bytes);
    let applied = growth
        .rows
        .saturating_sub(backlog)
        .saturating_mul(row_bytes);
    let room = budget.saturating_sub(growth.used_bytes);
    // The disk may be smaller than the budget.
    let room = room.min(free.unwrap_or(u64::MAX)).saturating_add(applied);
    Some(Outage {
        days: room / per_day.max(1),
        bytes_per_day: per_day,
        room_bytes: room,
    })
}

/// The disk's alarm, if there is one.
pub fn disk_alarm(full: bool, free_bytes: Option<u64>) -> Option<Alarm> {
    let (code, text) = if full {
        let text = "the disk or the journal's budget is full: tills are answered \"retry\"";
        ("disk_full", text.to_owned())
    } else {
        let free = free_bytes.filter(|free| *free < DISK_LOW_BYTES)?;
        let text = format!("only {} MiB of the disk are free", free >> 20);
        ("disk_low", text)
    };
    Some(Alarm {
        code: code.to_owned(),
        text,
        fix: "free space in the state directory's file system, or raise [journal] disk_budget"
            .to_owned(),
        since_s: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_as_long_as_the_room_at_the_rate_of_the_last_day() {
        let growth = Growth {
            used_bytes: 12_000_000,
            rows: 20_000,
            recent: 10_000,
            recent_ms: DAY_MS / 2,
        };
        // 20,000 rows of 600 bytes a day; half of the rows are applied and make room.
        let outage = |free| outage(growth, 10_000, 100_000_000, free).unwrap();
        assert_eq!(outage(None).bytes_per_day, 12_000_000);
        assert_eq!(outage(None).days, (88_000_000 + 6_000_000) / 12_000_000);
        assert_eq!(outage(Some(30_000_000)).days, 3);
        let young = Growth {
            recent_ms: 1_000,
            ..growth
        };
        assert_eq!(super::outage(young, 0, 100_000_000, None), None);
    }

    #[test]
    fn a_full_disk_is_an_alarm_and_a_nearly_full_one_too() {
        let code = |full, free| disk_alarm(full, free).map(|alarm| alarm.code);
        assert_eq!(code(true, Some(1 << 40)).as_deref(), Some("disk_full"));
        assert_eq!(code(false, Some(1 << 20)).as_deref(), Some("disk_low"));
        assert_eq!(code(false, Some(1 << 40)), None);
        assert_eq!(code(false, None), None);
    }
}
