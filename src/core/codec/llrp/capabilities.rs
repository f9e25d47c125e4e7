//! What a reader can do: `GET_READER_CAPABILITIES_RESPONSE` (LLRP 1.1, 10.1).

use super::cursor::{Cursor, Param};
use super::error::DecodeError;
use super::kept::push;
use super::number::parameter as p;
use super::writer::Writer;
use crate::limits::LLRP_TEXT_MAX_BYTES;

/// What a reader can do, as far as an inventory client asks. Parts that were not asked for, or that
/// the reader leaves out, are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The device.
    pub device: Option<Device>,
    /// Of LLRP itself.
    pub protocol: Option<Protocol>,
    /// Region and power.
    pub radio: Option<Radio>,
}

/// `GeneralDeviceCapabilities`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// How many antennas it has connectors for.
    pub antennas: u16,
    /// Whether antennas' properties can be set.
    pub can_set_antennas: bool,
    /// Whether it has a clock; without one times are since its start.
    pub has_clock: bool,
    /// The maker's private enterprise number (Impinj is 25882).
    pub vendor: u32,
    /// The maker's number of the model.
    pub model: u32,
    /// Firmware, in the maker's words, cut at [`LLRP_TEXT_MAX_BYTES`].
    pub firmware: String,
    /// Receive sensitivities: index, and dB above the best.
    pub sensitivities: Vec<(u16, i16)>,
    /// Inputs and outputs.
    pub ports: (u16, u16),
}

/// `LLRPCapabilities`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Protocol {
    /// Five bits as on the wire, from the top: surveys, buffer warning, client operations,
    /// state-aware singulation, holding.
    pub bits: u8,
    /// Greatest priority of a `ROSpec`.
    pub priorities: u8,
    /// Timeout of client operations, in milliseconds.
    pub client_timeout_ms: u16,
    /// `ROSpec`s; 0 is no bound.
    pub rospecs: u32,
    /// Specs in a `ROSpec`; 0 is no bound.
    pub specs: u32,
    /// `InventoryParameterSpec`s in an `AISpec`; 0 is no bound.
    pub inventories: u32,
    /// `AccessSpec`s; 0 is no bound.
    pub access_specs: u32,
    /// Operations in an `AccessSpec`; 0 is no bound.
    pub op_specs: u32,
}

impl Protocol {
    /// Bit of [`Self::bits`]: warns before its buffer of reports is full.
    pub const BUFFER_WARNING: u8 = 0x40;
    /// Bit of [`Self::bits`]: can hold reports and events after a reconnect.
    pub const HOLDING: u8 = 0x08;

    /// Whether reports made without a connection can be had afterwards.
    pub fn can_hold(&self) -> bool {
        self.bits & Self::HOLDING != 0
    }
}

/// `RegulatoryCapabilities`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Radio {
    /// ISO 3166 number of the country.
    pub country: u16,
    /// Which region's rules.
    pub standard: u16,
    /// Power levels: index, and hundredths of a dBm.
    pub powers: Vec<(u16, i16)>,
    /// Whether the region hops.
    pub hopping: bool,
    /// Hop tables' ids; `RFTransmitter` names one of them.
    pub hop_tables: Vec<u8>,
    /// Modes of modulation, by their identifier.
    pub modes: Vec<u32>,
}

impl Radio {
    /// The index of the greatest level that is not above `cdbm`; `None` if all are.
    pub fn power_at_most(&self, cdbm: i16) -> Option<u16> {
        let fitting = self.powers.iter().filter(|(_, level)| *level <= cdbm);
        let best = fitting.max_by_key(|(_, level)| *level);
        best.map(|(index, _)| *index)
    }
}

impl Capabilities {
    /// Of a message's parameters; its status is left out.
    pub fn read(body: Cursor<'_>) -> Result<Self, DecodeError> {
        let mut capabilities = Self::default();
        let mut params = body.params();
        while let Some(param) = params.next_param()? {
            match param.kind {
                p::GENERAL_DEVICE_CAPABILITIES => {
                    capabilities.device = Some(Device::read(param.value)?);
                }
                p::LLRP_CAPABILITIES => capabilities.protocol = Some(Protocol::read(param.value)?),
                p::REGULATORY_CAPABILITIES => capabilities.radio = Some(Radio::read(param.value)?),
                _ => {}
            }
        }
        Ok(capabilities)
    }

    /// As a message's parameters. What was not kept of a reader's own is left out.
    pub fn write(&self, out: &mut Writer) {
        if let Some(device) = &self.device {
            device.write(out);
        }
        if let Some(protocol) = self.protocol {
            protocol.write(out);
        }
        if let Some(radio) = &self.radio {
            radio.write(out);
        }
    }
}

impl Device {
    fn read(mut value: Cursor<'_>) -> Result<Self, DecodeError> {
        let antennas = value.u16()?;
        let bits = value.u16()?;
        let mut device = Self {
            antennas,
            can_set_antennas: bits & 0x8000 != 0,
            has_clock: bits & 0x4000 != 0,
            vendor: value.u32()?,
            model: value.u32()?,
            firmware: value.text(LLRP_TEXT_MAX_BYTES)?,
            ..Self::default()
        };
        let mut params = value.params();
        while let Some(param) = params.next_param()? {
            let mut value = param.value;
            match param.kind {
                p::RECEIVE_SENSITIVITY_ENTRY => {
                    let entry = (value.u16()?, value.i16()?);
                    push(&mut device.sensitivities, entry, param)?;
                }
                p::GPIO_CAPABILITIES => device.ports = (value.u16()?, value.u16()?),
                _ => {}
            }
        }
        Ok(device)
    }

    fn write(&self, out: &mut Writer) {
        out.tlv(p::GENERAL_DEVICE_CAPABILITIES, |out| {
            out.u16(self.antennas);
            out.u16(u16::from(self.can_set_antennas) << 15 | u16::from(self.has_clock) << 14);
            out.u32(self.vendor);
            out.u32(self.model);
            out.text(&self.firmware);
            for entry in &self.sensitivities {
                write_entry(p::RECEIVE_SENSITIVITY_ENTRY, *entry, out);
            }
            out.tlv(p::GPIO_CAPABILITIES, |out| {
                out.u16(self.ports.0);
                out.u16(self.ports.1);
            });
            for antenna in 1..=self.antennas {
                out.tlv(p::PER_ANTENNA_AIR_PROTOCOL, |out| {
                    out.u16(antenna);
                    out.u16(1);
                    out.u8(1);
                });
            }
        });
    }
}

impl Protocol {
    fn read(mut value: Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            bits: value.u8()? & 0xf8,
            priorities: value.u8()?,
            client_timeout_ms: value.u16()?,
            rospecs: value.u32()?,
            specs: value.u32()?,
            inventories: value.u32()?,
            access_specs: value.u32()?,
            op_specs: value.u32()?,
        })
    }

    fn write(self, out: &mut Writer) {
        out.tlv(p::LLRP_CAPABILITIES, |out| {
            out.u8(self.bits);
            out.u8(self.priorities);
            out.u16(self.client_timeout_ms);
            out.u32(self.rospecs);
            out.u32(self.specs);
            out.u32(self.inventories);
            out.u32(self.access_specs);
            out.u32(self.op_specs);
        });
    }
}

impl Radio {
    fn read(mut value: Cursor<'_>) -> Result<Self, DecodeError> {
        let mut radio = Self {
            country: value.u16()?,
            standard: value.u16()?,
            ..Self::default()
        };
        let mut params = value.params();
        while let Some(param) = params.next_param()? {
            if param.kind == p::UHF_BAND_CAPABILITIES {
                radio.band(param.value)?;
            }
        }
        Ok(radio)
    }

    fn band(&mut self, value: Cursor<'_>) -> Result<(), DecodeError> {
        let mut params = value.params();
        while let Some(param) = params.next_param()? {
            let mut value = param.value;
            match param.kind {
                p::TRANSMIT_POWER_ENTRY => {
                    let entry = (value.u16()?, value.i16()?);
                    push(&mut self.powers, entry, param)?;
                }
                p::FREQUENCY_INFORMATION => {
                    self.hopping = value.flag()?;
                    let mut tables = value.params();
                    while let Some(mut param) = tables.next_param()? {
                        if param.kind == p::FREQUENCY_HOP_TABLE {
                            push(&mut self.hop_tables, param.value.u8()?, param)?;
                        }
                    }
                }
                p::C1G2_UHF_RF_MODE_TABLE => {
                    let mut modes = value.params();
                    while let Some(Param { kind, mut value }) = modes.next_param()? {
                        if kind == p::C1G2_UHF_RF_MODE_ENTRY {
                            push(&mut self.modes, value.u32()?, param)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn write(&self, out: &mut Writer) {
        out.tlv(p::REGULATORY_CAPABILITIES, |out| {
            out.u16(self.country);
            out.u16(self.standard);
            out.tlv(p::UHF_BAND_CAPABILITIES, |out| {
                for entry in &self.powers {
                    write_entry(p::TRANSMIT_POWER_ENTRY, *entry, out);
                }
                out.tlv(p::FREQUENCY_INFORMATION, |out| {
                    out.flag(self.hopping);
                    for id in &self.hop_tables {
                        // Its frequencies are not kept.
                        out.tlv(p::FREQUENCY_HOP_TABLE, |out| out.bytes(&[*id, 0, 0, 0]));
                    }
                });
                out.tlv(p::C1G2_UHF_RF_MODE_TABLE, |out| {
                    for mode in &self.modes {
                        out.tlv(p::C1G2_UHF_RF_MODE_ENTRY, |out| {
                            out.u32(*mode);
                            // Its rates are not kept.
                            out.bytes(&[0; 24]);
                        });
                    }
                });
            });
        });
    }
}

fn write_entry(kind: u16, (index, value): (u16, i16), out: &mut Writer) {
    out.tlv(kind, |out| {
        out.u16(index);
        out.i16(value);
    });
}
