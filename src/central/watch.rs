//! The live view: what changed since the last look, as lines.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use shelfwire_core::domain::ids::{Generation, Name, Seq};
use shelfwire_core::domain::time::WallMs;
use shelfwire_core::reducer::{Availability, Stale};

use super::store::{ReadStore, StoreError};

/// Rows shown of one look; of more, the latest.
const ROWS_MAX: usize = 500;

/// Looks at the database from time to time.
#[derive(Debug)]
pub struct Watcher {
    store: ReadStore,
    version: Option<i64>,
    seen: BTreeMap<Name, ((Generation, Seq), Vec<Stale>)>,
}

/// What a look has found.
#[derive(Debug, Default)]
pub struct Seen {
    /// Items that changed, the latest last.
    pub rows: Vec<Availability>,
    /// Stores whose word on their age changed.
    pub stores: Vec<StoreNote>,
}

/// Why a store's numbers may be old.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreNote {
    /// Which store.
    pub store: Name,
    /// When the newest word was received that the balances hold.
    pub as_of: Option<WallMs>,
    /// Why not now; empty where nothing speaks against it.
    pub stale_because: Vec<Stale>,
}

impl Watcher {
    /// Opens the file, which the centre has made.
    pub fn open(db: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            store: ReadStore::open(db)?,
            version: None,
            seen: BTreeMap::new(),
        })
    }

    /// What changed since the last look; all there is, at the first one.
    pub fn look(&mut self, now: WallMs) -> Result<Seen, StoreError> {
        let version = self.store.version()?;
        let mut found = Seen::default();
        if self.version.replace(version) == Some(version) {
            return Ok(found);
        }
        for store in self.store.stores()? {
            let stale = store.stale();
            let before = self.seen.get(&store.name);
            let after = before.map_or((0, 0), |(latest, _)| *latest);
            if before.is_none_or(|(_, told)| *told != stale) {
                found.stores.push(StoreNote {
                    store: store.name.clone(),
                    as_of: store.row.word.as_of,
                    stale_because: stale.clone(),
                });
            }
            let (rows, latest) = self.store.changed(&store, after, ROWS_MAX, now)?;
            found.rows.extend(rows);
            self.seen.insert(store.name, (latest, stale));
        }
        Ok(found)
    }
}

/// The words above the columns of [`line()`].
pub fn header() -> String {
    columns(&[
        "STORE", "ITEM", "ON-HAND", "SELLABLE", "AS-OF", "AGE", "STALE",
    ])
}

/// An item's row.
pub fn line(row: &Availability) -> String {
    let sellable = row
        .sellable
        .map_or_else(|| "-".to_owned(), |qty| qty.to_string());
    let age = row.age_s.map_or_else(|| "-".to_owned(), age_text);
    columns(&[
        row.store.as_str(),
        row.item.as_str(),
        &row.on_hand.to_string(),
        &sellable,
        &time_text(row.as_of),
        &age,
        &stale_text(&row.stale_because),
    ])
}

/// A store's row among the items'.
pub fn store_line(note: &StoreNote) -> String {
    columns(&[
        note.store.as_str(),
        "(all)",
        "",
        "",
        &time_text(note.as_of),
        "",
        &stale_text(&note.stale_because),
    ])
}

fn columns(cells: &[&str; 7]) -> String {
    let [store, item, on_hand, sellable, as_of, age, stale] = cells;
    let text =
        format!("{store:<8} {item:<24} {on_hand:>9} {sellable:>9}  {as_of:<20} {age:>6}  {stale}");
    text.trim_end().to_owned()
}

fn time_text(at: Option<WallMs>) -> String {
    let time = at.and_then(|at| Timestamp::from_second(at.div_euclid(1_000)).ok());
    time.map_or_else(|| "-".to_owned(), |time| time.to_string())
}

fn age_text(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}min", seconds / 60),
        _ => format!("{}h", seconds / 3_600),
    }
}

fn stale_text(stale: &[Stale]) -> String {
    let words: Vec<&str> = stale.iter().map(|why| why.as_str()).collect();
    if words.is_empty() {
        return "no".to_owned();
    }
    words.join(",")
}

#[cfg(test)]
mod tests {
    use shelfwire_core::domain::item::ItemId;
    use shelfwire_core::domain::quantity::Milli;

    use super::*;

    #[test]
    fn a_row_says_what_is_there_and_how_old_the_number_is() {
        let row = Availability {
            store: "0042".parse().unwrap(),
            item: ItemId::from_retailer("SHIRT-M").unwrap(),
            known: true,
            on_hand: Milli(12_500),
            unavailable: Milli(0),
            suspect: Milli(0),
            sellable: Some(Milli(12_500)),
            as_of: Some(1_763_812_800_999),
            age_s: Some(7_300),
            fresh: false,
            stale_because: vec![Stale::StoreOffline, Stale::Clock],
        };
        let cells: Vec<String> = line(&row).split_whitespace().map(str::to_owned).collect();
        let expected = "0042 SHIRT-M 12.5 12.5 2025-11-22T12:00:00Z 2h store_offline,clock";
        assert_eq!(cells.join(" "), expected);
        assert_eq!(header().split_whitespace().count(), cells.len());
        let unknown = Availability {
            known: false,
            sellable: None,
            as_of: None,
            age_s: None,
            ..row
        };
        assert!(line(&unknown).contains(" - "));
    }
}
