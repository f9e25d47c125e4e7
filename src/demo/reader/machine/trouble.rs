//! What befalls a reader, by command.

use shelfwire_core::codec::llrp::Event;
use shelfwire_core::codec::llrp::config::notify;
use shelfwire_core::codec::llrp::event::ReaderException;

use super::{Clock, Machine, factory};

impl Machine {
    /// Whether it runs at all, and whether it says anything.
    pub(in crate::demo::reader) fn is(&self) -> (bool, bool) {
        (self.powered, self.frozen)
    }

    /// The power fails: everything that it had been told is gone, the stream ends in the middle.
    pub(in crate::demo::reader) fn power_off(&mut self) {
        self.powered = false;
        self.client = None;
        self.parting = None;
        self.cut = None;
        self.seen.tags_lost += self.reports.clear();
        self.specs = super::Specs::default();
        self.configuration = factory();
    }

    /// It starts.
    pub(in crate::demo::reader) fn power_on(&mut self, now_us: u64) {
        self.time_is(now_us);
        self.powered = true;
        self.frozen = false;
        self.booted_us = self.now_us;
        self.seen.boots += 1;
    }

    /// It stops reading and writing, and no connection ends; or goes on.
    pub(in crate::demo::reader) fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// Somebody else is its client, or is no more.
    pub(in crate::demo::reader) fn occupy(&mut self, occupied: bool) {
        self.occupied = occupied;
        if occupied {
            self.let_go();
        }
    }

    /// It forgets a client that hung up without its notice.
    pub(in crate::demo::reader) fn forget_client(&mut self) {
        self.let_go();
    }

    /// It closes the connection, with or without a word.
    pub(in crate::demo::reader) fn hang_up(&mut self, now_us: u64, with_a_word: bool) {
        self.time_is(now_us);
        if with_a_word {
            self.tell_now(Event::ConnectionClose);
        }
        self.let_go();
    }

    /// After so many bytes more, the stream is cut, on this connection or the next.
    pub(in crate::demo::reader) fn cut_after(&mut self, bytes: usize) {
        self.cut = Some(bytes);
    }

    /// Its clock is another one.
    pub(in crate::demo::reader) fn set_clock(&mut self, clock: Clock) {
        self.settings.clock = clock;
    }

    /// An antenna is plugged in or pulled out.
    pub(in crate::demo::reader) fn plug(&mut self, now_us: u64, antenna: u16, connected: bool) {
        self.time_is(now_us);
        let place = usize::from(antenna).checked_sub(1);
        if let Some(there) = place.and_then(|place| self.antennas.get_mut(place)) {
            *there = connected;
            self.tell(notify::ANTENNA, Event::Antenna { antenna, connected });
        }
    }

    /// Something is wrong with it.
    pub(in crate::demo::reader) fn exception(&mut self, now_us: u64, message: &str) {
        self.time_is(now_us);
        let exception = ReaderException {
            message: message.to_owned(),
            ..ReaderException::default()
        };
        self.tell(notify::EXCEPTION, Event::Exception(exception));
    }

    /// Everything that waits is lost.
    pub(in crate::demo::reader) fn overflow(&mut self, now_us: u64) {
        self.time_is(now_us);
        self.seen.tags_lost += self.reports.clear();
        self.queue(Event::BufferOverflow);
        self.pump();
    }

    /// These bytes go to the client, whatever they are.
    pub(in crate::demo::reader) fn raw(&mut self, bytes: &[u8]) {
        if let Some(client) = &mut self.client {
            client.send_raw(bytes);
        }
    }

    /// An event that the client may have asked for.
    fn tell(&mut self, kind: u16, event: Event) {
        if self.wants(kind) {
            self.queue(event);
        }
        self.pump();
    }
}
