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
