//! Who is connected, and how many at most (J8). Two counts, so that callers who never say who they
//! are cannot keep out those who do: connections that have not shown a token yet, and tills.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shelfwire_core::domain::ids::Name;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The bounds, and who is inside.
#[derive(Debug)]
pub(super) struct Slots {
    strangers: Arc<Semaphore>,
    tills: Mutex<Vec<Seat>>,
    tills_max: usize,
}

#[derive(Debug)]
struct Seat {
    till: Name,
    leave: Arc<Notify>,
}

/// A till's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    slots: Arc<Slots>,
    till: Name,
    leave: Arc<Notify>,
}

impl Slots {
    /// As many strangers as tills, at most.
    pub(super) fn new(connections_max: usize) -> Self {
        Self {
            strangers: Arc::new(Semaphore::new(connections_max)),
            tills: Mutex::new(Vec::new()),
            tills_max: connections_max,
        }
    }

    /// A place for a connection that has not said who it is; `None` where all are taken.
    pub(super) fn stranger(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.strangers).try_acquire_owned().ok()
    }

    /// A place for a till; `None` where all are taken by others. A till that holds some of them
    /// itself (half-open connections of before its restart) loses its own oldest: the `leave` of
    /// that one is told.
    pub(super) fn till(self: &Arc<Self>, till: &Name, leave: Arc<Notify>) -> Option<Place> {
        let mut seats = self.locked();
        if seats.len() >= self.tills_max {
            let oldest = seats.iter().position(|seat| seat.till == *till)?;
            seats.remove(oldest).leave.notify_one();
        }
        seats.push(Seat {
            till: till.clone(),
            leave: Arc::clone(&leave),
        });
        Some(Place {
            slots: Arc::clone(self),
            till: till.clone(),
            leave,
        })
    }

    /// Connections of tills now.
    #[cfg(test)]
    fn seated(&self) -> usize {
        self.locked().len()
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Seat>> {
        self.tills.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whether the same till has another connection.
    pub(super) fn has_sibling(&self) -> bool {
        let seats = self.slots.locked();
        seats
            .iter()
            .any(|seat| seat.till == self.till && !Arc::ptr_eq(&seat.leave, &self.leave))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut seats = self.slots.locked();
        seats.retain(|seat| !Arc::ptr_eq(&seat.leave, &self.leave));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(slots: &Arc<Slots>, till: &str) -> Option<(Place, Arc<Notify>)> {
        let leave = Arc::new(Notify::new());
        let place = slots.till(&till.parse().unwrap(), Arc::clone(&leave))?;
        Some((place, leave))
    }

    #[test]
    fn j8_places_are_bounded_and_given_back() {
        let slots = Arc::new(Slots::new(2));
        let (first, _) = seat(&slots, "t1").unwrap();
        let second = seat(&slots, "t1").unwrap();
        assert!(first.has_sibling());
        assert!(seat(&slots, "t2").is_none());
        drop(second);
        assert!(!first.has_sibling());
        assert!(seat(&slots, "t2").is_some());
        assert_eq!(slots.seated(), 1);
    }

    #[tokio::test]
    async fn a_till_that_fills_the_house_loses_its_own_oldest() {
        let slots = Arc::new(Slots::new(2));
        let other = seat(&slots, "t2").unwrap();
        let (oldest, told) = seat(&slots, "t1").unwrap();
        let newest = seat(&slots, "t1").unwrap();
        told.notified().await;
        drop(oldest);
        assert_eq!(slots.seated(), 2);
        drop((other, newest));
        assert_eq!(slots.seated(), 0);
    }

    #[test]
    fn strangers_do_not_take_the_places_of_tills() {
        let slots = Arc::new(Slots::new(1));
        let stranger = slots.stranger().unwrap();
        assert!(slots.stranger().is_none());
        assert!(seat(&slots, "t1").is_some());
        drop(stranger);
        assert!(slots.stranger().is_some());
    }
}
