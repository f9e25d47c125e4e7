//! When each till was last heard: whatever it said, a pong too. In memory alone, since it is only of
//! use while the process runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::time::MonoMs;

use crate::support::clock;

/// Last words of tills, in milliseconds since boot; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Mutex<BTreeMap<Name, MonoMs>>>);

impl Heard {
    /// A till that has shown who it is said something just now.
    pub fn note(&self, till: &Name) {
        self.note_at(till, clock::boot_ms());
    }

    /// It said something at that time; what was heard of it later stands.
    pub fn note_at(&self, till: &Name, at: MonoMs) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match inner.get_mut(till) {
            Some(last) => *last = at.max(*last),
            None => {
                inner.insert(till.clone(), at);
            }
        }
    }

    /// When a till was last heard; `None` if not since the start.
    pub fn last(&self, till: &Name) -> Option<MonoMs> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.get(till).copied()
    }
}
