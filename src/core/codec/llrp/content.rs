//! What a report is made of and when it is sent: `ROReportSpec`, `TagReportContentSelector`
//! (LLRP 1.1, 14.2.1).

use super::cursor::{Cursor, Param};
use super::custom::KeptCustom;
use super::error::DecodeError;
use super::kept::Kept;
use super::number::parameter as p;
use super::writer::Writer;

/// Which fields a reader shall report beside the EPC: the selector's 16 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Content(pub u16);

impl Content {
    /// `ROSpecID`
    pub const ROSPEC: Self = Self(0x8000);
    /// `SpecIndex`
    pub const SPEC_INDEX: Self = Self(0x4000);
    /// `InventoryParameterSpecID`
    pub const INVENTORY_SPEC: Self = Self(0x2000);
    /// `AntennaID`
    pub const ANTENNA: Self = Self(0x1000);
    /// `ChannelIndex`
    pub const CHANNEL: Self = Self(0x0800);
    /// `PeakRSSI`
    pub const PEAK_RSSI: Self = Self(0x0400);
    /// `FirstSeenTimestamp`
    pub const FIRST_SEEN: Self = Self(0x0200);
    /// `LastSeenTimestamp`
    pub const LAST_SEEN: Self = Self(0x0100);
    /// `TagSeenCount`
    pub const COUNT: Self = Self(0x0080);
    /// `AccessSpecID`
    pub const ACCESS_SPEC: Self = Self(0x0040);
    /// Nothing but the EPC.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self(0xffc0);

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a field is among them.
    pub const fn has(self, field: Self) -> bool {
        self.0 & field.0 != 0
    }
}

/// When a report is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportTrigger {
    /// Only when asked for with `GET_REPORT`.
    None,
    /// After `n` tags, or at the end of an `AISpec` (0 tags: only then).
    TagsOrEndOfAiSpec,
    /// After `n` tags, or at the end of the `ROSpec` (0 tags: only then).
    TagsOrEndOfRoSpec,
    /// LLRP 1.1 has more: seconds and milliseconds.
    Other(u8),
}

impl ReportTrigger {
    fn of(number: u8) -> Self {
        match number {
            0 => Self::None,
            1 => Self::TagsOrEndOfAiSpec,
            2 => Self::TagsOrEndOfRoSpec,
            other => Self::Other(other),
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::TagsOrEndOfAiSpec => 1,
            Self::TagsOrEndOfRoSpec => 2,
            Self::Other(other) => other,
        }
    }
}

/// `ROReportSpec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSpec {
    /// When a report is sent.
    pub trigger: ReportTrigger,
    /// The trigger's number of tags.
    pub n: u16,
    /// Fields beside the EPC.
    pub content: Content,
    /// Of the tag's own EPC memory: its CRC and its PC word; `None` where nothing is said.
    pub epc_memory: Option<EpcMemory>,
    /// Vendors' parameters.
    pub customs: Vec<KeptCustom>,
}

/// `C1G2EPCMemorySelector`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpcMemory {
    /// The CRC.
    pub crc: bool,
    /// The protocol control word.
    pub pc: bool,
}

impl ReportSpec {
    /// Of the parameter's value.
    pub(super) fn read(mut value: Cursor<'_>, kept: &mut Kept) -> Result<Self, DecodeError> {
        let mut spec = Self {
            trigger: ReportTrigger::of(value.u8()?),
            n: value.u16()?,
            content: Content::NONE,
            epc_memory: None,
            customs: Vec::new(),
        };
        let mut params = value.params();
        while let Some(param) = params.next_param()? {
            match param.kind {
                p::TAG_REPORT_CONTENT_SELECTOR => spec.selector(param, kept)?,
                p::CUSTOM => kept.custom(&mut spec.customs, param)?,
                _ => kept.skipped += 1,
            }
        }
        kept.skipped += params.lost_bytes();
        Ok(spec)
    }

    fn selector(&mut self, param: Param<'_>, kept: &mut Kept) -> Result<(), DecodeError> {
        let mut value = param.value;
        self.content = Content(value.u16()? & Content::ALL.0);
        let mut params = value.params();
        while let Some(mut param) = params.next_param()? {
            if param.kind == p::C1G2_EPC_MEMORY_SELECTOR {
                let bits = param.value.u8()?;
                self.epc_memory = Some(EpcMemory {
                    crc: bits & 0x80 != 0,
                    pc: bits & 0x40 != 0,
                });
                // LLRP 1.1 has a third bit, for the XPC words; nothing here asks for them.
                kept.skipped += usize::from(bits & 0x20 != 0);
            } else {
                kept.skipped += 1;
            }
        }
        Ok(())
    }

    /// As a parameter.
    pub fn write(&self, out: &mut Writer) {
        out.tlv(p::RO_REPORT_SPEC, |out| {
            out.u8(self.trigger.number());
            out.u16(self.n);
            out.tlv(p::TAG_REPORT_CONTENT_SELECTOR, |out| {
                out.u16(self.content.0);
                if let Some(EpcMemory { crc, pc }) = self.epc_memory {
                    out.tlv(p::C1G2_EPC_MEMORY_SELECTOR, |out| {
                        out.u8(u8::from(crc) << 7 | u8::from(pc) << 6);
                    });
                }
            });
            for custom in &self.customs {
                custom.write(out);
            }
        });
    }
}
