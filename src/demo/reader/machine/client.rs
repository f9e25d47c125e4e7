//! The connection to the one client that a reader has.

use shelfwire_core::codec::llrp::content::Content as C;
use shelfwire_core::codec::llrp::tag::{EpcField, report_of};
use shelfwire_core::codec::llrp::{Cursor, Framer, Message, ReaderTime, Report, TagRead};

use super::reports::{Batch, Entry, Shape};

/// Reads in one message.
const TAGS_IN_MESSAGE: usize = 500;

#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing of its own, and any of them go together"
)]
pub(super) struct Client {
    pub(super) framer: Framer,
    /// Bytes on their way.
    pub(super) out: Vec<u8>,
    /// The reader connected, not the client.
    pub(super) dialled: bool,
    /// Reports and events wait until they are asked for.
    pub(super) held: bool,
    /// It has hung up, which the reader does not know.
    pub(super) ghost: bool,
    /// It speaks this version of LLRP.
    pub(super) version: u8,
    /// It has switched Impinj's extensions on.
    pub(super) extended: bool,
    pub(super) keepalive_due_us: Option<u64>,
    /// Signs of life without an answer.
    pub(super) unanswered: u32,
    next_id: u32,
    last: LastSent,
}

impl Client {
    pub(super) fn new(dialled: bool, held: bool, keepalive_due_us: Option<u64>) -> Self {
        Self {
            framer: Framer::new(),
            out: Vec::new(),
            dialled,
            held,
            ghost: false,
            version: 1,
            extended: false,
            keepalive_due_us,
            unanswered: 0,
            // Far from what clients count with.
            next_id: 900_000,
            last: LastSent::default(),
        }
    }

    /// Sends a message, as an answer to the request of that id.
    pub(super) fn send(&mut self, answer_to: Option<u32>, message: &Message<'_>) {
        let id = answer_to.unwrap_or(self.next_id);
        self.next_id += u32::from(answer_to.is_none());
        // Nothing that is sent here is longer than a frame may be.
        if let Ok(bytes) = message.encode(self.version, id) {
            self.send_raw(&bytes);
        }
    }

    pub(super) fn send_raw(&mut self, bytes: &[u8]) {
        if !self.ghost {
            self.out.extend_from_slice(bytes);
        }
    }

    /// Sends reads, in as many messages as they need; says how many.
    pub(super) fn send_batch(&mut self, answer_to: Option<u32>, batch: &Batch, lean: bool) -> u64 {
        let mut sent = 0;
        for entries in batch.entries.chunks(TAGS_IN_MESSAGE) {
            let mut tags = Vec::with_capacity(entries.len());
            for entry in entries {
                let mut tag = tag(entry, &batch.shape);
                self.last.leave_out(&mut tag, lean);
                tags.push(tag);
            }
            if let Ok(body) = report_of(&tags) {
                self.send(
                    answer_to,
                    &Message::Report(Report::new(Cursor::new(&body, 0))),
                );
                sent += u64::try_from(tags.len()).unwrap_or(0);
            }
        }
        sent
    }
}

/// A read with the fields that the `ROSpec` asks for.
fn tag<'e>(entry: &'e Entry, shape: &Shape) -> TagRead<'e> {
    let asked = |field, value| shape.content.has(field).then_some(value);
    let mut tag = TagRead::new(EpcField {
        bits: entry.epc.bits(),
        bytes: entry.epc.bytes(),
        short_form: entry.epc.bits() == 96,
    });
    tag.antenna = asked(C::ANTENNA, entry.antenna);
    tag.channel = asked(C::CHANNEL, 7);
    tag.count = asked(C::COUNT, entry.count);
    tag.spec_index = asked(C::SPEC_INDEX, 1);
    tag.inventory_spec = asked(C::INVENTORY_SPEC, shape.inventory);
    tag.rospec = shape.content.has(C::ROSPEC).then_some(shape.rospec);
    tag.access_spec = shape.content.has(C::ACCESS_SPEC).then_some(0);
    tag.first_seen = shape.content.has(C::FIRST_SEEN).then_some(entry.first);
    tag.last_seen = shape.content.has(C::LAST_SEEN).then_some(entry.last);
    let dbm = i8::try_from(entry.rssi_cdbm.saturating_sub(50) / 100).unwrap_or(i8::MIN);
    tag.peak_rssi_dbm = shape.content.has(C::PEAK_RSSI).then_some(dbm);
    tag.impinj_rssi_cdbm = shape.impinj.then_some(entry.rssi_cdbm);
    tag.pc = shape.pc.then_some(entry.epc.bits().div_ceil(16) << 11);
    tag.crc = shape.crc.then_some(0x5bf7);
    tag
}

/// What the read before had.
#[derive(Debug, Default)]
struct LastSent {
    antenna: Option<u16>,
    peak_rssi_dbm: Option<i8>,
    channel: Option<u16>,
    first: Option<ReaderTime>,
    last: Option<ReaderTime>,
    count: Option<u16>,
    rospec: Option<u32>,
    spec_index: Option<u16>,
    inventory_spec: Option<u16>,
    access_spec: Option<u32>,
}

impl LastSent {
    /// Takes out of a read what is as it was before.
    fn leave_out(&mut self, tag: &mut TagRead<'_>, lean: bool) {
        same(lean, &mut tag.antenna, &mut self.antenna);
        same(lean, &mut tag.peak_rssi_dbm, &mut self.peak_rssi_dbm);
        same(lean, &mut tag.channel, &mut self.channel);
        same(lean, &mut tag.first_seen, &mut self.first);
        same(lean, &mut tag.last_seen, &mut self.last);
        same(lean, &mut tag.count, &mut self.count);
        same(lean, &mut tag.rospec, &mut self.rospec);
        same(lean, &mut tag.spec_index, &mut self.spec_index);
        same(lean, &mut tag.inventory_spec, &mut self.inventory_spec);
        same(lean, &mut tag.access_spec, &mut self.access_spec);
    }
}

fn same<T: Copy + PartialEq>(lean: bool, field: &mut Option<T>, last: &mut Option<T>) {
    if field.is_some() && *field == *last && lean {
        *field = None;
    } else if field.is_some() {
        *last = *field;
    }
}
