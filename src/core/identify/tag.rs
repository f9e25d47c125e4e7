//! R17: what a tag is on. A single piece with a GTIN is an item of the catalogue, or a `code:` item
//! of its own; a case, and whatever is no goods, is no item. Reading the tag's code is the codec's
//! (`codec::epc::piece`); it is handed in, as reading bar codes is.

use super::Catalogue;
use crate::domain::code::Code;
use crate::domain::command::{Body, Command, PresenceNote};
use crate::domain::epc::Epc;
use crate::domain::ids::Name;
use crate::domain::item::{ItemId, Rfid};
use crate::domain::presence::ShelfChange;
use crate::domain::quantity::{Milli, Uom};
use crate::domain::time::{BusinessDay, Stamp};

/// The GTIN of the single piece that a tag is on; `None` for a case and for what is no goods.
pub type ReadTag<'r> = &'r dyn Fn(&Epc) -> Option<Code>;

/// What a tag is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// The item.
    pub item: ItemId,
    /// Which of its units carry a tag. Of a code that nobody has explained, and of what is not
    /// counted in pieces, never `full`: its absence means nothing.
    pub rfid: Rfid,
}

/// What a piece with this GTIN is. `None` where its tags say nothing of stock: the catalogue says
/// that it has no stock or no tags, that it is a bundle, or that one of the code is not one piece.
pub fn tagged(catalogue: &Catalogue, code: &Code) -> Option<Tagged> {
    let Some((item, factor)) = catalogue.code(code.as_str()) else {
        return Some(Tagged {
            item: ItemId::from_code(code),
            rfid: Rfid::Partial,
        });
    };
    let is_piece = item.has_stock()
        && factor == Milli::ONE
        && item.rfid() != Rfid::None
        && item.components().next().is_none();
    let rfid = match item.unit() {
        Uom::Each => item.rfid(),
        Uom::Kilogram | Uom::Metre | Uom::Litre => Rfid::Partial,
    };
    is_piece.then(|| Tagged {
        item: item.id(),
        rfid,
    })
}

/// The command of a change on a shelf; `None` where the tag is on no item. `dev` is the reader, `day`
/// the store's business day, where they are known.
pub fn shelf_change(
    (catalogue, read): (&Catalogue, ReadTag<'_>),
    change: &ShelfChange,
    dev: Option<Name>,
    day: Option<BusinessDay>,
    stamp: Stamp,
) -> Option<Command> {
    let Tagged { item, rfid } = tagged(catalogue, &read(&change.epc)?)?;
    Some(Command {
        stamp,
        body: Body::Presence(Box::new(PresenceNote {
            epc: change.epc,
            item,
            rfid,
            change: change.change.clone(),
            shelf: change.shelf.clone(),
            from: change.from.clone(),
            dev,
            day,
            evidence: change.evidence.clone(),
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::epc::piece;
    use crate::domain::code::Symbology;

    const CATALOGUE: &str = "# version 1
item,unit,code,factor,stock,components,rfid,return_to
SHIRT,EA,04012345123456,1,true,,full,
SHIRT,EA,14012345123453,12,true,,full,
SOCKS,EA,80614141123458,1,true,,partial,
MILK,EA,04006381333931,1,true,,none,
";

    fn catalogue() -> Catalogue {
        let code = |text: &str| Code::from_bytes(text.as_bytes(), Symbology::Unknown).ok();
        Catalogue::read(CATALOGUE.as_bytes(), &code).unwrap()
    }

    fn of(code: &str) -> Option<Tagged> {
        let code = Code::from_bytes(code.as_bytes(), Symbology::Unknown).unwrap();
        tagged(&catalogue(), &code)
    }

    #[test]
    fn r17_only_single_pieces_with_tags_are_items() {
        let some = |item: &str, rfid| {
            let item = ItemId::try_from(item.to_owned()).unwrap();
            Some(Tagged { item, rfid })
        };
        assert_eq!(of("04012345123456"), some("SHIRT", Rfid::Full));
        assert_eq!(of("14012345123453"), None, "a case of twelve");
        assert_eq!(of("80614141123458"), some("SOCKS", Rfid::Partial));
        assert_eq!(of("04006381333931"), None, "carries no tags");
        assert_eq!(
            of("09999999999994"),
            some("code:09999999999994", Rfid::Partial)
        );
    }

    #[test]
    fn r17_a_tag_is_read_down_to_its_item_and_a_case_tag_is_none() {
        // GTIN 80614141123458, serial 6789: filter 1, then the same with filter 2.
        for (hex, rfid) in [
            ("3034257bf7194e4000001a85", Some(Rfid::Partial)),
            ("3054257bf7194e4000001a85", None),
            ("3134257bf4499602d2000000", None),
        ] {
            let epc: Epc = hex.parse().unwrap();
            let found = piece(&epc).and_then(|code| tagged(&catalogue(), &code));
            assert_eq!(found.map(|found| found.rfid), rfid, "{hex}");
        }
    }
}
