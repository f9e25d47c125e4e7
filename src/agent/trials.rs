//! The `[[test]]` stanzas of a configuration, played with the catalogue that it names: `check`, the
//! start and a reload judge alike.

use shelfwire_core::identify::Catalogue;

use crate::config::{Config, Report};
use crate::device::catalogue::{Fault, read_whole};

/// Plays them; without a catalogue in the configuration every code is an item of its own.
pub fn play(config: &Config, report: &mut Report) {
    let catalogue = match &config.catalogue {
        Some(catalogue) if !config.tests.is_empty() => read_whole(&catalogue.file),
        _ => Ok(Catalogue::empty()),
    };
    let why = |fault| match fault {
        // In force before it is nothing here.
        Fault::Refused { path, why } => format!("{path}{why}"),
        other @ (Fault::Unset | Fault::Missing(_)) => other.to_string(),
    };
    let catalogue = catalogue.map_err(why);
    report.play(config, catalogue.as_ref().map_err(String::as_str));
}
