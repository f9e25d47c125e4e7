//! R17, R18: the lives of tags, and what tills and scanners say of the goods they are on. What is
//! known of a tag stands beside the entries; nothing here moves anything on hand (J10).
//!
//! ```text
//!            arrives                departs            no line explains it by the close of day
//! (unknown) ---------> [`There`] -------------> [`Gone`] ------------------------------> [`Suspect`]
//!                          ^                      |  a line does                            |
//!                          +--- seen again -------+-----------> [`Sold`] <--- a late line --+
//! ```
//!
//! A line that names its tag makes it [`Sold`] at once. Lines that name none wait as [`Unbound`]
//! pieces, and stand against departures when the day closes ([`close`]).
//!
//! [`There`]: TagState::There
//! [`Gone`]: TagState::Gone
//! [`Suspect`]: TagState::Suspect
//! [`Sold`]: TagState::Sold

mod beside;
pub(super) mod close;
mod draft;
pub(super) mod lines;
mod rows;
pub(super) mod seen;

use crate::domain::epc::Epc;
use crate::domain::ids::{Name, Salt};
use crate::domain::item::ItemId;
use crate::domain::key::{KeyDigest, key_digest};
use crate::domain::time::{BusinessDay, WallMs};

/// One piece, in thousandths of its unit.
const PIECE: i64 = 1_000;

/// Where a tag stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TagState {
    /// On a shelf.
    There,
    /// It left its shelf, and no line has explained that yet.
    Gone,
    /// No line explained it by the close of its day.
    Suspect,
    /// Sold: only the digest of its code is kept.
    Sold,
}

const STATES: [(&str, TagState); 4] = [
    ("there", TagState::There),
    ("gone", TagState::Gone),
    ("suspect", TagState::Suspect),
    ("sold", TagState::Sold),
];

impl TagState {
    /// The word that is kept.
    pub fn as_str(self) -> &'static str {
        let found = STATES.iter().find(|(_, state)| *state == self);
        found.map_or("", |(word, _)| word)
    }

    /// The state of a word; `None` for any other text.
    pub fn from_word(text: &str) -> Option<Self> {
        let found = STATES.iter().find(|(word, _)| *word == text);
        found.map(|(_, state)| *state)
    }
}

/// What is known of a tag; it is found by [`tag_key`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its code; `None` once it is sold.
    pub epc: Option<Epc>,
    /// The item that it is on.
    pub item: ItemId,
    /// Where it stands.
    pub state: TagState,
    /// The shelf that it stands on, or was last on. Of one that is sold: where it still stands, as
    /// far as readers have told.
    pub shelf: Option<Name>,
    /// All units of the item carry tags: its absence means something.
    pub full: bool,
    /// Since when, wall time as read: on the shelf; last heard there; sold.
    pub since: WallMs,
    /// The business day of its departure or sale, where it is known.
    pub day: Option<BusinessDay>,
    /// The line that sold it, so that a void of the line frees it.
    pub line: Option<KeyDigest>,
    /// That line named it. Else time alone made it this one, and it may turn out to be another.
    pub named: bool,
}

/// Pieces that a line moved without naming their tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbound {
    /// Its number, by which it is changed; given by the journal.
    pub nr: u64,
    /// Which item.
    pub item: ItemId,
    /// How many went; negative for pieces that came back, whose tags are expected again.
    pub pieces: i64,
    /// When, wall time: the till's, corrected, else when it was taken.
    pub at: WallMs,
    /// The till's business day; `None` for a scan.
    pub day: Option<BusinessDay>,
    /// The line, so that a void finds it.
    pub line: Option<KeyDigest>,
    /// A move takes from this shelf only.
    pub from_zone: Option<Name>,
    /// The pieces are sold, and their tags with them. Else (set aside, moved, written off) a tag of
    /// theirs that is seen again is as good as new.
    pub sells: bool,
}

/// The digest under which a tag is kept, with the store's salt.
pub fn tag_key(epc: &Epc, salt: &Salt) -> KeyDigest {
    let text = crate::domain::ids::to_hex(epc.significant());
    key_digest(salt, &["tag", &text])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r18_a_tag_is_the_same_however_many_zeros_its_reader_adds() {
        let salt = Salt([7; 16]);
        let key = |hex: &str| tag_key(&hex.parse().unwrap(), &salt);
        assert_eq!(key("36f0"), key("36F00000"));
        assert_ne!(key("36f0"), key("36f1"));
        assert_ne!(
            key("36f0"),
            tag_key(&"36f0".parse().unwrap(), &Salt([8; 16]))
        );
    }

    #[test]
    fn every_state_of_a_tag_has_one_word() {
        for (word, state) in STATES {
            assert_eq!(state.as_str(), word);
            assert_eq!(TagState::from_word(word), Some(state));
        }
        assert_eq!(TagState::from_word("lost"), None);
    }
}
