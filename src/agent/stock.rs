//! What the store knows of one item, for `shelfwire stock`: asked over the status socket, or of the
//! journal alone where no daemon runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shelfwire_core::codec::barcode;
use shelfwire_core::codec::label::Labels;
use shelfwire_core::domain::entry::{Entry, Kind, Movement};
use shelfwire_core::domain::ids::{Name, Seq};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::time::WallMs;
use shelfwire_core::identify::{self, Catalogue};
use shelfwire_core::limits::ITEM_ENTRIES_TOLD_MAX;

use crate::device::Goods;
use crate::health::socket::Stocks;
use crate::journal::{Journal, Reader, StorageError};
use crate::support::clock;

/// Rises when a field changes its meaning or goes away.
const VERSION: u32 = 1;

/// One item. Quantities are decimal texts in `unit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReport {
    /// The document's version.
    pub version: u32,
    /// What was asked for.
    pub asked: String,
    /// Which item that is.
    pub item: String,
    /// Its unit, where the catalogue has the item.
    pub unit: Option<String>,
    /// Whether the journal ever had an entry of it.
    pub seen: bool,
    /// Whether anybody ever said how many there are (R13).
    pub known: bool,
    /// Units in the store; may be negative.
    pub on_hand: String,
    /// Of them, held.
    pub unavailable: String,
    /// Of them, probably gone.
    pub suspect: String,
    /// What may be sold; null while not known.
    pub sellable: Option<String>,
    /// By zone, where movements name zones.
    pub zones: BTreeMap<Name, String>,
    /// `good`, `doubtful` or `unknown`.
    pub quality: String,
    /// Why it is not good: `never_counted`, `negative`, `ambiguous`.
    pub because: Vec<String>,
    /// The entry that last touched it.
    pub last_seq: Seq,
    /// How old that is, in seconds.
    pub age_s: Option<u64>,
    /// Commands in the inbox, not booked yet: the numbers are older than they are.
    pub waiting: u64,
    /// What it was opened with.
    pub opening: Option<OpeningReport>,
    /// Its last entries, newest first.
    pub entries: Vec<EntryReport>,
}

/// An opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningReport {
    /// What the number is true for, RFC 3339 in UTC.
    pub cutoff: String,
    /// The number.
    pub counted: String,
}

/// One entry, without its personal fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryReport {
    /// Its number.
    pub seq: Seq,
    /// When it was taken, RFC 3339 in UTC.
    pub at: String,
    /// Its kind.
    pub kind: String,
    /// What it says.
    pub text: String,
}

/// Answers `POST /stock`: the body is an item or a code.
pub(super) fn for_socket(journal: Journal, goods: &Goods) -> Stocks {
    let (catalogue, labels) = (goods.catalogue.clone(), Arc::clone(&goods.labels));
    Arc::new(move |asked| {
        let (journal, catalogue) = (journal.clone(), catalogue.current());
        let labels = Arc::clone(&labels);
        Box::pin(async move {
            let look = move || report(&mut journal.reader()?, &catalogue, &labels, &asked);
            let report = tokio::task::spawn_blocking(look).await;
            let report = report.map_err(|why| why.to_string())?;
            let report = report.map_err(|why| why.to_string())?;
            serde_json::to_value(report).map_err(|why| why.to_string())
        })
    })
}

/// What the journal knows of what was asked for; `None` for a text that is neither item nor code.
pub fn report(
    reader: &mut Reader,
    catalogue: &Catalogue,
    labels: &Labels,
    asked: &str,
) -> Result<Option<StockReport>, StorageError> {
    let Some(item) = meant(reader, catalogue, labels, asked)? else {
        return Ok(None);
    };
    let stock = reader.stock(&item)?;
    let opened = reader.opened(&item)?;
    let entries = reader.last_of(&item, ITEM_ENTRIES_TOLD_MAX)?;
    let balance = &stock.level.balance;
    let mut because = Vec::new();
    if !balance.known {
        because.push("never_counted".to_owned());
    } else if balance.on_hand.0 < 0 {
        because.push("negative".to_owned());
    }
    if balance.ambiguous {
        because.push("ambiguous".to_owned());
    }
    let quality = match (balance.known, because.is_empty()) {
        (false, _) => "unknown",
        (true, false) => "doubtful",
        (true, true) => "good",
    };
    Ok(Some(StockReport {
        version: VERSION,
        asked: asked.to_owned(),
        unit: catalogue
            .item(item.as_str())
            .map(|item| item.unit().as_str().to_owned()),
        item: item.into(),
        seen: stock.seen,
        known: balance.known,
        on_hand: balance.on_hand.to_string(),
        unavailable: balance.unavailable.to_string(),
        suspect: balance.suspect.to_string(),
        sellable: stock.sellable().map(|sellable| sellable.to_string()),
        zones: balance
            .zones
            .iter()
            .map(|(zone, qty)| (zone.clone(), qty.to_string()))
            .collect(),
        quality: quality.to_owned(),
        because,
        last_seq: stock.level.last_seq,
        age_s: stock.touched_ms.map(clock::wall_age_s),
        waiting: stock.waiting,
        opening: opened.map(|opened| OpeningReport {
            cutoff: utc(opened.cutoff.at),
            counted: opened.counted.to_string(),
        }),
        entries: entries.iter().map(entry_report).collect(),
    }))
}

/// An item of the catalogue, else one the journal has seen, else the item of a code.
fn meant(
    reader: &mut Reader,
    catalogue: &Catalogue,
    labels: &Labels,
    asked: &str,
) -> Result<Option<ItemId>, StorageError> {
    if let Some(item) = catalogue.item(asked) {
        return Ok(Some(item.id()));
    }
    if let Ok(item) = ItemId::try_from(asked.to_owned())
        && reader.stock(&item)?.seen
    {
        return Ok(Some(item));
    }
    let code = barcode::from_text(asked).ok().map(|code| labels.base(code));
    Ok(code.map(|code| identify::item_of(catalogue, &code)))
}

/// A wall time in RFC 3339, UTC.
pub fn utc(at: WallMs) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

fn entry_report(entry: &Entry) -> EntryReport {
    EntryReport {
        seq: entry.seq,
        at: utc(entry.stamp.wall_ms),
        kind: entry.body.kind.as_str().to_owned(),
        text: words(entry),
    }
}

/// An entry in words. Order references and tags are left out: they are personal.
pub(super) fn words(entry: &Entry) -> String {
    let (body, detail) = (&entry.body, &entry.body.detail);
    let mut words = match body.kind {
        Kind::Alert => {
            let over = if detail.cleared { "over: " } else { "" };
            let word = detail.alert.as_deref().unwrap_or("alert");
            format!("{over}{word}")
        }
        Kind::Move(Movement::Opening | Movement::Count) => {
            let counted = detail.counted.unwrap_or_default();
            format!("{} to {counted}", body.kind.as_str())
        }
        Kind::Move(Movement::Move | Movement::Hold | Movement::Release) => {
            format!("{} {}", body.kind.as_str(), body.qty)
        }
        kind @ (Kind::Move(_) | Kind::Remap) => {
            let sign = if body.qty.0 > 0 { "+" } else { "" };
            format!("{} {sign}{}", kind.as_str(), body.qty)
        }
        kind @ (Kind::Loss
        | Kind::Discrepancy
        | Kind::Presence
        | Kind::TimeFix
        | Kind::SourceGap
        | Kind::Pending
        | Kind::Unassigned
        | Kind::Base) => kind.as_str().to_owned(),
    };
    let mut add = |text: String| words = format!("{words}{text}");
    match (&body.from_zone, &body.zone) {
        (Some(from), Some(to)) => add(format!(" from {from} to {to}")),
        (None, Some(zone)) => add(format!(" in {zone}")),
        (Some(from), None) => add(format!(" from {from}")),
        (None, None) => {}
    }
    if let Some(dev) = &body.dev {
        add(format!(" by {dev}"));
    }
    if let Some(reason) = &detail.reason {
        add(format!(" ({reason})"));
    }
    if let Some(other) = &detail.other {
        add(format!(" with {other}"));
    }
    if let Some(times) = detail.times {
        add(format!(", {times} times"));
    }
    if body.repeat {
        add(", known already".to_owned());
    }
    if let Some(inside) = detail.inside {
        add(format!(", inside the count: {inside} not moved"));
    }
    if detail.ambiguous {
        add(", perhaps inside the count".to_owned());
    }
    if matches!(body.kind, Kind::Alert)
        && let Some(text) = &detail.text
    {
        add(format!(": {text}"));
    }
    if let Some(after) = &entry.after
        && matches!(body.kind, Kind::Move(_) | Kind::Remap)
    {
        add(format!(", {} after it", after.on_hand));
    }
    words
}
