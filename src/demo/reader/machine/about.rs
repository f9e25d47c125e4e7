//! What a reader says of itself.

use shelfwire_core::codec::llrp::Asked;
use shelfwire_core::codec::llrp::capabilities::{Capabilities, Device, Protocol, Radio};
use shelfwire_core::codec::llrp::config::{AntennaProperties, ReaderConfiguration};

use super::{Clock, Machine};

impl Machine {
    /// `GET_READER_CAPABILITIES`: 1 general, 2 LLRP, 3 regulatory.
    pub(super) fn capabilities(&self, asked: Asked) -> Capabilities {
        let settings = &self.settings;
        let wants = |part| asked == Asked::All || asked == Asked::Part(part);
        let device = || Device {
            antennas: settings.antennas,
            can_set_antennas: true,
            has_clock: matches!(settings.clock, Clock::Utc { .. }),
            vendor: settings.vendor,
            model: 1,
            firmware: "simulated 1.0".to_owned(),
            sensitivities: vec![(1, 0)],
            ports: (4, 4),
        };
        let protocol = || Protocol {
            bits: Protocol::BUFFER_WARNING
                | if settings.can_hold {
                    Protocol::HOLDING
                } else {
                    0
                },
            priorities: 7,
            client_timeout_ms: 0,
            rospecs: settings.rospecs,
            specs: 32,
            inventories: 1,
            access_specs: 0,
            op_specs: 0,
        };
        let radio = || Radio {
            country: 276,
            standard: 2,
            powers: settings.powers.clone(),
            hopping: !settings.hop_tables.is_empty(),
            hop_tables: settings.hop_tables.clone(),
            modes: settings.modes.clone(),
        };
        Capabilities {
            device: wants(1).then(device),
            protocol: wants(2).then(protocol),
            radio: wants(3).then(radio),
        }
    }

    /// `GET_READER_CONFIG`: 1 identification, 2 antennas, 3 their settings, 4 reports, 5 events,
    /// 7 state, 8 keepalive, 11 holding (LLRP 1.1, 13.1.1).
    pub(super) fn configuration(&self, asked: Asked) -> ReaderConfiguration {
        let wants = |part| asked == Asked::All || asked == Asked::Part(part);
        let now = &self.configuration;
        let properties = (1..)
            .zip(&self.antennas)
            .map(|(antenna, connected)| AntennaProperties {
                antenna,
                connected: *connected,
                gain_cdbi: 600,
            });
        let all = ReaderConfiguration {
            antennas: properties.collect(),
            identification: Some((0, vec![0x02, 0, 0, 0, 0, 1])),
            state_value: Some(1),
            ..now.clone()
        };
        ReaderConfiguration {
            identification: all.identification.filter(|_| wants(1)),
            antennas: if wants(2) { all.antennas } else { Vec::new() },
            settings: if wants(3) { all.settings } else { Vec::new() },
            report: all.report.filter(|_| wants(4)),
            events: if wants(5) { all.events } else { Vec::new() },
            state_value: all.state_value.filter(|_| wants(7)),
            keepalive: all.keepalive.filter(|_| wants(8)),
            hold: all.hold.filter(|_| wants(11)),
            customs: Vec::new(),
            skipped: 0,
        }
    }
}
