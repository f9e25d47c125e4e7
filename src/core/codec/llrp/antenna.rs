//! `AntennaConfiguration`: power, channel and air protocol of one antenna (LLRP 1.1, 13.2.6, 16.2).

use super::cursor::Cursor;
use super::custom::KeptCustom;
use super::error::DecodeError;
use super::kept::Kept;
use super::number::parameter as p;
use super::writer::Writer;

/// Settings of one antenna, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AntennaConfiguration {
    /// Antenna, from 1; 0 is all.
    pub antenna: u16,
    /// Index into the reader's table of receive sensitivities.
    pub receiver: Option<u16>,
    /// Power and channel; leave it out unless the power has to change.
    pub transmitter: Option<Transmitter>,
    /// The air protocol's settings.
    pub commands: Vec<InventoryCommand>,
}

/// `RFTransmitter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transmitter {
    /// Hop table; 0 where the region does not hop. Readers refuse one that they do not have.
    pub hop_table: u16,
    /// Index into the table of fixed frequencies; 0 where the region hops.
    pub channel: u16,
    /// Index into the reader's table of power levels.
    pub power: u16,
}

/// `C1G2InventoryCommand`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InventoryCommand {
    /// Whether tags' inventory states are used in filters.
    pub state_aware: bool,
    /// Mode of modulation.
    pub rf: Option<RfControl>,
    /// Session, and what is expected in the field.
    pub singulation: Option<Singulation>,
    /// Vendors' parameters.
    pub customs: Vec<KeptCustom>,
}

/// `C1G2RFControl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RfControl {
    /// Index into the reader's table of modes.
    pub mode: u16,
    /// Tari in nanoseconds; 0 is the mode's own.
    pub tari_ns: u16,
}

/// `C1G2SingulationControl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Singulation {
    /// Gen 2 session, 0 to 3.
    pub session: u8,
    /// Tags expected in the field.
    pub population: u16,
    /// How long a tag stays in the field, in milliseconds; 0 is not known.
    pub transit_ms: u32,
    /// Bits I and S of the state-aware action, as on the wire.
    pub action: Option<u8>,
}

impl AntennaConfiguration {
    /// Of the parameter's value.
    pub(super) fn read(mut value: Cursor<'_>, kept: &mut Kept) -> Result<Self, DecodeError> {
        let mut antenna = Self {
            antenna: value.u16()?,
            ..Self::default()
        };
        let mut params = value.params();
        while let Some(mut param) = params.next_param()? {
            match param.kind {
                p::RF_RECEIVER => antenna.receiver = Some(param.value.u16()?),
                p::RF_TRANSMITTER => {
                    antenna.transmitter = Some(Transmitter {
                        hop_table: param.value.u16()?,
                        channel: param.value.u16()?,
                        power: param.value.u16()?,
                    });
                }
                p::C1G2_INVENTORY_COMMAND => {
                    let command = InventoryCommand::read(param.value, kept)?;
                    kept.part(&mut antenna.commands, command, param)?;
                }
                _ => kept.skipped += 1,
            }
        }
        kept.skipped += params.lost_bytes();
        Ok(antenna)
    }

    /// As a parameter.
    pub fn write(&self, out: &mut Writer) {
        out.tlv(p::ANTENNA_CONFIGURATION, |out| {
            out.u16(self.antenna);
            if let Some(index) = self.receiver {
                out.tlv(p::RF_RECEIVER, |out| out.u16(index));
            }
            if let Some(transmitter) = self.transmitter {
                out.tlv(p::RF_TRANSMITTER, |out| {
                    out.u16(transmitter.hop_table);
                    out.u16(transmitter.channel);
                    out.u16(transmitter.power);
                });
            }
            for command in &self.commands {
                command.write(out);
            }
        });
    }
}

impl InventoryCommand {
    fn read(mut value: Cursor<'_>, kept: &mut Kept) -> Result<Self, DecodeError> {
        let mut command = Self {
            state_aware: value.flag()?,
            ..Self::default()
        };
        let mut params = value.params();
        while let Some(mut param) = params.next_param()? {
            match param.kind {
                p::C1G2_RF_CONTROL => {
                    command.rf = Some(RfControl {
                        mode: param.value.u16()?,
                        tari_ns: param.value.u16()?,
                    });
                }
                p::C1G2_SINGULATION_CONTROL => {
                    command.singulation = Some(Singulation::read(param.value, kept)?);
                }
                p::CUSTOM => kept.custom(&mut command.customs, param)?,
                _ => kept.skipped += 1,
            }
        }
        kept.skipped += params.lost_bytes();
        Ok(command)
    }

    fn write(&self, out: &mut Writer) {
        out.tlv(p::C1G2_INVENTORY_COMMAND, |out| {
            out.flag(self.state_aware);
            if let Some(rf) = self.rf {
                out.tlv(p::C1G2_RF_CONTROL, |out| {
                    out.u16(rf.mode);
                    out.u16(rf.tari_ns);
                });
            }
            if let Some(singulation) = self.singulation {
                singulation.write(out);
            }
            for custom in &self.customs {
                custom.write(out);
            }
        });
    }
}

impl Singulation {
    fn read(mut value: Cursor<'_>, kept: &mut Kept) -> Result<Self, DecodeError> {
        let mut singulation = Self {
            session: value.u8()? >> 6,
            population: value.u16()?,
            transit_ms: value.u32()?,
            action: None,
        };
        let mut params = value.params();
        while let Some(mut param) = params.next_param()? {
            if param.kind == p::C1G2_SINGULATION_ACTION {
                singulation.action = Some(param.value.u8()? & 0xe0);
            } else {
                kept.skipped += 1;
            }
        }
        Ok(singulation)
    }

    fn write(self, out: &mut Writer) {
        out.tlv(p::C1G2_SINGULATION_CONTROL, |out| {
            out.u8(self.session << 6);
            out.u16(self.population);
            out.u32(self.transit_ms);
            if let Some(action) = self.action {
                out.tlv(p::C1G2_SINGULATION_ACTION, |out| out.u8(action));
            }
        });
    }
}
