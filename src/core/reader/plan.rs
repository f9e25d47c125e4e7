//! What a reader is told to do: the `ROSpec`, and the configuration beside it.

use crate::codec::llrp::RoSpec;
use crate::codec::llrp::antenna::{
    AntennaConfiguration, InventoryCommand, RfControl, Singulation, Transmitter,
};
use crate::codec::llrp::capabilities::{Capabilities, Radio};
use crate::codec::llrp::config::{Keepalive, ReaderConfiguration, notify};
use crate::codec::llrp::content::{Content, EpcMemory, ReportSpec, ReportTrigger};
use crate::codec::llrp::custom::{IMPINJ, KeptCustom};
use crate::codec::llrp::rospec::{AiSpec, InventorySpec, RoSpecState, StartTrigger, StopTrigger};
use crate::domain::presence::{Antenna, Reader};
use crate::limits::LLRP_KEEPALIVE_MS;

/// Our `ROSpec`.
pub(super) const ROSPEC_ID: u32 = 0x5348;
/// What is asked for beside the code. The first read of several is of no use.
pub(super) const CONTENT: Content = Content::ANTENNA
    .and(Content::PEAK_RSSI)
    .and(Content::LAST_SEEN)
    .and(Content::COUNT);
/// Impinj's selector (50) that asks for the signal in hundredths of a dBm (53), on.
const IMPINJ_CONTENT: u32 = 50;
const IMPINJ_CONTENT_RSSI: [u8; 14] = [0x03, 0xff, 0, 14, 0, 0, 0x65, 0x1a, 0, 0, 0, 53, 0, 1];

/// How one reader is to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which reader of the store.
    pub reader: Reader,
    /// Its connectors, from 1, and which antenna of the store is at each. Others do not read.
    pub antennas: Vec<(u16, Antenna)>,
    /// Power in hundredths of a dBm: the greatest of its levels that is not above. `None` leaves it.
    pub power_cdbm: Option<i16>,
    /// Gen 2 session, 0 to 3.
    pub session: u8,
    /// Index into its table of modes. `None` leaves it.
    pub mode: Option<u16>,
    /// Tags to expect at an antenna.
    pub population: u16,
    /// It reports after so many tags, at least 1.
    pub report_every: u16,
}

/// What is known of the reader's abilities on this connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Abilities {
    /// It answered the question at all.
    pub(super) known: bool,
    /// It can hold reports while nobody is connected.
    pub(super) holds: bool,
    /// Impinj's extensions are on.
    pub(super) impinj: bool,
    /// Its maker.
    pub(super) vendor: u32,
    radio: Option<Radio>,
}

impl Abilities {
    pub(super) fn of(capabilities: Capabilities) -> Self {
        Self {
            known: true,
            holds: capabilities.protocol.is_some_and(|p| p.can_hold()),
            impinj: false,
            vendor: capabilities.device.map_or(0, |device| device.vendor),
            radio: capabilities.radio,
        }
    }
}

impl Settings {
    /// Which antenna of the store a read is of. No number, or 0, is what the reader has: the first.
    pub(super) fn antenna(&self, port: Option<u16>) -> Option<Antenna> {
        let port = port.unwrap_or(0);
        let mut antennas = self.antennas.iter();
        let found = match port {
            0 => antennas.min_by_key(|(port, _)| *port),
            port => antennas.find(|(other, _)| *other == port),
        };
        found.map(|(_, antenna)| *antenna)
    }

    /// Whether the power is to be set and cannot.
    pub(super) fn power_is_unknown(&self, abilities: &Abilities) -> bool {
        self.power_cdbm.is_some() && self.transmitter(abilities).is_none()
    }

    /// What the reader is to do; where it refuses the first, the next is tried. They differ in the
    /// hop table: some want one of those that they list, some know only 0.
    pub(super) fn rospecs(&self, abilities: &Abilities) -> Vec<RoSpec> {
        let Some(listed) = self.transmitter(abilities) else {
            return vec![self.rospec(abilities, None)];
        };
        let plain = Transmitter {
            hop_table: 0,
            ..listed
        };
        let mut all = vec![self.rospec(abilities, Some(listed))];
        if plain != listed {
            all.push(self.rospec(abilities, Some(plain)));
        }
        all
    }

    fn transmitter(&self, abilities: &Abilities) -> Option<Transmitter> {
        let radio = abilities.radio.as_ref()?;
        let least = || radio.powers.iter().min_by_key(|(_, level)| *level);
        let power = radio.power_at_most(self.power_cdbm?);
        let power = power.or_else(|| least().map(|(index, _)| *index))?;
        Some(Transmitter {
            hop_table: radio.hop_tables.first().map_or(0, |id| u16::from(*id)),
            channel: u16::from(!radio.hopping),
            power,
        })
    }

    fn rospec(&self, abilities: &Abilities, transmitter: Option<Transmitter>) -> RoSpec {
        let mut antennas: Vec<u16> = self.antennas.iter().map(|(port, _)| *port).collect();
        antennas.sort_unstable();
        let command = InventoryCommand {
            state_aware: false,
            rf: self.mode.map(|mode| RfControl { mode, tari_ns: 0 }),
            singulation: Some(Singulation {
                session: self.session,
                population: self.population,
                transit_ms: 0,
                action: None,
            }),
            customs: Vec::new(),
        };
        let configuration = AntennaConfiguration {
            antenna: 0,
            receiver: None,
            transmitter,
            commands: vec![command],
        };
        RoSpec {
            id: ROSPEC_ID,
            priority: 0,
            state: RoSpecState::Disabled,
            // Readers exist that never start by themselves, so all are told to.
            start: StartTrigger::Null,
            stop: StopTrigger::Null,
            inventories: vec![AiSpec {
                antennas,
                stop: StopTrigger::Null,
                inventories: vec![InventorySpec {
                    id: 1,
                    protocol: 1,
                    antennas: vec![configuration],
                    customs: Vec::new(),
                }],
                customs: Vec::new(),
            }],
            report: Some(self.report(abilities)),
            skipped: 0,
        }
    }

    fn report(&self, abilities: &Abilities) -> ReportSpec {
        let fine = KeptCustom {
            vendor: IMPINJ,
            subtype: IMPINJ_CONTENT,
            data: IMPINJ_CONTENT_RSSI.to_vec(),
        };
        ReportSpec {
            trigger: ReportTrigger::TagsOrEndOfRoSpec,
            n: self.report_every.max(1),
            content: CONTENT,
            epc_memory: Some(EpcMemory {
                crc: false,
                pc: false,
            }),
            customs: abilities.impinj.then_some(fine).into_iter().collect(),
        }
    }
}

/// Signs of life, events, and the holding of reports where the reader can.
pub(super) fn configuration(abilities: &Abilities) -> ReaderConfiguration {
    let mut configuration = signs_of_life();
    configuration.events = [
        notify::ROSPEC,
        notify::BUFFER_LEVEL,
        notify::EXCEPTION,
        notify::ANTENNA,
    ]
    .map(|kind| (kind, true))
    .to_vec();
    configuration.hold = abilities.holds.then_some(true);
    configuration
}

/// The least that is needed: for a reader that refuses the rest.
pub(super) fn signs_of_life() -> ReaderConfiguration {
    let period_ms = u32::try_from(LLRP_KEEPALIVE_MS).unwrap_or(u32::MAX);
    ReaderConfiguration {
        keepalive: Some(Keepalive::Every(period_ms)),
        ..ReaderConfiguration::default()
    }
}
