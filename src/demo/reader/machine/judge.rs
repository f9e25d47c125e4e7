//! Which `ROSpec`s and settings a reader takes, and how it refuses the others (LLRP 1.1, 14.2.2).

use shelfwire_core::codec::llrp::antenna::AntennaConfiguration;
use shelfwire_core::codec::llrp::config::ReaderConfiguration;
use shelfwire_core::codec::llrp::content::{ReportSpec, ReportTrigger};
use shelfwire_core::codec::llrp::custom::{Custom, IMPINJ, KeptCustom};
use shelfwire_core::codec::llrp::number::parameter as p;
use shelfwire_core::codec::llrp::rospec::{RoSpecState, StartTrigger};
use shelfwire_core::codec::llrp::status::{FieldError, ParameterError};
use shelfwire_core::codec::llrp::{Cursor, RoSpec, Status};

use super::Settings;

const M_PARAMETER: u16 = 100;
const M_FIELD: u16 = 101;
const M_OVERFLOW_PARAMETER: u16 = 105;
const P_FIELD: u16 = 201;
const P_MISSING: u16 = 203;
const P_UNSUPPORTED: u16 = 209;
/// A value that may not stand there.
pub(super) const A_INVALID: u16 = 300;
const A_OUT_OF_RANGE: u16 = 301;
/// The device cannot.
pub(super) const R_DEVICE: u16 = 401;
/// Impinj's parameter that asks for finer reports, and the one in it for the signal.
const IMPINJ_REPORT_CONTENT: u32 = 50;
const IMPINJ_ENABLE_PEAK_RSSI: u32 = 53;

/// A field of the message itself is wrong.
pub(super) fn field(field: u16, code: u16, text: &str) -> Status {
    Status {
        field: Some(FieldError { field, code }),
        ..Status::refused(M_FIELD, text)
    }
}

fn parameter(kind: u16, code: u16, field: Option<FieldError>, text: &str) -> Status {
    Status {
        parameters: vec![ParameterError { kind, code, field }],
        ..Status::refused(M_PARAMETER, text)
    }
}

fn inside(kind: u16, field: u16, code: u16, text: &str) -> Status {
    parameter(kind, P_FIELD, Some(FieldError { field, code }), text)
}

/// What the judge looks at beside the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) settings: &'a Settings,
    /// The client has switched the vendor's extensions on.
    pub(super) extended: bool,
}

impl Judge<'_> {
    /// Whether a `ROSpec` may be added to those that are there.
    pub(super) fn rospec(&self, spec: &RoSpec, there: &[(u32, RoSpecState)]) -> Result<(), Status> {
        let refuse = |field, code, text: &str| Err(inside(p::ROSPEC, field, code, text));
        if spec.id == 0 {
            return refuse(0, A_INVALID, "ROSpec id 0");
        }
        if there.iter().any(|(id, _)| *id == spec.id) {
            return refuse(0, A_INVALID, "a ROSpec of that id is there");
        }
        if spec.priority > 7 {
            return refuse(1, A_OUT_OF_RANGE, "priority above 7");
        }
        if spec.state != RoSpecState::Disabled {
            return refuse(2, A_INVALID, "a ROSpec is added disabled");
        }
        let most = usize::try_from(self.settings.rospecs).unwrap_or(usize::MAX);
        if most != 0 && there.len() >= most {
            return Err(Status::refused(M_OVERFLOW_PARAMETER, "too many ROSpecs"));
        }
        if let StartTrigger::Other(_) = spec.start {
            let kind = p::ROSPEC_START_TRIGGER;
            return Err(inside(kind, 0, A_OUT_OF_RANGE, "unknown start trigger"));
        }
        if spec.inventories.is_empty() {
            return Err(parameter(p::AISPEC, P_MISSING, None, "no AISpec"));
        }
        for ai in &spec.inventories {
            let wrong = |antenna: &u16| *antenna > self.settings.antennas;
            if ai.antennas.is_empty() || ai.antennas.iter().any(wrong) {
                return Err(inside(p::AISPEC, 0, A_OUT_OF_RANGE, "no such antenna"));
            }
            if ai.inventories.is_empty() {
                let kind = p::INVENTORY_PARAMETER_SPEC;
                return Err(parameter(kind, P_MISSING, None, "nothing to inventory"));
            }
            self.customs(&ai.customs)?;
            for inventory in &ai.inventories {
                if inventory.id == 0 || inventory.protocol != 1 {
                    let kind = p::INVENTORY_PARAMETER_SPEC;
                    return Err(inside(kind, 0, A_INVALID, "id 0 or not Gen 2"));
                }
                self.customs(&inventory.customs)?;
                for antenna in &inventory.antennas {
                    self.antenna(antenna)?;
                }
            }
        }
        spec.report
            .iter()
            .try_for_each(|report| self.report(report))
    }

    /// Whether a configuration can be set; nothing of one that cannot.
    pub(super) fn configuration(&self, new: &ReaderConfiguration) -> Result<(), Status> {
        if new.hold == Some(true) && !self.settings.can_hold {
            let kind = p::EVENTS_AND_REPORTS;
            let words = "holding is not supported";
            return Err(parameter(kind, P_UNSUPPORTED, None, words));
        }
        for antenna in &new.settings {
            self.antenna(antenna)?;
        }
        new.report
            .iter()
            .try_for_each(|report| self.report(report))?;
        self.customs(&new.customs)
    }

    fn report(&self, report: &ReportSpec) -> Result<(), Status> {
        if let ReportTrigger::Other(_) = report.trigger {
            let kind = p::RO_REPORT_SPEC;
            return Err(inside(kind, 0, A_OUT_OF_RANGE, "unknown report trigger"));
        }
        self.customs(&report.customs)
    }

    fn antenna(&self, antenna: &AntennaConfiguration) -> Result<(), Status> {
        let settings = self.settings;
        if antenna.antenna > settings.antennas {
            let kind = p::ANTENNA_CONFIGURATION;
            return Err(inside(kind, 0, A_OUT_OF_RANGE, "no such antenna"));
        }
        if let Some(transmitter) = antenna.transmitter {
            let kind = p::RF_TRANSMITTER;
            let hop = transmitter.hop_table;
            let known = settings.hop_tables.iter().any(|id| u16::from(*id) == hop);
            if !known && (hop != 0 || settings.vendor == IMPINJ) {
                return Err(inside(kind, 0, A_OUT_OF_RANGE, "no such hop table"));
            }
            let mut powers = settings.powers.iter();
            if !powers.any(|(index, _)| *index == transmitter.power) {
                return Err(inside(kind, 2, A_OUT_OF_RANGE, "no such power level"));
            }
        }
        for command in &antenna.commands {
            let modes = &settings.modes;
            if let Some(rf) = command.rf
                && !modes.contains(&u32::from(rf.mode))
            {
                let kind = p::C1G2_RF_CONTROL;
                return Err(inside(kind, 0, A_OUT_OF_RANGE, "no such mode"));
            }
            self.customs(&command.customs)?;
        }
        Ok(())
    }

    fn customs(&self, customs: &[KeptCustom]) -> Result<(), Status> {
        let own = self.settings.vendor == IMPINJ && self.extended;
        if customs.iter().all(|custom| own && custom.vendor == IMPINJ) {
            return Ok(());
        }
        let words = "a custom parameter that is not understood, or not switched on";
        Err(parameter(p::CUSTOM, P_UNSUPPORTED, None, words))
    }
}

/// Whether Impinj's finer signal is asked for.
pub(super) fn asks_fine_signal(report: &ReportSpec) -> bool {
    let content = |c: &&KeptCustom| c.vendor == IMPINJ && c.subtype == IMPINJ_REPORT_CONTENT;
    report.customs.iter().filter(content).any(|custom| {
        let mut params = Cursor::new(&custom.data, 0).params();
        let inner = std::iter::from_fn(|| params.next_param().ok().flatten());
        let mut inner = inner.filter(|param| param.kind == p::CUSTOM);
        inner.any(|param| {
            Custom::of(param).is_ok_and(|mut custom| {
                let on = custom.data.u16() == Ok(1);
                on && custom.vendor == IMPINJ && custom.subtype == IMPINJ_ENABLE_PEAK_RSSI
            })
        })
    })
}
