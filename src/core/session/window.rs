//! What is in flight: publishes handed to the connection whose PUBACK has not come, the byte window
//! over the frames among them, and when a PUBACK is overdue. A PUBACK frees a place here and means
//! nothing else (J5).

use std::collections::VecDeque;

use super::action::Token;
use super::input::BrokerLimits;
use super::timers::Timers;
use crate::domain::ids::Seq;
use crate::domain::time::MonoMs;
use crate::limits::{
    FRAME_ROOM_MIN_BYTES, INFLIGHT_MAX_FRAMES, PAYLOAD_MAX_BYTES, WINDOW_MIN_BYTES,
    WINDOW_START_BYTES,
};

/// A PUBACK that takes longer halves the window.
const SLOW_PUBACK_MS: u64 = 2_000;

/// What a publish in flight was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// Rows of the stream.
    Rows {
        /// First seq.
        first: Seq,
        /// Last seq.
        last: Seq,
        /// Entries, of which a withheld range counts as one.
        rows: usize,
        /// It is nothing but one withheld range.
        withheld: bool,
    },
    /// Hello.
    Hello,
    /// Anything else: it is said again in its own time.
    Other,
}

/// One publish in flight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flight {
    pub(super) token: Token,
    pub(super) carried: Carried,
    bytes: usize,
    published: MonoMs,
    sent: Option<MonoMs>,
}

/// Publishes in flight on one connection.
#[derive(Debug)]
pub(super) struct Window {
    flights: VecDeque<Flight>,
    places: usize,
    size: usize,
    size_max: usize,
    pubacked: usize,
    narrowed: Option<MonoMs>,
    moved: MonoMs,
}

impl Window {
    /// An empty window for a new connection.
    pub(super) fn new(limits: BrokerLimits, size_max: usize) -> Self {
        Self {
            flights: VecDeque::new(),
            places: INFLIGHT_MAX_FRAMES.min(usize::from(limits.receive_max).max(1)),
            size: WINDOW_START_BYTES.min(size_max),
            size_max,
            pubacked: 0,
            narrowed: None,
            moved: 0,
        }
    }

    /// Whether another publish may be handed over.
    pub(super) fn has_place(&self) -> bool {
        self.flights.len() < self.places
    }

    /// How many publishes are in flight.
    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    /// Bytes that the next frame may have, `payload_max` at the most; `None` if it must wait. One
    /// frame is always allowed.
    pub(super) fn room(&self, payload_max: usize) -> Option<usize> {
        if !self.has_place() {
            return None;
        }
        let rows = |flight: &&Flight| matches!(flight.carried, Carried::Rows { .. });
        let mut frames = self.flights.iter().filter(rows);
        if frames.clone().next().is_none() {
            return Some(payload_max);
        }
        let used = frames.by_ref().map(|flight| flight.bytes).sum();
        let room = self.size.saturating_sub(used).min(payload_max);
        (room >= FRAME_ROOM_MIN_BYTES).then_some(room)
    }

    /// A publish was handed over.
    pub(super) fn published(&mut self, now: MonoMs, token: Token, carried: Carried, bytes: usize) {
        if self.flights.is_empty() {
            self.moved = now;
        }
        self.flights.push_back(Flight {
            token,
            carried,
            bytes,
            published: now,
            sent: None,
        });
    }

    /// The socket took its last byte.
    pub(super) fn sent(&mut self, now: MonoMs, token: Token) {
        self.moved = now;
        if let Some(flight) = self.flights.iter_mut().find(|f| f.token == token) {
            flight.sent.get_or_insert(now);
        }
    }

    /// Bytes moved.
    pub(super) fn moved(&mut self, now: MonoMs) {
        self.moved = now;
    }

    /// A PUBACK came: its publish, or `None` if it is not one of this connection's.
    pub(super) fn puback(&mut self, now: MonoMs, token: Token) -> Option<Flight> {
        let at = self.flights.iter().position(|f| f.token == token)?;
        let flight = self.flights.remove(at)?;
        self.moved = now;
        if now.saturating_sub(flight.sent.unwrap_or(flight.published)) > SLOW_PUBACK_MS {
            self.narrow(now, &flight);
        } else {
            self.pubacked = self.pubacked.saturating_add(flight.bytes);
            if self.pubacked >= self.size {
                self.pubacked = 0;
                self.size = (self.size + PAYLOAD_MAX_BYTES).min(self.size_max);
            }
        }
        Some(flight)
    }

    /// Halves once for all frames that were under way together: a whole window of late PUBACKs is
    /// one sign of a slow line, not twenty.
    fn narrow(&mut self, now: MonoMs, late: &Flight) {
        if self.narrowed.is_none_or(|at| late.published >= at) {
            self.size = (self.size / 2).max(WINDOW_MIN_BYTES);
            self.pubacked = 0;
            self.narrowed = Some(now);
        }
    }

    /// Narrow as far as it goes: the broker said that it is too much.
    pub(super) fn narrow_fully(&mut self, now: MonoMs) {
        self.size = WINDOW_MIN_BYTES;
        self.pubacked = 0;
        self.narrowed = Some(now);
    }

    /// When the oldest PUBACK will be overdue, if nothing moves from here on.
    pub(super) fn overdue_at(&self, timers: &Timers) -> Option<MonoMs> {
        self.flights
            .iter()
            .map(|flight| match flight.sent {
                Some(sent) => sent
                    .max(self.moved)
                    .saturating_add(timers.puback_still)
                    .min(sent.saturating_add(timers.puback_moving)),
                // The socket has not taken it: as long as bytes move, it is only a slow line.
                None => flight
                    .published
                    .max(self.moved)
                    .saturating_add(timers.puback_moving),
            })
            .min()
    }

    /// The byte window as it is now.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::WINDOW_MAX_BYTES;

    const FRAME: usize = 32 * 1024;
    const ROWS: Carried = Carried::Rows {
        first: 1,
        last: 1,
        rows: 1,
        withheld: false,
    };

    fn window() -> Window {
        Window::new(BrokerLimits::default(), WINDOW_MAX_BYTES)
    }

    #[test]
    fn j8_at_most_twenty_frames_and_the_window_of_bytes_are_in_flight() {
        let mut window = window();
        assert_eq!(window.room(FRAME), Some(FRAME));
        window.published(0, Token(1), ROWS, FRAME);
        window.published(0, Token(2), ROWS, FRAME);
        assert_eq!(window.room(FRAME), None, "64 KiB are full");
        let mut window = self::window();
        for token in 0..20 {
            assert!(window.room(FRAME).is_some());
            window.published(0, Token(token), ROWS, 100);
        }
        assert_eq!(window.room(FRAME), None, "20 frames are full");
        assert!(!window.has_place());
    }

    #[test]
    fn the_brokers_receive_maximum_is_honoured() {
        let limits = BrokerLimits {
            receive_max: 3,
            ..BrokerLimits::default()
        };
        let mut window = Window::new(limits, WINDOW_MAX_BYTES);
        for token in 0..3 {
            assert!(window.has_place());
            window.published(0, Token(token), ROWS, 1);
        }
        assert!(!window.has_place());
    }

    #[test]
    fn one_frame_is_always_allowed_however_narrow_the_window() {
        let mut window = window();
        window.narrow_fully(0);
        assert_eq!(window.room(FRAME), Some(FRAME));
    }

    #[test]
    fn the_window_grows_by_one_frame_for_each_window_pubacked_up_to_its_bound() {
        let mut window = window();
        let mut token = 0;
        let mut one = |window: &mut Window| {
            token += 1;
            window.published(0, Token(token), ROWS, FRAME);
            window.puback(1, Token(token)).unwrap();
        };
        one(&mut window);
        assert_eq!(window.size(), 2 * FRAME);
        one(&mut window);
        assert_eq!(window.size(), 3 * FRAME);
        for _ in 0..1_000 {
            one(&mut window);
        }
        assert_eq!(window.size(), WINDOW_MAX_BYTES);
    }

    #[test]
    fn a_brokers_documented_limit_of_bytes_in_flight_is_kept() {
        let most = crate::session::Profile::Azure.window_max_bytes();
        let mut window = Window::new(BrokerLimits::default(), most);
        for token in 0..100 {
            window.published(0, Token(token), ROWS, FRAME);
            window.puback(1, Token(token)).unwrap();
        }
        assert_eq!(window.size(), 64 * 1024);
    }

    #[test]
    fn a_late_puback_halves_the_window_once_for_each_round() {
        let mut window = window();
        for token in 0..4 {
            window.published(0, Token(token), ROWS, 100);
            window.sent(10, Token(token));
        }
        window.puback(2_010, Token(0)).unwrap();
        assert_eq!(
            window.size(),
            WINDOW_START_BYTES,
            "two seconds are not late"
        );
        for token in 1..4 {
            window.puback(2_500, Token(token)).unwrap();
        }
        assert_eq!(window.size(), WINDOW_START_BYTES / 2);
        for round in 1..9 {
            let at = round * 10_000;
            window.published(at, Token(100 + round), ROWS, 100);
            window.puback(at + 2_001, Token(100 + round)).unwrap();
        }
        assert_eq!(window.size(), WINDOW_MIN_BYTES);
    }

    #[test]
    fn a_puback_is_overdue_after_15_s_still_and_60_s_moving() {
        let timers = Timers::default();
        let mut window = window();
        assert_eq!(window.overdue_at(&timers), None);
        window.published(1_000, Token(1), ROWS, 100);
        window.sent(2_000, Token(1));
        assert_eq!(window.overdue_at(&timers), Some(17_000));
        window.moved(16_000);
        assert_eq!(window.overdue_at(&timers), Some(31_000));
        window.moved(61_000);
        assert_eq!(window.overdue_at(&timers), Some(62_000));
        window.puback(61_500, Token(1)).unwrap();
        assert_eq!(window.overdue_at(&timers), None);
    }

    #[test]
    fn j5_a_puback_of_an_earlier_connection_is_nobodys() {
        let mut window = window();
        window.published(0, Token(2), ROWS, 100);
        assert!(window.puback(1, Token(1)).is_none());
        assert_eq!(window.len(), 1);
    }
}
