//! `[[reader]]` and `[presence]`: their keys, and what becomes of them.

use std::net::SocketAddr;
use std::time::Duration;

use shelfwire_core::domain::epc::Epc;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::limits::{
    READER_ANTENNAS_MAX, READER_POPULATION_MAX, READER_REPORT_MAX, TIMER_MAX_MS,
};
use shelfwire_core::presence::Settings;

use super::checked::{Identity, Presence, Reader, ReaderAntenna, ReaderTls, ReaderWay};
use super::environment::Surroundings;
use super::fields::Fields;
use super::read::duration;
use super::value::reader::{Address, Dbm, Epcs, Mode};
use super::value::secret::Source;
use super::value::text::Listen;

/// `[[reader]]` with nothing decided yet.
#[derive(Debug)]
pub(crate) struct ReaderDraft {
    /// `reader[0]`: where its keys stand.
    pub(crate) path: String,
    pub(crate) name: Option<Name>,
    pub(crate) address: Option<Address>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) tls: Option<TlsDraft>,
    power: Option<Dbm>,
    session: u8,
    mode: Option<Mode>,
    population: u16,
    report_every: u16,
    pub(crate) antennas: Vec<AntennaDraft>,
}

#[derive(Debug)]
pub(crate) struct TlsDraft {
    pub(crate) ca: Option<Source>,
    pub(crate) cert: Option<Source>,
    pub(crate) key: Option<Source>,
}

/// `[[reader.antenna]]` with nothing decided yet.
#[derive(Debug)]
pub(crate) struct AntennaDraft {
    /// `reader[0].antenna[1]`
    pub(crate) path: String,
    pub(crate) port: Option<u16>,
    shelf: Option<Name>,
    pub(crate) reference: Vec<Epc>,
}

pub(super) fn reader(fields: &mut Fields<'_>) -> ReaderDraft {
    ReaderDraft {
        path: fields.path().to_owned(),
        name: fields.required("name"),
        address: fields.optional("address"),
        listen: fields.optional("listen").map(|listen: Listen| listen.0),
        power: fields.optional("power_dbm"),
        session: fields.number("session", 1, 0..=3),
        mode: fields.optional("mode"),
        population: fields.number("population", 32, 1..=READER_POPULATION_MAX),
        report_every: fields.number("report_every", 1, 1..=READER_REPORT_MAX),
        tls: fields.table("tls", |tls| TlsDraft {
            ca: tls.optional("ca"),
            cert: tls.optional("cert"),
            key: tls.optional("key"),
        }),
        antennas: fields.tables("antenna", READER_ANTENNAS_MAX, antenna),
    }
}

fn antenna(fields: &mut Fields<'_>) -> AntennaDraft {
    AntennaDraft {
        path: fields.path().to_owned(),
        port: fields.required_number("port", 1..=u64::from(u16::MAX)),
        shelf: fields.required("shelf"),
        reference: fields
            .optional("reference")
            .map_or_else(Vec::new, |epcs: Epcs| epcs.0),
    }
}

pub(super) fn presence(fields: &mut Fields<'_>) -> Presence {
    let bounds = 0..=TIMER_MAX_MS;
    // One place for what was measured: the engine's own.
    let unless = Settings::default();
    let time =
        |fields: &mut Fields<'_>, key, unless_ms| duration(fields, key, unless_ms, bounds.clone());
    let count = unless.observed_count_threshold;
    Presence {
        glimpsed_timeout: time(fields, "glimpsed_timeout", unless.glimpsed_timeout_ms),
        observed_time_threshold: time(
            fields,
            "observed_time_threshold",
            unless.observed_time_threshold_ms,
        ),
        observed_count_threshold: fields.number("observed_count_threshold", count, 1..=100),
        lost_timeout: time(fields, "lost_timeout", unless.lost_timeout_ms),
    }
}

/// Milliseconds of a time, to compare.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Readers without faults.
pub(super) fn settle(
    readers: Vec<ReaderDraft>,
    surroundings: &Surroundings,
) -> Option<Vec<Reader>> {
    let readers = readers.into_iter();
    readers.map(|reader| one(reader, surroundings)).collect()
}

fn one(reader: ReaderDraft, surroundings: &Surroundings) -> Option<Reader> {
    let file = |source: Source| surroundings.file(&source);
    let tls = reader.tls.map(|tls| ReaderTls {
        ca: tls.ca.map(file),
        identity: tls.cert.zip(tls.key).map(|(cert, key)| Identity {
            cert: file(cert),
            key: file(key),
        }),
    });
    let way = match (reader.address, reader.listen) {
        (Some(Address { host, port }), _) => ReaderWay::Call { host, port, tls },
        (None, listen) => ReaderWay::Listen(listen?),
    };
    let antennas = reader.antennas.into_iter().map(|antenna| {
        Some(ReaderAntenna {
            port: antenna.port?,
            shelf: antenna.shelf?,
            reference: antenna.reference,
        })
    });
    Some(Reader {
        name: reader.name?,
        way,
        power_cdbm: reader.power.map(|power| power.0),
        session: reader.session,
        mode: reader.mode.map(|mode| mode.0),
        population: reader.population,
        report_every: reader.report_every,
        antennas: antennas.collect::<Option<_>>()?,
    })
}
