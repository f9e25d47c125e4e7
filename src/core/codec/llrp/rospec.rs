//! `ROSpec`: what a reader is to read, when, and with which antennas (LLRP 1.1, 11.2).
//!
//! What a reader sends back of a specification is kept as far as an inventory client writes it; the
//! rest is counted in `skipped`, so that a specification that has more in it than ours is not taken
//! for ours.

use super::antenna::AntennaConfiguration;
use super::content::ReportSpec;
use super::cursor::Cursor;
use super::custom::KeptCustom;
use super::error::DecodeError;
use super::kept::Kept;
use super::number::parameter as p;
use super::writer::Writer;

/// Where a `ROSpec` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoSpecState {
    /// Added, and not enabled. The only state in which one may be added.
    Disabled,
    /// Enabled, waiting for its start trigger.
    Inactive,
    /// Reading.
    Active,
    /// A number that the standard does not have.
    Other(u8),
}

impl RoSpecState {
    fn of(number: u8) -> Self {
        match number {
            0 => Self::Disabled,
            1 => Self::Inactive,
            2 => Self::Active,
            other => Self::Other(other),
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Disabled => 0,
            Self::Inactive => 1,
            Self::Active => 2,
            Self::Other(other) => other,
        }
    }
}

/// An input that starts or stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpiTrigger {
    /// Port, from 1.
    pub port: u16,
    /// Which level triggers.
    pub high: bool,
    /// Wait at most so long, in milliseconds; 0 is for ever.
    pub timeout_ms: u32,
}

impl GpiTrigger {
    fn of(mut value: Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            port: value.u16()?,
            high: value.flag()?,
            timeout_ms: value.u32()?,
        })
    }

    fn write(self, out: &mut Writer) {
        out.tlv(p::GPI_TRIGGER, |out| {
            out.u16(self.port);
            out.flag(self.high);
            out.u32(self.timeout_ms);
        });
    }
}

/// What starts a `ROSpec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartTrigger {
    /// `START_ROSPEC` only.
    Null,
    /// As soon as it is enabled. Readers exist that do not: send `START_ROSPEC` too.
    Immediate,
    /// Every so often.
    Periodic {
        /// Before the first time, in milliseconds.
        offset_ms: u32,
        /// Between two, in milliseconds.
        period_ms: u32,
    },
    /// An input.
    Gpi(GpiTrigger),
    /// One that is not known here, or whose value is not there.
    Other(u8),
}

/// What ends a `ROSpec` or an `AISpec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopTrigger {
    /// Nothing but a command, or the end of the `ROSpec`.
    Null,
    /// So long, in milliseconds.
    Duration(u32),
    /// An input; the trigger's duration field beside it.
    Gpi(GpiTrigger),
    /// `AISpec` only: tags were seen, or no new ones came.
    TagObservation(TagObservation),
    /// One that is not known here, with its duration field.
    Other(u8, u32),
}

/// `TagObservationTrigger`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagObservation {
    /// 0 N tags, 1 no new tags for T, 2 N attempts; LLRP 1.1 has more.
    pub kind: u8,
    /// Tags.
    pub tags: u16,
    /// Attempts.
    pub attempts: u16,
    /// T, in milliseconds.
    pub quiet_ms: u16,
    /// At most so long, in milliseconds; 0 is for ever.
    pub timeout_ms: u32,
}

/// One inventory: antennas, and how each reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AiSpec {
    /// Antennas, from 1; 0 alone is all of them.
    pub antennas: Vec<u16>,
    /// What ends it.
    pub stop: StopTrigger,
    /// How it reads.
    pub inventories: Vec<InventorySpec>,
    /// Vendors' parameters.
    pub customs: Vec<KeptCustom>,
}

/// `InventoryParameterSpec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventorySpec {
    /// Its id, not 0.
    pub id: u16,
    /// 1 is EPC Class 1 Gen 2.
    pub protocol: u8,
    /// Settings for single antennas, or all (0).
    pub antennas: Vec<AntennaConfiguration>,
    /// Vendors' parameters.
    pub customs: Vec<KeptCustom>,
}

/// A reader operation specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoSpec {
    /// Its id, not 0.
    pub id: u32,
    /// 0 (highest) to 7.
    pub priority: u8,
    /// Where it stands.
    pub state: RoSpecState,
    /// What starts it.
    pub start: StartTrigger,
    /// What ends it.
    pub stop: StopTrigger,
    /// What it does, in order.
    pub inventories: Vec<AiSpec>,
    /// What it reports; without one, the reader's own configuration says.
    pub report: Option<ReportSpec>,
    /// Parameters in it that are not kept here.
    pub skipped: usize,
}

impl RoSpec {
    /// Whether two do the same, wherever they stand.
    pub fn does_as(&self, other: &Self) -> bool {
        let state = self.state;
        *self
            == Self {
                state,
                ..other.clone()
            }
    }

    /// Of the parameter's value.
    pub(super) fn read(mut value: Cursor<'_>, kept: &mut Kept) -> Result<Self, DecodeError> {
        let skipped_before = kept.skipped;
        let mut spec = Self {
            id: value.u32()?,
            priority: value.u8()?,
            state: RoSpecState::of(value.u8()?),
            start: StartTrigger::Null,
            stop: StopTrigger::Null,
            inventories: Vec::new(),
            report: None,
            skipped: 0,
        };
        let mut params = value.params();
        while let Some(param) = params.next_param()? {
            match param.kind {
                p::RO_BOUNDARY_SPEC => spec.boundary(param.value, kept)?,
                p::AISPEC => {
                    let inventory = AiSpec::read(param.value, kept)?;
                    kept.part(&mut spec.inventories, inventory, param)?;
                }
                p::RO_REPORT_SPEC => spec.report = Some(ReportSpec::read(param.value, kept)?),
                _ => kept.skipped += 1,
            }
        }
        kept.skipped += params.lost_bytes();
        spec.skipped = kept.skipped - skipped_before;
        Ok(spec)
    }

    fn boundary(&mut self, value: Cursor<'_>, kept: &mut Kept) -> Result<(), DecodeError> {
        let mut params = value.params();
        while let Some(param) = params.next_param()? {
            match param.kind {
                p::ROSPEC_START_TRIGGER => self.start = read_start(param.value, kept)?,
                p::ROSPEC_STOP_TRIGGER => self.stop = read_stop(param.value, kept)?,
                _ => kept.skipped += 1,
            }
        }
        Ok(())
    }

    /// As a parameter.
    pub fn write(&self, out: &mut Writer) {
        out.tlv(p::ROSPEC, |out| {
            out.u32(self.id);
            out.u8(self.priority);
            out.u8(self.state.number());
            out.tlv(p::RO_BOUNDARY_SPEC, |out| {
                write_start(self.start, out);
                write_stop(p::ROSPEC_STOP_TRIGGER, self.stop, out);
            });
            for inventory in &self.inventories {
                inventory.write(out);
            }
            if let Some(report) = &self.report {
                report.write(out);
            }
        });
    }
}

impl AiSpec {
    fn read(mut value: Cursor<'_>, kept: &mut Kept) -> Result<Self, DecodeError> {
        let mut spec = Self {
            antennas: kept.list(&mut value, p::ANTENNA_ID)?,
            stop: StopTrigger::Null,
            inventories: Vec::new(),
            customs: Vec::new(),
        };
        let mut params = value.params();
        while let Some(param) = params.next_param()? {
            match param.kind {
                p::AISPEC_STOP_TRIGGER => spec.stop = read_stop(param.value, kept)?,
                p::INVENTORY_PARAMETER_SPEC => {
                    let inventory = InventorySpec::read(param.value, kept)?;
                    kept.part(&mut spec.inventories, inventory, param)?;
                }
                p::CUSTOM => kept.custom(&mut spec.customs, param)?,
                _ => kept.skipped += 1,
            }
        }
        kept.skipped += params.lost_bytes();
        Ok(spec)
    }

    fn write(&self, out: &mut Writer) {
        out.tlv(p::AISPEC, |out| {
            out.u16_list(&self.antennas);
            write_stop(p::AISPEC_STOP_TRIGGER, self.stop, out);
            for inventory in &self.inventories {
                inventory.write(out);
            }
            for custom in &self.customs {
                custom.write(out);
            }
        });
    }
}

impl InventorySpec {
    fn read(mut value: Cursor<'_>, kept: &mut Kept) -> Result<Self, DecodeError> {
        let mut spec = Self {
            id: value.u16()?,
            protocol: value.u8()?,
            antennas: Vec::new(),
            customs: Vec::new(),
        };
        let mut params = value.params();
        while let Some(param) = params.next_param()? {
            match param.kind {
                p::ANTENNA_CONFIGURATION => {
                    let antenna = AntennaConfiguration::read(param.value, kept)?;
                    kept.part(&mut spec.antennas, antenna, param)?;
                }
                p::CUSTOM => kept.custom(&mut spec.customs, param)?,
                _ => kept.skipped += 1,
            }
        }
        kept.skipped += params.lost_bytes();
        Ok(spec)
    }

    fn write(&self, out: &mut Writer) {
        out.tlv(p::INVENTORY_PARAMETER_SPEC, |out| {
            out.u16(self.id);
            out.u8(self.protocol);
            for antenna in &self.antennas {
                antenna.write(out);
            }
            for custom in &self.customs {
                custom.write(out);
            }
        });
    }
}

fn read_start(mut value: Cursor<'_>, kept: &mut Kept) -> Result<StartTrigger, DecodeError> {
    let number = value.u8()?;
    let mut start = match number {
        0 => StartTrigger::Null,
        1 => StartTrigger::Immediate,
        other => StartTrigger::Other(other),
    };
    let mut params = value.params();
    while let Some(mut param) = params.next_param()? {
        match (number, param.kind) {
            (2, p::PERIODIC_TRIGGER) => {
                start = StartTrigger::Periodic {
                    offset_ms: param.value.u32()?,
                    period_ms: param.value.u32()?,
                };
                // A first time by the clock.
                kept.skipped += usize::from(!param.value.is_empty());
            }
            (3, p::GPI_TRIGGER) => start = StartTrigger::Gpi(GpiTrigger::of(param.value)?),
            _ => kept.skipped += 1,
        }
    }
    Ok(start)
}

fn read_stop(mut value: Cursor<'_>, kept: &mut Kept) -> Result<StopTrigger, DecodeError> {
    let number = value.u8()?;
    let duration_ms = value.u32()?;
    let mut stop = match number {
        0 => StopTrigger::Null,
        1 => StopTrigger::Duration(duration_ms),
        other => StopTrigger::Other(other, duration_ms),
    };
    let mut params = value.params();
    while let Some(mut param) = params.next_param()? {
        match (number, param.kind) {
            (2, p::GPI_TRIGGER) => stop = StopTrigger::Gpi(GpiTrigger::of(param.value)?),
            (3, p::TAG_OBSERVATION_TRIGGER) => {
                let kind = param.value.u8()?;
                param.value.u8()?;
                stop = StopTrigger::TagObservation(TagObservation {
                    kind,
                    tags: param.value.u16()?,
                    attempts: param.value.u16()?,
                    quiet_ms: param.value.u16()?,
                    timeout_ms: param.value.u32()?,
                });
            }
            _ => kept.skipped += 1,
        }
    }
    Ok(stop)
}

fn write_start(start: StartTrigger, out: &mut Writer) {
    out.tlv(p::ROSPEC_START_TRIGGER, |out| match start {
        StartTrigger::Null => out.u8(0),
        StartTrigger::Immediate => out.u8(1),
        StartTrigger::Periodic {
            offset_ms,
            period_ms,
        } => {
            out.u8(2);
            out.tlv(p::PERIODIC_TRIGGER, |out| {
                out.u32(offset_ms);
                out.u32(period_ms);
            });
        }
        StartTrigger::Gpi(gpi) => {
            out.u8(3);
            gpi.write(out);
        }
        StartTrigger::Other(number) => out.u8(number),
    });
}

fn write_stop(kind: u16, stop: StopTrigger, out: &mut Writer) {
    out.tlv(kind, |out| {
        let (number, duration_ms) = match stop {
            StopTrigger::Null => (0, 0),
            StopTrigger::Duration(duration_ms) => (1, duration_ms),
            StopTrigger::Gpi(_) => (2, 0),
            StopTrigger::TagObservation(_) => (3, 0),
            StopTrigger::Other(number, duration_ms) => (number, duration_ms),
        };
        out.u8(number);
        out.u32(duration_ms);
        match stop {
            StopTrigger::Gpi(gpi) => gpi.write(out),
            StopTrigger::TagObservation(tags) => out.tlv(p::TAG_OBSERVATION_TRIGGER, |out| {
                out.u8(tags.kind);
                out.u8(0);
                out.u16(tags.tags);
                out.u16(tags.attempts);
                out.u16(tags.quiet_ms);
                out.u32(tags.timeout_ms);
            }),
            StopTrigger::Null | StopTrigger::Duration(_) | StopTrigger::Other(..) => {}
        }
    });
}
