//! The tills' words as a store's `health` tells them, kept at the centre's own clock (V1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::ids::Name;
use crate::domain::time::WallMs;
use crate::limits::{SOURCES_MAX, TILL_WORDS_MAX};
use crate::wire::TillWord;

/// How far a till of a store has been heard. Times are the centre's: age at receipt taken off the
/// time of receipt, so that neither the till's nor the box's clock matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldTill {
    /// When it was last heard; `None` if never.
    pub heard: Option<WallMs>,
    /// When its numbers were last complete; as `heard` where none was missing.
    pub complete: Option<WallMs>,
    /// Numbers that the last health named as missing.
    pub missing: u64,
    /// Whether the last health named the till: then the store expects it.
    pub named: bool,
}

/// Takes the words of a `health`, received at `now`. The newest word of a till is kept: a box that
/// has just started and says that it has not heard the till yet takes nothing back.
pub(super) fn hear(
    held: &mut BTreeMap<Name, HeldTill>,
    told: &BTreeMap<Name, TillWord>,
    now: WallMs,
) {
    let at = |age: u64| now.saturating_sub(WallMs::try_from(age).unwrap_or(WallMs::MAX));
    for till in held.values_mut() {
        till.named = false;
    }
    for (name, word) in told.iter().take(SOURCES_MAX) {
        let till = held.entry(name.clone()).or_default();
        till.heard = till.heard.max(word.age_ms.map(at));
        till.complete = till.complete.max(word.complete_age_ms.map(at));
        (till.missing, till.named) = (word.missing, true);
    }
    while held.len() > TILL_WORDS_MAX {
        let unnamed = held.iter().filter(|(_, till)| !till.named);
        let oldest = unnamed.min_by_key(|(_, till)| till.heard);
        let Some(name) = oldest.map(|(name, _)| name.clone()) else {
            return;
        };
        held.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn word(age: Option<u64>, missing: u64) -> TillWord {
        TillWord {
            age_ms: age,
            complete_age_ms: age,
            missing,
        }
    }

    #[test]
    fn v1_a_restarted_box_takes_no_tills_word_back() {
        let mut held = BTreeMap::new();
        hear(
            &mut held,
            &[(name("t1"), word(Some(2_000), 0))].into(),
            10_000,
        );
        assert_eq!(held[&name("t1")].heard, Some(8_000));
        hear(&mut held, &[(name("t1"), word(None, 3))].into(), 70_000);
        let till = held[&name("t1")];
        assert_eq!((till.heard, till.complete), (Some(8_000), Some(8_000)));
        assert_eq!((till.missing, till.named), (3, true));
        // A health that was under way for long says nothing older than what is known.
        hear(
            &mut held,
            &[(name("t1"), word(Some(90_000), 0))].into(),
            80_000,
        );
        assert_eq!(held[&name("t1")].heard, Some(8_000));
    }

    #[test]
    fn a_till_that_is_named_no_more_is_not_expected_by_the_box() {
        let mut held = BTreeMap::new();
        hear(&mut held, &[(name("t1"), word(Some(0), 0))].into(), 10_000);
        hear(&mut held, &BTreeMap::new(), 20_000);
        assert!(!held[&name("t1")].named);
        assert_eq!(held[&name("t1")].heard, Some(10_000));
    }

    #[test]
    fn j8_words_of_tills_are_bounded() {
        let mut held = BTreeMap::new();
        for at in 0..1_000 {
            hear(
                &mut held,
                &[(name(&format!("t{at}")), word(Some(0), 0))].into(),
                at,
            );
        }
        assert_eq!(held.len(), TILL_WORDS_MAX);
        assert!(held.contains_key(&name("t999")) && !held.contains_key(&name("t0")));
        let many = (0..500).map(|at| (name(&format!("n{at}")), word(Some(0), 0)));
        hear(&mut held, &many.collect(), 2_000);
        assert_eq!(held.len(), TILL_WORDS_MAX);
        assert_eq!(held.values().filter(|till| till.named).count(), SOURCES_MAX);
    }
}
