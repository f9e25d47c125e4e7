//! The lives of `ROSpec`s (LLRP 1.1, 11.2): disabled, inactive, active, and back.

use shelfwire_core::codec::llrp::content::{ReportSpec, ReportTrigger};
use shelfwire_core::codec::llrp::rospec::{RoSpecState, StartTrigger, StopTrigger};
use shelfwire_core::codec::llrp::{Act, RoSpec, Status};

use super::judge;
use super::reports::Shape;

/// What became of a `ROSpec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Began(u32),
    Ended(u32),
}

/// A `ROSpec` that was taken.
#[derive(Debug)]
pub(super) struct Taken {
    spec: RoSpec,
    /// While it is inactive: when its trigger starts it.
    starts_us: Option<u64>,
    /// While it is active: when its triggers end it.
    ends_us: Option<u64>,
}

impl Taken {
    /// Whether it reads with this antenna.
    pub(super) fn hears(&self, antenna: u16) -> bool {
        let mut all = self.spec.inventories.iter().flat_map(|ai| &ai.antennas);
        all.any(|named| *named == 0 || *named == antenna)
    }

    /// What its reports are made of; `otherwise` says so where it does not itself.
    pub(super) fn shape(&self, otherwise: Option<&ReportSpec>) -> Shape {
        let report = self.spec.report.as_ref().or(otherwise);
        let inventories = self.spec.inventories.iter();
        let mut inventories = inventories.flat_map(|ai| &ai.inventories);
        Shape {
            rospec: self.spec.id,
            inventory: inventories.next().map_or(0, |spec| spec.id),
            content: report.map(|report| report.content).unwrap_or_default(),
            pc: report.is_some_and(|report| report.epc_memory.is_some_and(|m| m.pc)),
            crc: report.is_some_and(|report| report.epc_memory.is_some_and(|m| m.crc)),
            impinj: report.is_some_and(judge::asks_fine_signal),
            tags: match report {
                Some(report) if report.trigger != ReportTrigger::None => report.n,
                _ => 0,
            },
        }
    }

    fn is(&self, state: RoSpecState) -> bool {
        self.spec.state == state
    }

    fn enable(&mut self, may_start: bool, now_us: u64, turns: &mut Vec<Turn>) {
        self.spec.state = RoSpecState::Inactive;
        match self.spec.start {
            StartTrigger::Immediate if may_start => self.start(now_us, turns),
            StartTrigger::Periodic { offset_ms, .. } => {
                self.starts_us = Some(now_us + u64::from(offset_ms) * 1_000);
            }
            StartTrigger::Null
            | StartTrigger::Immediate
            | StartTrigger::Gpi(_)
            | StartTrigger::Other(_) => {}
        }
    }

    fn start(&mut self, now_us: u64, turns: &mut Vec<Turn>) {
        self.spec.state = RoSpecState::Active;
        self.starts_us = None;
        self.ends_us = self
            .lasts_ms()
            .map(|ms| now_us + u64::from(ms.max(1)) * 1_000);
        turns.push(Turn::Began(self.spec.id));
    }

    /// How long it runs, if its triggers say.
    fn lasts_ms(&self) -> Option<u32> {
        let duration = |stop| {
            let StopTrigger::Duration(ms) = stop else {
                return None;
            };
            Some(ms).filter(|ms| *ms > 0)
        };
        let whole = duration(self.spec.stop);
        let each = self.spec.inventories.iter().map(|ai| duration(ai.stop));
        let together = each.sum::<Option<u32>>();
        whole.into_iter().chain(together).min()
    }

    /// It ends; a trigger may start it anew.
    fn end(&mut self, now_us: u64, turns: &mut Vec<Turn>) {
        self.spec.state = RoSpecState::Inactive;
        self.ends_us = None;
        if let StartTrigger::Periodic { period_ms, .. } = self.spec.start {
            self.starts_us = Some(now_us + u64::from(period_ms.max(1)) * 1_000);
        }
        turns.push(Turn::Ended(self.spec.id));
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Specs {
    all: Vec<Taken>,
    /// Strange: an immediate trigger does not start.
    pub(super) immediate_never_starts: bool,
}

impl Specs {
    pub(super) fn active(&self) -> Option<&Taken> {
        self.all.iter().find(|taken| taken.is(RoSpecState::Active))
    }

    pub(super) fn states(&self) -> Vec<(u32, RoSpecState)> {
        let all = self.all.iter();
        all.map(|taken| (taken.spec.id, taken.spec.state)).collect()
    }

    pub(super) fn list(&self) -> Vec<RoSpec> {
        self.all.iter().map(|taken| taken.spec.clone()).collect()
    }

    /// Adds one that was judged before.
    pub(super) fn add(&mut self, spec: RoSpec) {
        self.all.push(Taken {
            spec,
            starts_us: None,
            ends_us: None,
        });
    }

    /// A command on one, or on all (0).
    pub(super) fn act(&mut self, act: Act, id: u32, now_us: u64, turns: &mut Vec<Turn>) -> Status {
        let known = self.all.iter().any(|taken| taken.spec.id == id);
        let one_only = matches!(act, Act::Start | Act::Stop);
        if (id == 0 && one_only) || (id != 0 && !known) {
            return judge::field(0, judge::A_INVALID, &format!("no ROSpec {id}"));
        }
        let busy = self.active().map(|taken| taken.spec.id);
        let immediate = !self.immediate_never_starts;
        for taken in &mut self.all {
            if id != 0 && taken.spec.id != id {
                continue;
            }
            match act {
                Act::Enable if taken.is(RoSpecState::Disabled) => {
                    taken.enable(immediate && busy.is_none(), now_us, turns);
                }
                Act::Disable | Act::Delete => {
                    if taken.is(RoSpecState::Active) {
                        taken.end(now_us, turns);
                    }
                    taken.spec.state = RoSpecState::Disabled;
                    taken.starts_us = None;
                }
                Act::Start | Act::Stop if taken.is(RoSpecState::Disabled) => {
                    let words = format!("ROSpec {id} is disabled");
                    return judge::field(0, judge::A_INVALID, &words);
                }
                Act::Start if busy.is_some_and(|busy| busy != id) => {
                    return Status::refused(judge::R_DEVICE, "another ROSpec is active");
                }
                Act::Start if taken.is(RoSpecState::Inactive) => taken.start(now_us, turns),
                Act::Stop if taken.is(RoSpecState::Active) => taken.end(now_us, turns),
                Act::Enable | Act::Start | Act::Stop | Act::DeleteAccess => {}
            }
        }
        if act == Act::Delete {
            self.all.retain(|taken| id != 0 && taken.spec.id != id);
        }
        Status::success()
    }

    /// When a trigger is due next.
    pub(super) fn next_us(&self) -> Option<u64> {
        let all = self.all.iter();
        all.flat_map(|taken| [taken.starts_us, taken.ends_us])
            .flatten()
            .min()
    }

    /// Triggers that are due.
    pub(super) fn tick(&mut self, now_us: u64, turns: &mut Vec<Turn>) {
        let immediate = !self.immediate_never_starts;
        for taken in &mut self.all {
            if taken.ends_us.is_some_and(|due| due <= now_us) {
                taken.end(now_us, turns);
                if immediate && taken.spec.start == StartTrigger::Immediate {
                    taken.start(now_us, turns);
                }
            }
            if taken.starts_us.is_some_and(|due| due <= now_us) {
                taken.start(now_us, turns);
            }
        }
    }
}
