//! The hash of a row and the chain over rows: what shows that a row is as it was written, and that
//! two histories are one. Pure, so that the journal, `verify` and the simulator agree.
//!
//! Personal columns (`ref`, `epc`) enter as digests with a random salt per row. The plain text and
//! the salt are erased together, the digest stays: the hash of an erased row still holds.

use sha2::{Digest as _, Sha256};

use super::entry::Entry;
use super::ids::{Chain, JournalId, RowHash};

/// Digest of a personal column with its row's salt: first 8 bytes of SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PersonalDigest(pub [u8; 8]);

/// Random bytes of one row, erased with its personal columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowSalt(pub [u8; 16]);

/// Which of a row's personal columns a digest is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// `ref`.
    Reference,
    /// `epc`.
    Epc,
}

/// What stands in a row beside the entry's own values: JSON exactly as written (a later version may
/// have written fields that this one does not know), and the digests of personal columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowTexts<'a> {
    /// `detail` as JSON.
    pub detail: &'a str,
    /// `after` as JSON.
    pub after: Option<&'a str>,
    /// Digest of `ref`.
    pub reference: Option<PersonalDigest>,
    /// Digest of `epc`.
    pub epc: Option<PersonalDigest>,
}

/// Digests a personal column.
pub fn personal_digest(salt: RowSalt, column: Personal, text: &str) -> PersonalDigest {
    let mut hash = Sha256::new();
    hash.update(salt.0);
    hash.update(match column {
        Personal::Reference => b"ref".as_slice(),
        Personal::Epc => b"epc",
    });
    hash.update(text.as_bytes());
    PersonalDigest(first(&hash.finalize()))
}

/// Hash of a row: its columns in canonical order, each with its length or marked absent.
pub fn row_hash(journal: JournalId, entry: &Entry, texts: &RowTexts<'_>) -> RowHash {
    let body = &entry.body;
    let mut columns = Columns(Sha256::new());
    columns.bytes(journal.0.as_bytes());
    columns.number(entry.seq);
    columns.bytes(&entry.run.0);
    columns.signed(entry.stamp.wall_ms);
    columns.number(entry.stamp.boot_ms);
    columns.bytes(&entry.stamp.boot.0);
    columns.number(u64::from(quality_code(entry.stamp.quality)));
    columns.number(u64::from(entry.n.0));
    columns.number(u64::from(entry.n.1));
    columns.bytes(body.kind.as_str().as_bytes());
    columns.text(body.item.as_ref().map(super::item::ItemId::as_str));
    columns.text(body.code.as_ref().map(super::code::Code::as_str));
    columns.text(body.code.as_ref().map(|code| code.symbology.as_str()));
    columns.signed(body.qty.0);
    columns.signed(body.unavailable.0);
    columns.text(body.uom.map(super::quantity::Uom::as_str));
    columns.text(body.zone.as_ref().map(super::ids::Name::as_str));
    columns.text(body.from_zone.as_ref().map(super::ids::Name::as_str));
    columns.text(body.dev.as_ref().map(super::ids::Name::as_str));
    columns.maybe(texts.reference.as_ref().map(|digest| digest.0.as_slice()));
    columns.maybe(texts.epc.as_ref().map(|digest| digest.0.as_slice()));
    columns.maybe(body.skey.as_ref().map(|skey| skey.0.as_slice()));
    columns.maybe(body.line.as_ref().map(|line| line.0.as_slice()));
    columns.maybe(body.voids.as_ref().map(|line| line.0.as_slice()));
    columns.number(u64::from(body.repeat));
    columns.bytes(texts.detail.as_bytes());
    columns.text(texts.after);
    RowHash(first(&columns.0.finalize()))
}

/// chain(0): the journal id, followed by zeros.
pub fn chain_start(journal: JournalId) -> Chain {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(journal.0.as_bytes()) {
        *to = *from;
    }
    Chain(bytes)
}

/// chain(n) from chain(n - 1) and the hash of row n.
pub fn chain_next(before: Chain, row: RowHash) -> Chain {
    let mut hash = Sha256::new();
    hash.update(before.0);
    hash.update(row.0);
    Chain(hash.finalize().into())
}

/// The number that stands for a clock quality in rows and hashes; never reused for another.
pub fn quality_code(quality: super::time::ClockQuality) -> u8 {
    use super::time::ClockQuality;
    match quality {
        ClockQuality::Synced => 0,
        ClockQuality::Stepped => 1,
        ClockQuality::Unsynced => 2,
        ClockQuality::Floor => 3,
    }
}

struct Columns(Sha256);

impl Columns {
    fn maybe(&mut self, bytes: Option<&[u8]>) {
        let Some(bytes) = bytes else {
            self.0.update([0]);
            return;
        };
        self.0.update([1]);
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.maybe(Some(bytes));
    }

    fn text(&mut self, text: Option<&str>) {
        self.maybe(text.map(str::as_bytes));
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    fn signed(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }
}

fn first(bytes: &[u8]) -> [u8; 8] {
    let mut out = [0; 8];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::{Draft, Kind, Movement};
    use crate::domain::ids::{BootId, RunId};
    use crate::domain::quantity::Milli;
    use crate::domain::time::{ClockQuality, Stamp};

    const JOURNAL: JournalId = JournalId(uuid::Uuid::from_bytes([7; 16]));

    fn entry() -> Entry {
        Entry {
            seq: 1,
            run: RunId([1; 8]),
            stamp: Stamp {
                wall_ms: 1_795_000_000_000,
                boot_ms: 12,
                boot: BootId([2; 16]),
                quality: ClockQuality::Synced,
            },
            n: (1, 1),
            body: Draft::new(Kind::Move(Movement::Sale)),
            after: None,
        }
    }

    fn texts<'a>() -> RowTexts<'a> {
        RowTexts {
            detail: "{}",
            after: None,
            reference: None,
            epc: None,
        }
    }

    #[test]
    fn every_column_counts() {
        let plain = row_hash(JOURNAL, &entry(), &texts());
        let mut other = entry();
        other.body.qty = Milli(-1);
        assert_ne!(row_hash(JOURNAL, &other, &texts()), plain);
        let mut other = entry();
        other.stamp.quality = ClockQuality::Floor;
        assert_ne!(row_hash(JOURNAL, &other, &texts()), plain);
        let mut other = entry();
        other.body.zone = "a".parse().ok();
        let in_zone = row_hash(JOURNAL, &other, &texts());
        let mut other = entry();
        other.body.from_zone = "a".parse().ok();
        assert_ne!(row_hash(JOURNAL, &other, &texts()), in_zone);
        let after = RowTexts {
            after: Some(""),
            ..texts()
        };
        assert_ne!(row_hash(JOURNAL, &entry(), &after), plain);
    }

    #[test]
    fn the_chain_begins_with_the_journal_and_depends_on_order() {
        let (a, b) = (RowHash([1; 8]), RowHash([2; 8]));
        let start = chain_start(JOURNAL);
        assert_eq!(start.0[..16], [7; 16]);
        let one = chain_next(chain_next(start, a), b);
        assert_ne!(one, chain_next(chain_next(start, b), a));
        assert_eq!(one, chain_next(chain_next(start, a), b));
    }

    #[test]
    fn a_personal_digest_depends_on_the_salt_and_the_column() {
        let of = |salt, column| personal_digest(RowSalt([salt; 16]), column, "order-1");
        assert_ne!(of(1, Personal::Reference), of(2, Personal::Reference));
        assert_ne!(of(1, Personal::Reference), of(1, Personal::Epc));
    }
}
