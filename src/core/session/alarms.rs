//! Alarms that are raised now, and their words: at most one of each, raised once, cleared once.

use std::collections::BTreeSet;

use super::action::{Action, Alarm, AlarmCode};

/// Alarms that are raised.
#[derive(Debug, Default)]
pub(super) struct Alarms(BTreeSet<AlarmCode>);

impl Alarms {
    /// Raises one, unless it is raised already.
    pub(super) fn raise(&mut self, code: AlarmCode, text: String, out: &mut Vec<Action>) {
        if self.0.insert(code) {
            let fix = fix(code).to_owned();
            out.push(Action::Raise(Alarm { code, text, fix }));
        }
    }

    /// Clears one, if it is raised.
    pub(super) fn clear(&mut self, code: AlarmCode, out: &mut Vec<Action>) {
        if self.0.remove(&code) {
            out.push(Action::Clear(code));
        }
    }
}

fn fix(code: AlarmCode) -> &'static str {
    match code {
        AlarmCode::QosTooLow => "allow QoS 1 in the broker's configuration",
        AlarmCode::PacketsTooSmall => "raise the broker's maximum packet size to 64 KiB",
        AlarmCode::SubscribeRefused => {
            "allow this identity to read retail/v1/<store>/applied and .../command (config/mosquitto.acl)"
        }
        AlarmCode::NobodyListens => {
            "start the centre, and check that it subscribes to retail/v1/+/#"
        }
        AlarmCode::PublishRefused => {
            "check the broker's access list and quota for this identity (config/mosquitto.acl)"
        }
        AlarmCode::RowsWithheld => {
            "raise the broker's maximum packet size; `shelfwire journal export` shows the rows"
        }
        AlarmCode::IdentityTaken => {
            "give each gateway its own client_id and certificate, and stop the copy of this one"
        }
        AlarmCode::CentreSilent => "check that the centre runs and reads from this broker",
        AlarmCode::CentreConfused => "compare the versions of gateway and centre; send both logs",
        AlarmCode::Fenced => "decide which box holds the store and switch the other one off",
        AlarmCode::StartOver => "nothing is lost: it waits in the inbox; see docs/JOURNAL.md",
    }
}
