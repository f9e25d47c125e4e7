//! The live view: what changed since the last look, as lines.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use shelfwire_core::domain::ids::{Generation, Name, Seq};
use shelfwire_core::domain::time::WallMs;
use shelfwire_core::limits::FRESH_MAX_AGE_S;
use shelfwire_core::reducer::{Asked, Availability, Stale, StoreAge};

use super::store::{ReadStore, StoreError, StoreState};

/// Rows shown of one look; of more, the latest.
const ROWS_MAX: usize = 500;

/// Looks at the database from time to time.
#[derive(Debug)]
pub struct Watcher {
    store: ReadStore,
    version: Option<i64>,
    max_age_s: u64,
    stores: Vec<StoreState>,
    alerts: u64,
    told: BTreeMap<Name, Told>,
}

/// What was told of a store: its latest entry, and whether its numbers are fresh, with the reasons.
#[derive(Debug)]
struct Told {
    latest: (Generation, Seq),
    fresh: bool,
    stale_because: Vec<Stale>,
}

/// What a look has found.
#[derive(Debug, Default)]
pub struct Seen {
    /// Items that changed, the latest last.
    pub rows: Vec<Availability>,
    /// Stores whose numbers became fresh or stale, or are so for another reason.
    pub stores: Vec<StoreNote>,
}

/// How old all of a store's numbers are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreNote {
    /// Which store.
    pub store: Name,
    /// The oldest word that they stand on.
    pub as_of: Option<WallMs>,
    /// How long ago that is, in seconds.
    pub age_s: Option<u64>,
    /// Whether that is young enough.
    pub fresh: bool,
    /// What speaks against them; empty where nothing does.
    pub stale_because: Vec<Stale>,
}

impl Watcher {
    /// Opens the file, which the centre has made.
    pub fn open(db: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            store: ReadStore::open(db)?,
            version: None,
            max_age_s: FRESH_MAX_AGE_S,
            stores: Vec::new(),
            alerts: 0,
            told: BTreeMap::new(),
        })
    }

    /// What changed since the last look; all there is, at the first one. Time alone makes numbers
    /// stale, so the stores are judged also where nothing was committed.
    pub fn look(&mut self, now: WallMs) -> Result<Seen, StoreError> {
        let version = self.store.version()?;
        let committed = self.version.replace(version) != Some(version);
        if committed {
            self.max_age_s = self.store.ask(now)?.max_age_s;
            self.stores = self.store.stores()?;
            self.alerts = self.store.count_open_alerts()?;
        }
        let asked = Asked {
            now,
            max_age_s: self.max_age_s,
        };
        let mut found = Seen::default();
        for store in &self.stores {
            let age = store.age(asked);
            let before = self.told.get(&store.name);
            if before.is_none_or(|told| !told.says(&age)) {
                found.stores.push(note(store, age.clone()));
            }
            let after = before.map_or((0, 0), |told| told.latest);
            let (rows, latest) = if committed {
                self.store.changed(store, after, ROWS_MAX, &age)?
            } else {
                (Vec::new(), after)
            };
            found.rows.extend(rows);
            let told = Told {
                latest,
                fresh: age.fresh,
                stale_because: age.stale_because,
            };
            self.told.insert(store.name.clone(), told);
        }
        Ok(found)
    }

    /// How old each store's numbers are now, as of the last look.
    pub fn notes(&self, now: WallMs) -> Vec<StoreNote> {
        let asked = Asked {
            now,
            max_age_s: self.max_age_s,
        };
        let stores = self.stores.iter();
        stores.map(|store| note(store, store.age(asked))).collect()
    }

    /// Alerts that are open and not quiet, in all stores.
    pub fn alerts(&self) -> u64 {
        self.alerts
    }
}

impl Told {
    fn says(&self, age: &StoreAge) -> bool {
        (self.fresh, &self.stale_because) == (age.fresh, &age.stale_because)
    }
}

fn note(store: &StoreState, age: StoreAge) -> StoreNote {
    StoreNote {
        store: store.name.clone(),
        as_of: age.as_of,
        age_s: age.age_s,
        fresh: age.fresh,
        stale_because: age.stale_because,
    }
}

/// The words above the columns of [`line()`].
pub fn header() -> String {
    columns(&[
        "STORE",
        "ITEM",
        "ON-HAND",
        "SELLABLE",
        "FRESH",
        "AGE",
        "QUALITY",
        "STALE-BECAUSE",
    ])
}

/// The line above the table.
pub fn summary(notes: &[StoreNote], alerts: u64) -> String {
    let fresh = notes.iter().filter(|note| note.fresh).count();
    let stores = counted(notes.len() as u64, "store");
    let alerts = counted(alerts, "alert");
    format!("{stores}, {fresh} fresh, {alerts} open (shelfwire-central alerts)")
}

/// An item's row.
pub fn line(row: &Availability) -> String {
    let sellable = row
        .sellable
        .map_or_else(|| "-".to_owned(), |qty| qty.to_string());
    columns(&[
        row.store.as_str(),
        row.item.as_str(),
        &row.on_hand.to_string(),
        &sellable,
        yes(row.fresh),
        &age_text(row.age_s),
        row.quality.as_str(),
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
        yes(note.fresh),
        &age_text(note.age_s),
        "",
        &stale_text(&note.stale_because),
    ])
}

/// A row brought up to its store's age: what is the item's own stays.
pub fn aged(row: &mut Availability, note: &StoreNote) {
    (row.as_of, row.age_s, row.fresh) = (note.as_of, note.age_s, note.fresh);
    let own = row.stale_because.iter().filter(|why| why.of_item());
    row.stale_because = note.stale_because.iter().chain(own).copied().collect();
}

fn columns(cells: &[&str; 8]) -> String {
    let [store, item, on_hand, sellable, fresh, age, quality, stale] = cells;
    let text = format!(
        "{store:<8} {item:<24} {on_hand:>9} {sellable:>9}  {fresh:<5} {age:>6}  {quality:<8}  {stale}"
    );
    text.trim_end().to_owned()
}

fn yes(fresh: bool) -> &'static str {
    if fresh { "yes" } else { "no" }
}

fn counted(number: u64, what: &str) -> String {
    let more = if number == 1 { "" } else { "s" };
    format!("{number} {what}{more}")
}

fn age_text(seconds: Option<u64>) -> String {
    match seconds {
        None => "never".to_owned(),
        Some(seconds @ 0..120) => format!("{seconds}s"),
        Some(seconds @ 120..7_200) => format!("{}min", seconds / 60),
        Some(seconds @ 7_200..172_800) => format!("{}h", seconds / 3_600),
        Some(seconds) => format!("{}d", seconds / 86_400),
    }
}

fn stale_text(stale: &[Stale]) -> String {
    let words: Vec<&str> = stale.iter().map(|why| why.as_str()).collect();
    if words.is_empty() {
        return "-".to_owned();
    }
    words.join(",")
}

#[cfg(test)]
mod tests {
    use shelfwire_core::domain::item::ItemId;
    use shelfwire_core::domain::quantity::Milli;
    use shelfwire_core::reducer::Quality;

    use super::*;

    #[test]
    fn a_row_says_what_is_there_and_how_old_the_number_is() {
        let mut row = Availability {
            store: "0042".parse().unwrap(),
            item: ItemId::from_retailer("SHIRT-M").unwrap(),
            known: true,
            on_hand: Milli(12_500),
            unavailable: Milli(0),
            suspect: Milli(0),
            sellable: Some(Milli(12_500)),
            quality: Quality::Doubtful,
            as_of: Some(1_763_812_800_999),
            age_s: Some(7_300),
            fresh: false,
            stale_because: vec![Stale::StoreOffline, Stale::Ambiguous],
        };
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            words(&line(&row)),
            "0042 SHIRT-M 12.5 12.5 no 2h doubtful store_offline,ambiguous"
        );
        assert_eq!(
            line(&row).find("no"),
            header().find("FRESH"),
            "the columns stand below their words"
        );
        let note = StoreNote {
            store: row.store.clone(),
            as_of: None,
            age_s: None,
            fresh: false,
            stale_because: vec![Stale::TillSilent],
        };
        aged(&mut row, &note);
        assert_eq!(
            words(&line(&row)),
            "0042 SHIRT-M 12.5 12.5 no never doubtful till_silent,ambiguous"
        );
        row.sellable = None;
        assert!(line(&row).contains(" - "));
        assert_eq!(words(&store_line(&note)), "0042 (all) no never till_silent");
        let text = summary(&[note], 1);
        assert!(text.starts_with("1 store, 0 fresh, 1 alert open"), "{text}");
    }
}
