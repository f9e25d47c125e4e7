//! A scanner that is held over a code reads it again and again.

use crate::domain::time::MonoMs;

/// Suppresses a read of the same bytes within a time of the last one. A person does not scan two
/// units of an article that fast; anything else passes, so no real scan is lost.
#[derive(Debug, Clone)]
pub struct RepeatWindow {
    window_ms: u64,
    last: Option<(Vec<u8>, MonoMs)>,
}

impl RepeatWindow {
    /// A window of so many milliseconds; 0 suppresses nothing.
    pub fn new(window_ms: u64) -> Self {
        Self {
            window_ms,
            last: None,
        }
    }

    /// Whether a read counts. One that does not makes the window begin anew, so that a code held
    /// under a scanner is read once, however long it is held.
    pub fn accepts(&mut self, bytes: &[u8], now: MonoMs) -> bool {
        let repeat = self
            .last
            .as_ref()
            .is_some_and(|(last, at)| last == bytes && now.saturating_sub(*at) < self.window_ms);
        match &mut self.last {
            Some((last, at)) if last == bytes => *at = now,
            _ => self.last = Some((bytes.to_vec(), now)),
        }
        !repeat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_identical_tins_at_three_a_second_are_twelve_and_a_double_read_is_one() {
        let mut window = RepeatWindow::new(150);
        let mut counted = 0;
        for tin in 0..12 {
            let at = tin * 1_000 / 3;
            // The trigger is held a moment too long: the scanner decodes again after 149 ms.
            for read in [at, at + 149] {
                counted += u64::from(window.accepts(b"]E05901234123457", read));
            }
        }
        assert_eq!(counted, 12);
    }

    #[test]
    fn only_the_same_bytes_within_the_window_are_a_repeat() {
        let mut window = RepeatWindow::new(150);
        let reads = [
            (b"a", 0, true),
            (b"a", 149, false),
            (b"a", 298, false),
            (b"a", 448, true),
            (b"b", 449, true),
            (b"a", 450, true),
        ];
        for (bytes, now, counts) in reads {
            assert_eq!(window.accepts(bytes, now), counts, "at {now}");
        }
        let mut none = RepeatWindow::new(0);
        assert!(none.accepts(b"a", 5) && none.accepts(b"a", 5));
    }
}
