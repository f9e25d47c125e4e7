//! Publishes a second, where a broker documents a limit and punishes passing it.

use std::collections::VecDeque;

use crate::domain::time::MonoMs;

const SECOND_MS: u64 = 1_000;

/// Remembers the publishes of the last second: no second, wherever it begins, has more than the
/// limit.
#[derive(Debug)]
pub(super) struct Pace {
    per_second: Option<usize>,
    went: VecDeque<MonoMs>,
}

impl Pace {
    /// At most this many a second; `None` for no limit.
    pub(super) fn new(per_second: Option<usize>) -> Self {
        Self {
            per_second,
            went: VecDeque::new(),
        }
    }

    /// Whether one more may go now.
    pub(super) fn allows(&self, now: MonoMs) -> bool {
        self.wake_at(now).is_none()
    }

    /// One went.
    pub(super) fn used(&mut self, now: MonoMs) {
        let Some(most) = self.per_second else { return };
        self.went.push_back(now);
        while self.went.len() > most {
            self.went.pop_front();
        }
    }

    /// When one more may go, if not now.
    pub(super) fn wake_at(&self, now: MonoMs) -> Option<MonoMs> {
        let full = self.per_second.is_some_and(|most| self.went.len() >= most);
        let free = self.went.front()?.saturating_add(SECOND_MS);
        (full && free > now).then_some(free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_has_more_than_the_limit() {
        let mut pace = Pace::new(Some(100));
        let mut went: Vec<MonoMs> = Vec::new();
        for now in (5_000..9_000).step_by(3) {
            // Now and then the box has little to say.
            let wanted = if now % 7 == 0 { 40 } else { 3 };
            for _ in 0..wanted {
                if pace.allows(now) {
                    pace.used(now);
                    went.push(now);
                }
            }
        }
        let fullest = went
            .iter()
            .map(|from| {
                went.iter()
                    .filter(|at| (*from..from + 1_000).contains(at))
                    .count()
            })
            .max();
        assert_eq!(fullest, Some(100));
        let mut free = Pace::new(None);
        (0..10_000).for_each(|_| free.used(1));
        assert!(free.allows(1));
    }
}
