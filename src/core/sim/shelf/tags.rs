//! Codes for a world's tags.

use crate::domain::epc::Epc;

/// How many tags in a row carry the same GTIN.
pub const ITEM_TAGS: usize = 10;

/// Header SGTIN-96, filter 1 (goods for the till), partition 5, company 0614141 (GS1's own
/// examples).
const HEAD: u128 = 0x30 << 88 | 1 << 85 | 5 << 82 | 614_141 << 58;

/// The SGTIN-96 of a tag by its number: [`ITEM_TAGS`] tags of each item, with serials from 1.
pub fn epc(tag: usize) -> Epc {
    let number = u64::try_from(tag).unwrap_or(u64::MAX);
    item_epc(
        u32::try_from(tag / ITEM_TAGS).unwrap_or(u32::MAX),
        number + 1,
    )
}

/// The SGTIN-96 of a piece of an item: company 0614141, indicator 0, the item's number as its five
/// digits (from 100,000 on it begins anew), and a serial of 38 bits.
pub fn item_epc(item: u32, serial: u64) -> Epc {
    let item = u128::from(item % 100_000) << 38;
    let serial = u128::from(serial & ((1 << 38) - 1));
    let bytes = (HEAD | item | serial) << 32;
    match Epc::of_bits(&bytes.to_be_bytes(), 96) {
        Ok(epc) => epc,
        Err(_) => unreachable!("96 bits fit a tag"),
    }
}
