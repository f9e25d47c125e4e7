//! What the demo's store sells: GTINs of units, and two cases.

/// A code and what one of it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lot {
    /// The retailer's item.
    pub(super) item: &'static str,
    /// GTIN-13 of a unit, GTIN-14 of a case.
    pub(super) code: &'static str,
    /// Units in one.
    pub(super) units: i64,
}

const fn lot(item: &'static str, code: &'static str, units: i64) -> Lot {
    Lot { item, code, units }
}

/// The assortment.
pub(super) const GOODS: [Lot; 12] = [
    lot("coffee-250g", "4012345678901", 1),
    lot("coffee-250g", "14012345678908", 12),
    lot("tea-20", "4012345678918", 1),
    lot("milk-1l", "4012345678925", 1),
    lot("milk-1l", "14012345678922", 6),
    lot("soap", "4012345678932", 1),
    lot("pasta-500g", "4012345678949", 1),
    lot("rice-1kg", "4012345678956", 1),
    lot("oil-750ml", "4012345678963", 1),
    lot("towel", "4012345678970", 1),
    lot("lamp", "4012345678987", 1),
    lot("mug", "4012345678994", 1),
];

/// What carries tags, a shelf for each.
pub(super) const TAGGED: [Lot; 3] = [
    lot("towel", "4012345678970", 1),
    lot("lamp", "4012345678987", 1),
    lot("mug", "4012345678994", 1),
];

/// One of the lots that a customer buys: cases come in, units go out.
pub(super) fn single(pick: usize) -> Option<Lot> {
    let units = || GOODS.iter().filter(|lot| lot.units == 1);
    units().nth(pick % units().count()).copied()
}

/// Units of every item at the opening.
pub(super) const OPENING_UNITS: i64 = 500;

/// The catalogue file.
pub(super) fn catalogue() -> String {
    let mut rows = vec![
        "# version 1".to_owned(),
        "item,unit,code,factor,stock,components,rfid,return_to".to_owned(),
    ];
    rows.extend(GOODS.iter().map(|lot| {
        let tagged = TAGGED.iter().any(|tagged| tagged.item == lot.item);
        let rfid = if tagged { "full" } else { "none" };
        format!(
            "{},EA,{},{},true,,{rfid},sellable",
            lot.item, lot.code, lot.units
        )
    }));
    rows.join("\n") + "\n"
}

/// The items, each once.
pub(super) fn items() -> Vec<&'static str> {
    let mut items: Vec<&'static str> = GOODS.iter().map(|lot| lot.item).collect();
    items.dedup();
    items
}

/// The opening file of `shelfwire stock import`.
pub(super) fn opening() -> String {
    let mut rows = vec!["item,qty".to_owned()];
    rows.extend(items().iter().map(|item| format!("{item},{OPENING_UNITS}")));
    rows.join("\n") + "\n"
}
