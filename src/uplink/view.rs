//! What the uplink shows of itself, for status and health.

use std::collections::BTreeMap;

use serde::Serialize;
use shelfwire_core::domain::time::{MonoMs, WallMs};
use shelfwire_core::session::{Alarm, Status};

use super::link::LinkAlarm;
use crate::support::clock;

/// The uplink as of its last tick.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UplinkView {
    /// The session's own summary; `None` before its first tick.
    pub status: Option<Status>,
    /// Why the last connection ended, or could not be made.
    pub reason: Option<String>,
    /// When it will be tried again, in milliseconds since boot.
    pub next_try: Option<MonoMs>,
    /// When the session last completed a tick, in milliseconds since boot.
    pub ticked: MonoMs,
    /// Alarms that are raised, by code.
    pub alarms: BTreeMap<&'static str, AlarmView>,
    /// How far the box's wall clock is ahead of the centre's, in milliseconds, when last told.
    pub clock_ahead_ms: Option<i64>,
}

/// An alarm that is raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlarmView {
    /// What is wrong.
    pub text: String,
    /// How to fix it.
    pub fix: String,
    /// Since when, for people.
    pub since_wall_ms: WallMs,
}

impl UplinkView {
    /// Raises an alarm of the session's.
    pub(super) fn raise(&mut self, alarm: Alarm) {
        self.put(alarm.code.as_str(), alarm.text, alarm.fix);
    }

    /// Raises an alarm of the connection's; the one that was raised before is over.
    pub(super) fn raise_link(&mut self, raised: &mut Option<&'static str>, alarm: LinkAlarm) {
        if *raised != Some(alarm.code) {
            self.clear_link(raised);
        }
        *raised = Some(alarm.code);
        self.put(alarm.code, alarm.text, alarm.fix.to_owned());
    }

    /// The connection's alarm, if any, is over.
    pub(super) fn clear_link(&mut self, raised: &mut Option<&'static str>) {
        if let Some(code) = raised.take() {
            self.clear(code);
        }
    }

    /// An alarm is over.
    pub(super) fn clear(&mut self, code: &'static str) {
        if self.alarms.remove(code).is_some() {
            tracing::info!(alarm = code, "alarm over");
        }
    }

    fn put(&mut self, code: &'static str, text: String, fix: String) {
        if let Some(old) = self.alarms.get_mut(code) {
            old.text = text;
            return;
        }
        tracing::error!(alarm = code, fix, "{text}");
        let since_wall_ms = clock::wall_ms();
        self.alarms.insert(
            code,
            AlarmView {
                text,
                fix,
                since_wall_ms,
            },
        );
    }
}
