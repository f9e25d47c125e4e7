//! The configuration of readers and shelves, as the devices take it.

use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::presence::{Antenna, Reader};
use shelfwire_core::presence::{AntennaAt, Layout, Settings};
use shelfwire_core::reader;

use crate::config::{self, Config};
use crate::device::llrp::{ReaderSettings, Way};
use crate::device::shelves::ShelvesSettings;
use crate::uplink::mqtt::TlsFiles;

/// The store's shelves; `None` without readers. Antennas have the numbers that [`readers`] gives them.
pub(super) fn shelves(config: &Config) -> Option<ShelvesSettings> {
    if config.readers.is_empty() {
        return None;
    }
    let mut layout = Layout::default();
    for (reader, number) in config.readers.iter().zip((0..).map(Reader)) {
        for antenna in &reader.antennas {
            layout.antennas.push(AntennaAt {
                reader: number,
                shelf: number_of(&antenna.shelf, &mut layout.shelves),
            });
            layout.reference.extend(&antenna.reference);
        }
        layout.readers += 1;
    }
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let presence = &config.presence;
    Some(ShelvesSettings {
        layout,
        settings: Settings {
            glimpsed_timeout_ms: millis(presence.glimpsed_timeout),
            observed_time_threshold_ms: millis(presence.observed_time_threshold),
            observed_count_threshold: presence.observed_count_threshold,
            lost_timeout_ms: millis(presence.lost_timeout),
        },
        readers: config
            .readers
            .iter()
            .map(|reader| reader.name.clone())
            .collect(),
        calendar: config.calendar(),
    })
}

/// A shelf's place among the shelves; one that is new comes last.
fn number_of(shelf: &Name, shelves: &mut Vec<Name>) -> u16 {
    let at = shelves.iter().position(|name| name == shelf);
    let at = at.unwrap_or_else(|| {
        shelves.push(shelf.clone());
        shelves.len() - 1
    });
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// Antennas are numbered over all readers, in the order of the configuration.
pub(super) fn readers(config: &Config) -> Vec<ReaderSettings> {
    let mut numbers = (0..).map(Antenna);
    let readers = config.readers.iter().zip((0..).map(Reader));
    readers
        .map(|(reader, number)| ReaderSettings {
            name: reader.name.clone(),
            way: match &reader.way {
                config::ReaderWay::Call { host, port, tls } => Way::Call {
                    host: host.clone(),
                    port: *port,
                    tls: tls.as_ref().map(reader_tls),
                },
                config::ReaderWay::Listen(address) => Way::Listen(*address),
            },
            session: reader::Settings {
                reader: number,
                antennas: reader
                    .antennas
                    .iter()
                    .map(|antenna| antenna.port)
                    .zip(&mut numbers)
                    .collect(),
                power_cdbm: reader.power_cdbm,
                session: reader.session,
                mode: reader.mode,
                population: reader.population,
                report_every: reader.report_every,
            },
        })
        .collect()
}

fn reader_tls(tls: &config::ReaderTls) -> TlsFiles {
    let path = |file: &config::SecretFile| file.path().to_owned();
    let identity = tls.identity.as_ref();
    TlsFiles {
        ca: tls.ca.as_ref().map(path),
        identity: identity.map(|identity| (path(&identity.cert), path(&identity.key))),
    }
}
