//! What a scanner's reads become, whatever line it is on: a command by its role, once.

use std::sync::Arc;

use shelfwire_core::codec::barcode::ScanRefusal;
use shelfwire_core::codec::framing::Frame;
use shelfwire_core::codec::label::Labels;
use shelfwire_core::codec::vouch::{AimRule, Vouch};
use shelfwire_core::domain::code::Code;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::label::Says;
use shelfwire_core::domain::observation::Scan;
use shelfwire_core::identify::{self, RepeatWindow, ScannerRole};
use tracing::{error, info};

use super::Goods;
use super::catalogue::Shared;
use super::serial::SerialSettings;
use super::source::Report;
use crate::support::clock;
use crate::support::tap::Passed;

/// A scanner.
#[derive(Debug, Clone)]
pub struct ScannerSettings {
    /// Its name: `dev` of its entries.
    pub name: Name,
    /// What its scans mean.
    pub role: ScannerRole,
    /// The same code read again within this time is no second unit, in milliseconds; 0 for never.
    pub repeat_ms: u64,
    /// What is asked of its reads.
    pub aim: AimRule,
    /// Its line.
    pub serial: SerialSettings,
}

/// The part of a scanner that is the same on every line.
pub(super) struct Scanner {
    name: Name,
    role: ScannerRole,
    window: RepeatWindow,
    vouch: Vouch,
    catalogue: Shared,
    labels: Arc<Labels>,
}

/// A code that may be trusted to be one, read as a label where it is one.
pub(super) struct Read {
    /// As it came: two labels of one item are no repeat.
    sent: Code,
    /// Without the value of a label.
    pub(super) code: Code,
    says: Option<Says>,
}

impl Scanner {
    pub(super) fn new(settings: &ScannerSettings, goods: &Goods) -> Self {
        Self {
            name: settings.name.clone(),
            role: settings.role.clone(),
            window: RepeatWindow::new(settings.repeat_ms),
            vouch: Vouch::new(settings.aim),
            catalogue: goods.catalogue.clone(),
            labels: Arc::clone(&goods.labels),
        }
    }

    /// Whether a read may be trusted to be one, and what it is.
    pub(super) fn vouches(
        &mut self,
        frame: &Frame,
        read: Result<Code, ScanRefusal>,
    ) -> Result<Read, ScanRefusal> {
        let catalogue = self.catalogue.current();
        let listed = |code: &Code| catalogue.code(code.as_str()).is_some();
        let sent = self.vouch.judge(frame, read, listed)?;
        let (code, says) = match self.labels.read(&sent) {
            Some(label) => (label.base, Some(label.says?)),
            None => (sent.clone(), None),
        };
        Ok(Read { sent, code, says })
    }

    /// One code was read: waits until it is committed.
    pub(super) fn scanned(&mut self, read: Read, report: &mut Report) {
        let Read { sent, code, says } = read;
        if !self
            .window
            .accepts(sent.as_str().as_bytes(), clock::boot_ms())
        {
            report.state().count(|counters| counters.repeats += 1);
            let why = format!("{code} was read a moment ago: no second unit");
            report.pass(clock::boot_ms(), |device| Passed::Refused { device, why });
            return;
        }
        let scan = Scan {
            device: self.name.clone(),
            code,
            says,
        };
        let catalogue = self.catalogue.current();
        let command = identify::scan(&catalogue, &scan, &self.role, report.stamp());
        let Some(command) = command else {
            // A look-up, or goods without stock: heard, and nothing to write.
            report.state().count(|counters| counters.reads += 1);
            return;
        };
        match report.take(command) {
            Ok(_) => report.state().count(|counters| counters.reads += 1),
            Err(why) if why.retry() => {
                report.state().count(|counters| counters.refused += 1);
                error!(scanner = %self.name, %why, "a scan was not taken: scan it again");
                report.lost("scan_not_taken", 1);
            }
            Err(why) => {
                report.state().count(|counters| counters.refused += 1);
                info!(scanner = %self.name, %why, "a scan was refused");
                report.lost("scan_refused", 1);
            }
        }
    }
}
