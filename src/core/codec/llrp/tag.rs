//! Tag reads: `RO_ACCESS_REPORT` with its `TagReportData` (LLRP 1.1, 14.2.3).
//!
//! Reads are borrowed from the frame, one after the other: nothing is allocated, whatever the
//! report's size. A tag that cannot be read is an error of its own, and the next one is read.

use super::content::Content;
use super::cursor::{Cursor, Param, Params};
use super::custom::{Custom, IMPINJ, IMPINJ_PEAK_RSSI};
use super::error::{DecodeError, EncodeError, Fault};
use super::number::parameter as p;
use super::writer::Writer;
use crate::domain::epc::{Epc, EpcTooLong};

/// A reader's time. Readers without a clock give the time since their start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderTime {
    /// Microseconds since 1970, by the reader's clock, which may be wrong by years.
    Utc(u64),
    /// Microseconds since the reader started; it falls when the reader starts anew.
    Uptime(u64),
}

impl ReaderTime {
    /// The number, whichever clock it is of.
    pub fn micros(self) -> u64 {
        match self {
            Self::Utc(micros) | Self::Uptime(micros) => micros,
        }
    }
}

/// A tag's code as it was sent: `bits` of them count, bits behind them in the last byte do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpcField<'a> {
    /// How many bits.
    pub bits: u16,
    /// The bytes that hold them.
    pub bytes: &'a [u8],
    /// Sent as `EPC_96` rather than as `EPCData`.
    pub short_form: bool,
}

impl EpcField<'_> {
    /// The code itself, to keep; bits that do not count are zero in it.
    pub fn to_epc(&self) -> Result<Epc, EpcTooLong> {
        Epc::of_bits(self.bytes, self.bits)
    }
}

/// One read, or several of one tag that the reader put together: the strongest signal, the sum of
/// the counts.
#[derive(Debug, Clone, Copy)]
pub struct TagRead<'a> {
    /// The tag's code.
    pub epc: EpcField<'a>,
    /// Antenna, from 1; readers exist that say 0 for "the one I have".
    pub antenna: Option<u16>,
    /// Strongest signal, in dBm.
    pub peak_rssi_dbm: Option<i8>,
    /// Strongest signal in hundredths of a dBm, as Impinj readers say it besides.
    pub impinj_rssi_cdbm: Option<i16>,
    /// Channel of the first read.
    pub channel: Option<u16>,
    /// First read.
    pub first_seen: Option<ReaderTime>,
    /// Last read.
    pub last_seen: Option<ReaderTime>,
    /// How many reads.
    pub count: Option<u16>,
    /// Whose `ROSpec`.
    pub rospec: Option<u32>,
    /// Its spec's place in it.
    pub spec_index: Option<u16>,
    /// Its `InventoryParameterSpec`.
    pub inventory_spec: Option<u16>,
    /// Its `AccessSpec`.
    pub access_spec: Option<u32>,
    /// The tag's protocol control word: how long its EPC is, and whether it is one.
    pub pc: Option<u16>,
    /// The tag's CRC.
    pub crc: Option<u16>,
    /// Bytes behind a parameter of unknown length; the fields above came before it.
    pub lost_bytes: usize,
    /// All of its parameters as they were sent; written reads do not use it.
    pub params: Cursor<'a>,
}

impl<'a> TagRead<'a> {
    /// A read of nothing but a code, to be filled and written.
    pub fn new(epc: EpcField<'a>) -> Self {
        Self {
            epc,
            antenna: None,
            peak_rssi_dbm: None,
            impinj_rssi_cdbm: None,
            channel: None,
            first_seen: None,
            last_seen: None,
            count: None,
            rospec: None,
            spec_index: None,
            inventory_spec: None,
            access_spec: None,
            pc: None,
            crc: None,
            lost_bytes: 0,
            params: Cursor::new(&[], 0),
        }
    }

    /// Signal in hundredths of a dBm: the finer of the two, where there are two.
    pub fn rssi_cdbm(&self) -> Option<i16> {
        let coarse = || self.peak_rssi_dbm.map(|dbm| i16::from(dbm) * 100);
        self.impinj_rssi_cdbm.or_else(coarse)
    }

    /// The custom parameters of this read, of every vendor.
    pub fn customs(&self) -> impl Iterator<Item = Custom<'a>> {
        let mut params = self.params.params();
        std::iter::from_fn(move || params.next_param().ok().flatten())
            .filter(|param| param.kind == p::CUSTOM)
            .filter_map(|param| Custom::of(param).ok())
    }

    fn decode(body: Cursor<'a>) -> Result<Self, DecodeError> {
        let none = EpcField {
            bits: 0,
            bytes: &[],
            short_form: false,
        };
        let mut tag = Self::new(none);
        tag.params = body;
        let mut epc = None;
        let mut params = body.params();
        while let Some(param) = params.next_param()? {
            if let p::EPC_96 | p::EPC_DATA = param.kind {
                if epc.replace(read_epc(param)?).is_some() {
                    return Err(body.fault(Fault::Twice(param.kind)));
                }
            } else {
                tag.field(param)?;
            }
        }
        tag.lost_bytes = params.lost_bytes();
        tag.epc = epc.ok_or_else(|| body.fault(Fault::NoEpc))?;
        Ok(tag)
    }

    fn field(&mut self, Param { kind, mut value }: Param<'a>) -> Result<(), DecodeError> {
        match kind {
            p::ANTENNA_ID => self.antenna = Some(value.u16()?),
            p::PEAK_RSSI => self.peak_rssi_dbm = Some(value.i8()?),
            p::CHANNEL_INDEX => self.channel = Some(value.u16()?),
            p::FIRST_SEEN_UTC => self.first_seen = Some(ReaderTime::Utc(value.u64()?)),
            p::LAST_SEEN_UTC => self.last_seen = Some(ReaderTime::Utc(value.u64()?)),
            p::FIRST_SEEN_UPTIME => {
                let uptime = ReaderTime::Uptime(value.u64()?);
                self.first_seen.get_or_insert(uptime);
            }
            p::LAST_SEEN_UPTIME => {
                let uptime = ReaderTime::Uptime(value.u64()?);
                self.last_seen.get_or_insert(uptime);
            }
            p::TAG_SEEN_COUNT => self.count = Some(value.u16()?),
            p::ROSPEC_ID => self.rospec = Some(value.u32()?),
            p::SPEC_INDEX => self.spec_index = Some(value.u16()?),
            p::INVENTORY_PARAMETER_SPEC_ID => self.inventory_spec = Some(value.u16()?),
            p::ACCESS_SPEC_ID => self.access_spec = Some(value.u32()?),
            p::C1G2_PC => self.pc = Some(value.u16()?),
            p::C1G2_CRC => self.crc = Some(value.u16()?),
            p::CUSTOM => {
                let mut custom = Custom::of(Param { kind, value })?;
                if custom.vendor == IMPINJ && custom.subtype == IMPINJ_PEAK_RSSI {
                    self.impinj_rssi_cdbm = Some(custom.data.i16()?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn write(&self, out: &mut Writer) {
        out.tlv(p::TAG_REPORT_DATA, |out| {
            if self.epc.short_form {
                out.tv(13, self.epc.bytes);
            } else {
                out.tlv(p::EPC_DATA, |out| {
                    out.u16(self.epc.bits);
                    out.bytes(self.epc.bytes);
                });
            }
            out.tv_u32(9, self.rospec);
            out.tv_u16(14, self.spec_index);
            out.tv_u16(10, self.inventory_spec);
            out.tv_u16(1, self.antenna);
            if let Some(dbm) = self.peak_rssi_dbm {
                out.tv(6, &dbm.to_be_bytes());
            }
            out.tv_u16(7, self.channel);
            write_time(2, self.first_seen, out);
            write_time(4, self.last_seen, out);
            out.tv_u16(8, self.count);
            out.tv_u16(12, self.pc);
            out.tv_u16(11, self.crc);
            out.tv_u32(16, self.access_spec);
            if let Some(cdbm) = self.impinj_rssi_cdbm {
                out.tlv(p::CUSTOM, |out| {
                    out.u32(IMPINJ);
                    out.u32(IMPINJ_PEAK_RSSI);
                    out.i16(cdbm);
                });
            }
        });
    }
}

fn read_epc(Param { kind, mut value }: Param<'_>) -> Result<EpcField<'_>, DecodeError> {
    if kind == p::EPC_96 {
        let bytes = value.bytes(12)?;
        return Ok(EpcField {
            bits: 96,
            bytes,
            short_form: true,
        });
    }
    let bits = value.u16()?;
    let bytes = value.bytes(usize::from(bits).div_ceil(8))?;
    Ok(EpcField {
        bits,
        bytes,
        short_form: false,
    })
}

/// `utc` is the type of the UTC form; that of the uptime follows it.
fn write_time(utc: u8, time: Option<ReaderTime>, out: &mut Writer) {
    match time {
        Some(ReaderTime::Utc(micros)) => out.tv(utc, &micros.to_be_bytes()),
        Some(ReaderTime::Uptime(micros)) => out.tv(utc + 1, &micros.to_be_bytes()),
        None => {}
    }
}

/// The last values of one connection: where a field that was asked for is absent, the last one that
/// came for it counts (LLRP 1.1, 14.2.3). A new connection begins with a new one of these.
#[derive(Debug, Clone, Default)]
pub struct LastSeen {
    asked: Content,
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

impl LastSeen {
    /// For a connection whose `ROSpec` asks for these fields. A field that was not asked for is
    /// absent because nobody wanted it: nothing is put in its place.
    pub fn new(asked: Content) -> Self {
        Self {
            asked,
            ..Self::default()
        }
    }

    fn fill(&mut self, tag: &mut TagRead<'_>) {
        let asked = |field| self.asked.has(field);
        carry(asked(Content::ANTENNA), &mut tag.antenna, &mut self.antenna);
        let rssi = &mut self.peak_rssi_dbm;
        carry(asked(Content::PEAK_RSSI), &mut tag.peak_rssi_dbm, rssi);
        carry(asked(Content::CHANNEL), &mut tag.channel, &mut self.channel);
        let first = &mut self.first;
        carry(asked(Content::FIRST_SEEN), &mut tag.first_seen, first);
        let last = &mut self.last;
        carry(asked(Content::LAST_SEEN), &mut tag.last_seen, last);
        carry(asked(Content::COUNT), &mut tag.count, &mut self.count);
        carry(asked(Content::ROSPEC), &mut tag.rospec, &mut self.rospec);
        let index = &mut self.spec_index;
        carry(asked(Content::SPEC_INDEX), &mut tag.spec_index, index);
        let spec = &mut self.inventory_spec;
        carry(
            asked(Content::INVENTORY_SPEC),
            &mut tag.inventory_spec,
            spec,
        );
        let access = &mut self.access_spec;
        carry(asked(Content::ACCESS_SPEC), &mut tag.access_spec, access);
    }
}

fn carry<T: Copy>(asked: bool, field: &mut Option<T>, last: &mut Option<T>) {
    if field.is_some() {
        *last = *field;
    } else if asked {
        *field = *last;
    }
}

/// The body of a `RO_ACCESS_REPORT`.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    body: Cursor<'a>,
}

impl<'a> Report<'a> {
    /// Of the bytes behind a message's header.
    pub fn new(body: Cursor<'a>) -> Self {
        Self { body }
    }

    /// The bytes behind the header.
    pub fn bytes(&self) -> &'a [u8] {
        self.body.rest()
    }

    /// Its reads, in order, each filled from those before it on the same connection.
    pub fn tags<'l>(&self, last: &'l mut LastSeen) -> Tags<'a, 'l> {
        Tags {
            params: self.body.params(),
            last,
            ended: false,
        }
    }
}

/// The reads of one report. After an error in one tag the next is given; after an error in the
/// report itself, nothing.
#[derive(Debug)]
pub struct Tags<'a, 'l> {
    params: Params<'a>,
    last: &'l mut LastSeen,
    ended: bool,
}

impl Tags<'_, '_> {
    /// Bytes of the report behind a parameter of unknown length, which hold no readable tag.
    pub fn lost_bytes(&self) -> usize {
        self.params.lost_bytes()
    }
}

impl<'a> Iterator for Tags<'a, '_> {
    type Item = Result<TagRead<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.params.next_param() {
                Ok(Some(param)) if param.kind == p::TAG_REPORT_DATA => {
                    let mut tag = TagRead::decode(param.value);
                    if let Ok(tag) = &mut tag {
                        self.last.fill(tag);
                    }
                    return Some(tag);
                }
                Ok(Some(_)) => {}
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// The bytes of a report with these reads, to be sent as [`super::Message::Report`].
pub fn report_of<'t>(
    tags: impl IntoIterator<Item = &'t TagRead<'t>>,
) -> Result<Vec<u8>, EncodeError> {
    let mut out = Writer::default();
    for tag in tags {
        tag.write(&mut out);
    }
    out.finish()
}
