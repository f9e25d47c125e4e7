//! What a device lost, gathered so that a noisy line makes one entry per cause and ten minutes (J9).

use std::collections::BTreeMap;

use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::limits::LOSS_WINDOW_MS;

/// A word for why something was lost. The causes are few, so the table is bounded by them.
pub(super) type Cause = &'static str;

/// Gathers losses of one device. The first of a cause is due at once, so that a kill soon after
/// does not hide it; those of the next ten minutes are due together.
#[derive(Debug, Default)]
pub(super) struct Losses {
    causes: BTreeMap<Cause, Window>,
}

#[derive(Debug, Default)]
struct Window {
    told_at: Option<MonoMs>,
    untold: u64,
}

impl Losses {
    /// Notes that something was lost `times` times.
    pub(super) fn note(&mut self, cause: Cause, times: u64) {
        let window = self.causes.entry(cause).or_default();
        window.untold = window.untold.saturating_add(times);
    }

    /// The next cause that is due at `now`, and how often; told once [`Self::told`] says so.
    pub(super) fn due(&self, now: MonoMs) -> Option<(Cause, u64)> {
        self.causes
            .iter()
            .find(|(_, window)| {
                let open = window
                    .told_at
                    .is_none_or(|at| now.saturating_sub(at) >= LOSS_WINDOW_MS);
                window.untold > 0 && open
            })
            .map(|(cause, window)| (*cause, window.untold))
    }

    /// Any cause not told yet, due or not: for the stop.
    pub(super) fn untold(&self) -> Option<(Cause, u64)> {
        self.causes
            .iter()
            .find(|(_, window)| window.untold > 0)
            .map(|(cause, window)| (*cause, window.untold))
    }

    /// The journal has taken an entry for these.
    pub(super) fn told(&mut self, cause: Cause, times: u64, now: MonoMs) {
        let window = self.causes.entry(cause).or_default();
        window.untold = window.untold.saturating_sub(times);
        window.told_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j9_a_noisy_line_makes_one_entry_in_ten_minutes() {
        let mut losses = Losses::default();
        let mut entries = Vec::new();
        for second in 0..1_800 {
            losses.note("garbage", 3);
            let now = second * 1_000;
            if let Some((cause, times)) = losses.due(now) {
                entries.push(times);
                losses.told(cause, times, now);
            }
        }
        assert_eq!(entries, [3, 1_800, 1_800]);
        assert_eq!(losses.untold(), Some(("garbage", 3 * 1_800 - 3_603)));
    }

    #[test]
    fn j9_a_loss_that_was_not_taken_stays_due() {
        let mut losses = Losses::default();
        losses.note("half_scan", 1);
        assert_eq!(losses.due(0), Some(("half_scan", 1)));
        losses.note("half_scan", 1);
        assert_eq!(losses.due(5), Some(("half_scan", 2)));
        losses.told("half_scan", 2, 5);
        assert_eq!((losses.due(6), losses.untold()), (None, None));
    }
}
