//! A reader's configuration, as set and as answered (LLRP 1.1, 13.1).

use super::antenna::AntennaConfiguration;
use super::content::ReportSpec;
use super::cursor::{Cursor, Param};
use super::custom::KeptCustom;
use super::error::DecodeError;
use super::kept::Kept;
use super::number::parameter as p;
use super::writer::Writer;

/// Kinds of events that can be switched on (`NotificationEventType`).
pub mod notify {
    /// Channel hops.
    pub const HOPPING: u16 = 0;
    /// Inputs.
    pub const GPI: u16 = 1;
    /// `ROSpec` begins and ends.
    pub const ROSPEC: u16 = 2;
    /// The report buffer fills.
    pub const BUFFER_LEVEL: u16 = 3;
    /// Faults of the reader.
    pub const EXCEPTION: u16 = 4;
    /// Surveys.
    pub const RF_SURVEY: u16 = 5;
    /// `AISpec` ends.
    pub const AISPEC: u16 = 6;
    /// `AISpec` ends, with details.
    pub const AISPEC_DETAILS: u16 = 7;
    /// Antennas lost and found.
    pub const ANTENNA: u16 = 8;
    /// Loops (LLRP 1.1).
    pub const SPEC_LOOP: u16 = 9;
}

/// How often a reader says that it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keepalive {
    /// Never.
    Off,
    /// Every so many milliseconds.
    Every(u32),
}

/// What is known of an antenna's connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AntennaProperties {
    /// Antenna, from 1.
    pub antenna: u16,
    /// Whether something is plugged in, as far as the reader can tell.
    pub connected: bool,
    /// Gain in hundredths of a dBi.
    pub gain_cdbi: i16,
}

/// Parts of a configuration. In `SET_READER_CONFIG` what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReaderConfiguration {
    /// Which events are told ([`notify`]), on or off; empty says nothing.
    pub events: Vec<(u16, bool)>,
    /// Connectors.
    pub antennas: Vec<AntennaProperties>,
    /// Settings of antennas where a `ROSpec` does not say.
    pub settings: Vec<AntennaConfiguration>,
    /// Reports where a `ROSpec` does not say.
    pub report: Option<ReportSpec>,
    /// Signs of life.
    pub keepalive: Option<Keepalive>,
    /// Whether events and reports are held after a reconnect until `ENABLE_EVENTS_AND_REPORTS`, so
    /// that those of the time without a connection are not lost.
    pub hold: Option<bool>,
    /// Answered only: type (0 MAC address, 1 EPC) and the reader's id.
    pub identification: Option<(u8, Vec<u8>)>,
    /// Answered only: a number that changes with every change of the configuration.
    pub state_value: Option<u32>,
    /// Vendors' parameters.
    pub customs: Vec<KeptCustom>,
    /// Parameters in it that are not kept here.
    pub skipped: usize,
}

impl ReaderConfiguration {
    /// Of a message's parameters; its status is left out.
    pub fn read(body: Cursor<'_>) -> Result<Self, DecodeError> {
        let mut config = Self::default();
        let mut kept = Kept::default();
        let mut params = body.params();
        while let Some(param) = params.next_param()? {
            config.take(param, &mut kept)?;
        }
        config.skipped = kept.skipped + params.lost_bytes();
        Ok(config)
    }

    fn take(&mut self, param: Param<'_>, kept: &mut Kept) -> Result<(), DecodeError> {
        let Param { kind, mut value } = param;
        match kind {
            p::READER_EVENT_NOTIFICATION_SPEC => self.events(value, kept)?,
            p::ANTENNA_PROPERTIES => {
                let properties = AntennaProperties {
                    connected: value.flag()?,
                    antenna: value.u16()?,
                    gain_cdbi: value.i16()?,
                };
                kept.part(&mut self.antennas, properties, param)?;
            }
            p::ANTENNA_CONFIGURATION => {
                let settings = AntennaConfiguration::read(value, kept)?;
                kept.part(&mut self.settings, settings, param)?;
            }
            p::RO_REPORT_SPEC => {
                self.report = Some(ReportSpec::read(value, kept)?);
            }
            p::KEEPALIVE_SPEC => {
                self.keepalive = Some(match (value.u8()?, value.u32()?) {
                    (0, _) => Keepalive::Off,
                    (_, period_ms) => Keepalive::Every(period_ms),
                });
            }
            p::EVENTS_AND_REPORTS => self.hold = Some(value.flag()?),
            p::IDENTIFICATION => {
                let kind = value.u8()?;
                let length = usize::from(value.u16()?);
                self.identification = Some((kind, value.bytes(length)?.to_vec()));
            }
            p::LLRP_CONFIGURATION_STATE => self.state_value = Some(value.u32()?),
            p::CUSTOM => kept.custom(&mut self.customs, param)?,
            p::LLRP_STATUS => {}
            _ => kept.skipped += 1,
        }
        Ok(())
    }

    fn events(&mut self, value: Cursor<'_>, kept: &mut Kept) -> Result<(), DecodeError> {
        let mut params = value.params();
        while let Some(param) = params.next_param()? {
            if param.kind == p::EVENT_NOTIFICATION_STATE {
                let mut value = param.value;
                let state = (value.u16()?, value.flag()?);
                kept.part(&mut self.events, state, param)?;
            } else {
                kept.skipped += 1;
            }
        }
        Ok(())
    }

    /// As a message's parameters, in the standard's order for an answer, which suits a setting too.
    pub fn write(&self, out: &mut Writer) {
        if let Some((kind, id)) = &self.identification {
            out.tlv(p::IDENTIFICATION, |out| {
                out.u8(*kind);
                out.count(id.len());
                out.bytes(id);
            });
        }
        if !self.events.is_empty() {
            out.tlv(p::READER_EVENT_NOTIFICATION_SPEC, |out| {
                for (kind, on) in &self.events {
                    out.tlv(p::EVENT_NOTIFICATION_STATE, |out| {
                        out.u16(*kind);
                        out.flag(*on);
                    });
                }
            });
        }
        for antenna in &self.antennas {
            out.tlv(p::ANTENNA_PROPERTIES, |out| {
                out.flag(antenna.connected);
                out.u16(antenna.antenna);
                out.i16(antenna.gain_cdbi);
            });
        }
        for settings in &self.settings {
            settings.write(out);
        }
        if let Some(report) = &self.report {
            report.write(out);
        }
        if let Some(value) = self.state_value {
            out.tlv(p::LLRP_CONFIGURATION_STATE, |out| out.u32(value));
        }
        if let Some(keepalive) = self.keepalive {
            out.tlv(p::KEEPALIVE_SPEC, |out| match keepalive {
                Keepalive::Off => out.bytes(&[0; 5]),
                Keepalive::Every(period_ms) => {
                    out.u8(1);
                    out.u32(period_ms);
                }
            });
        }
        if let Some(hold) = self.hold {
            out.tlv(p::EVENTS_AND_REPORTS, |out| out.flag(hold));
        }
        for custom in &self.customs {
            custom.write(out);
        }
    }
}
