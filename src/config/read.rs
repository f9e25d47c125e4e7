//! Which keys there are: tree to values, each by itself. What contradicts what stands in `cross`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use shelfwire_core::codec::label::Labels;
use shelfwire_core::domain::hours::{Hours, WEEKDAYS};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::limits::{
    BAUD_MAX, BAUD_MIN, COMMIT_WINDOW_MAX_MS, DIGEST_ABOVE_MAX, DISK_BUDGET_MAX_BYTES,
    DISK_BUDGET_MIN_BYTES, KEEP_ALIVE_MAX_MS, KEEP_ALIVE_MIN_MS, POS_CONNECTIONS_MAX, READERS_MAX,
    RETENTION_MAX_MS, SOURCES_MAX, TIMER_MAX_MS, TIMER_MIN_MS, WATCH_MAX_MS,
};

use super::checked::{Catalogue, Journal, Log, Presence, Timers, Watch};
use super::fields::{Fields, Known, Reader};
use super::node::{Entry, Kind, Node, Spot, Table};
use super::readers::{self, ReaderDraft};
use super::unknown::title;
use super::value::choice::{Aim, FrameEnd, LogLevel, Numbers, Parity, Profile, Role, VoidStyle};
use super::value::hours::DayHours;
use super::value::label::Patterns;
use super::value::list::{Messages, Names, Quantities};
use super::value::secret::Source;
use super::value::text::{FullPath, Line};
use super::value::time::{TimeOfDay, Zone};
use crate::support::broker_url::BrokerUrl;

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7001);
/// The largest number of connections as a bound.
const CONNECTIONS: u64 = POS_CONNECTIONS_MAX as u64;
const TIMER: std::ops::RangeInclusive<u64> = TIMER_MIN_MS..=TIMER_MAX_MS;

/// Values with nothing decided about them together. A part is missing where a required key is.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) store: Option<Name>,
    pub(crate) gateway: Option<Name>,
    pub(crate) timezone: Option<TimeZone>,
    pub(crate) day_end: Option<Time>,
    pub(crate) hours: Option<Hours>,
    pub(crate) state_dir: PathBuf,
    pub(crate) uplink: UplinkDraft,
    pub(crate) journal: Journal,
    pub(crate) scanners: Vec<ScannerDraft>,
    pub(crate) pos: Option<PosDraft>,
    pub(crate) tills: Vec<TillDraft>,
    pub(crate) drops: Vec<DropDraft>,
    pub(crate) readers: Vec<ReaderDraft>,
    pub(crate) presence: Presence,
    pub(crate) watch: Watch,
    pub(crate) catalogue: Option<Catalogue>,
    pub(crate) labels: Labels,
    pub(crate) tests: Vec<TestDraft>,
    pub(crate) log: Log,
}

#[derive(Debug)]
pub(crate) struct UplinkDraft {
    pub(crate) broker: Option<BrokerUrl>,
    pub(crate) client_id: Option<String>,
    pub(crate) ca: Option<Source>,
    pub(crate) cert: Option<Source>,
    pub(crate) key: Option<Source>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Source>,
    pub(crate) profile: Option<Profile>,
    pub(crate) timers: Timers,
}

#[derive(Debug)]
pub(crate) struct ScannerDraft {
    /// `scanner[0]`: where its keys stand.
    pub(crate) path: String,
    pub(crate) name: Option<Name>,
    pub(crate) device: Option<PathBuf>,
    pub(crate) role: Option<Role>,
    pub(crate) baud: u32,
    pub(crate) parity: Parity,
    pub(crate) data_bits: u8,
    pub(crate) stop_bits: u8,
    pub(crate) end: FrameEnd,
    pub(crate) aim: Aim,
    pub(crate) inter_byte: Duration,
    pub(crate) repeat: Duration,
    pub(crate) zone: Option<Name>,
    pub(crate) from_zone: Option<Name>,
    pub(crate) reason: Option<Name>,
}

#[derive(Debug)]
pub(crate) struct PosDraft {
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<(Option<Source>, Option<Source>)>,
    pub(crate) handshake: Duration,
    pub(crate) idle: Duration,
    pub(crate) ping: Duration,
    pub(crate) connections: usize,
}

#[derive(Debug)]
pub(crate) struct TillDraft {
    pub(crate) path: String,
    pub(crate) name: Option<Name>,
    pub(crate) token: Option<Source>,
    pub(crate) versioned: bool,
    pub(crate) void_style: VoidStyle,
    pub(crate) numbers: Numbers,
    pub(crate) silent_after: Duration,
}

#[derive(Debug)]
pub(crate) struct DropDraft {
    pub(crate) path: String,
    pub(crate) name: Option<Name>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) tills: Option<Vec<Name>>,
}

#[derive(Debug)]
pub(crate) struct TestDraft {
    pub(crate) path: String,
    pub(crate) name: Option<String>,
    pub(crate) till: Option<Name>,
    pub(crate) messages: Option<Vec<String>>,
    pub(crate) expect: Option<Quantities>,
    pub(crate) unavailable: Option<Quantities>,
}

/// Reads everything; what is wrong is in the reader.
pub(crate) fn read(reader: &mut Reader, table: &Table) -> Draft {
    let mut root = Fields::root(reader, table);
    let draft = Draft {
        store: root.required("store"),
        gateway: root.name("gateway", "gw-1"),
        timezone: root.optional("timezone").map(|zone: Zone| zone.0),
        day_end: root.optional("day_end").map(|time: TimeOfDay| time.0),
        hours: root.table("hours", hours).flatten(),
        state_dir: root.path_or("state_dir", "/var/lib/shelfwire"),
        uplink: root.section("uplink", uplink),
        journal: root.section("journal", journal),
        scanners: root.tables("scanner", SOURCES_MAX, scanner),
        pos: root.table("pos", pos),
        tills: root.tables("till", SOURCES_MAX, till),
        drops: root.tables("drop", SOURCES_MAX, drop_folder),
        readers: root.tables("reader", READERS_MAX, readers::reader),
        presence: root.section("presence", readers::presence),
        watch: root.section("watch", watch),
        catalogue: root.table("catalogue", catalogue).flatten(),
        labels: root.section("labels", labels),
        tests: root.tables("test", SOURCES_MAX, test),
        log: root.section("log", log),
    };
    root.finish();
    draft
}

fn uplink(fields: &mut Fields<'_>) -> UplinkDraft {
    let text = |line: Line| line.0;
    UplinkDraft {
        broker: fields.required("url"),
        client_id: fields.optional("client_id").map(text),
        ca: fields.optional("ca"),
        cert: fields.optional("cert"),
        key: fields.optional("key"),
        username: fields.optional("username").map(text),
        password: fields.optional("password"),
        profile: fields.optional("profile"),
        timers: fields.section("timers", timers),
    }
}

fn timers(fields: &mut Fields<'_>) -> Timers {
    let d = Timers::default();
    let keep_alive = KEEP_ALIVE_MIN_MS..=KEEP_ALIVE_MAX_MS;
    Timers {
        keep_alive: fields.millis("keep_alive", d.keep_alive, keep_alive),
        poll: fields.millis("poll", d.poll, TIMER),
        connect: fields.millis("connect", d.connect, TIMER),
        puback_still: fields.millis("puback_still", d.puback_still, TIMER),
        puback_moving: fields.millis("puback_moving", d.puback_moving, TIMER),
        hello_answer: fields.millis("hello_answer", d.hello_answer, TIMER),
        hello_again_min: fields.millis("hello_again_min", d.hello_again_min, TIMER),
        hello_again_max: fields.millis("hello_again_max", d.hello_again_max, TIMER),
        hello_unheard: fields.millis("hello_unheard", d.hello_unheard, TIMER),
        outstanding: fields.millis("outstanding", d.outstanding, TIMER),
        foreign_hello: fields.millis("foreign_hello", d.foreign_hello, TIMER),
        fenced_hello: fields.millis("fenced_hello", d.fenced_hello, TIMER),
        reconnect_min: fields.millis("reconnect_min", d.reconnect_min, TIMER),
        reconnect_max: fields.millis("reconnect_max", d.reconnect_max, TIMER),
        reset_after: fields.millis("reset_after", d.reset_after, TIMER),
        taken_over_pause: fields.millis("taken_over_pause", d.taken_over_pause, TIMER),
        health: fields.millis("health", d.health, TIMER),
    }
}

fn journal(fields: &mut Fields<'_>) -> Journal {
    let budget = DISK_BUDGET_MIN_BYTES..=DISK_BUDGET_MAX_BYTES;
    Journal {
        retention: duration(fields, "retention", 30 * 86_400_000, 0..=RETENTION_MAX_MS),
        disk_budget_bytes: fields.bytes("disk_budget", 512 << 20, budget),
        commit_window: duration(fields, "commit_window", 0, 0..=COMMIT_WINDOW_MAX_MS),
    }
}

fn scanner(fields: &mut Fields<'_>) -> ScannerDraft {
    ScannerDraft {
        path: fields.path().to_owned(),
        name: fields.required("name"),
        device: fields.required("device").map(|path: FullPath| path.0),
        role: fields.required("role"),
        baud: fields.number("baud", 9_600, BAUD_MIN..=BAUD_MAX),
        parity: fields.choice("parity", Parity::None, Parity::None.word()),
        data_bits: fields.number("data_bits", 8, 7..=8),
        stop_bits: fields.number("stop_bits", 1, 1..=2),
        end: fields.choice("end", FrameEnd::Line, FrameEnd::Line.word()),
        aim: fields.choice("aim", Aim::Auto, Aim::Auto.word()),
        inter_byte: duration(fields, "inter_byte", 100, TIMER),
        repeat: duration(fields, "repeat", 150, 0..=TIMER_MAX_MS),
        zone: fields.optional("zone"),
        from_zone: fields.optional("from_zone"),
        reason: fields.optional("reason"),
    }
}

fn pos(fields: &mut Fields<'_>) -> PosDraft {
    PosDraft {
        listen: fields.listen("listen", DEFAULT_LISTEN),
        tls: fields.table("tls", |tls| (tls.required("cert"), tls.required("key"))),
        handshake: duration(fields, "handshake", 5_000, TIMER),
        idle: duration(fields, "idle", 40_000, TIMER),
        ping: duration(fields, "ping", 15_000, TIMER),
        connections: fields.number("connections", POS_CONNECTIONS_MAX, 1..=CONNECTIONS),
    }
}

fn till(fields: &mut Fields<'_>) -> TillDraft {
    TillDraft {
        path: fields.path().to_owned(),
        name: fields.required("name"),
        token: fields.optional("token"),
        versioned: fields.flag("versioned", false),
        void_style: fields.choice(
            "void_style",
            VoidStyle::Reverses,
            VoidStyle::Reverses.word(),
        ),
        numbers: fields.choice("numbers", Numbers::Continuous, Numbers::Continuous.word()),
        silent_after: duration(fields, "silent_after", 10 * 60_000, 0..=WATCH_MAX_MS),
    }
}

fn drop_folder(fields: &mut Fields<'_>) -> DropDraft {
    DropDraft {
        path: fields.path().to_owned(),
        name: fields.required("name"),
        folder: fields.required("folder").map(|path: FullPath| path.0),
        tills: fields.required("tills").map(|names: Names| names.0),
    }
}

fn test(fields: &mut Fields<'_>) -> TestDraft {
    TestDraft {
        path: fields.path().to_owned(),
        name: fields.required("name").map(|line: Line| line.0),
        till: fields.required("till"),
        messages: fields.required("messages").map(|list: Messages| list.0),
        expect: fields.required("expect"),
        unavailable: fields.optional("unavailable"),
    }
}

/// A day that is not said is a fault: whether a store is closed on it is not to be guessed.
fn hours(fields: &mut Fields<'_>) -> Option<Hours> {
    let days = WEEKDAYS.map(|day| fields.required(day).map(|hours: DayHours| hours.0));
    let mut all: [Vec<_>; 7] = Default::default();
    for (mine, day) in all.iter_mut().zip(days) {
        *mine = day?;
    }
    Some(Hours::new(all))
}

fn watch(fields: &mut Fields<'_>) -> Watch {
    let bounds = TIMER_MIN_MS..=WATCH_MAX_MS;
    Watch {
        hole_after: duration(fields, "hole_after", 15 * 60_000, bounds.clone()),
        void_after: duration(fields, "void_after", 24 * 3_600_000, bounds.clone()),
        digest_above: fields.number("digest_above", 20, 1..=DIGEST_ABOVE_MAX),
        digest_within: duration(fields, "digest_within", 3_600_000, bounds),
    }
}

fn catalogue(fields: &mut Fields<'_>) -> Option<Catalogue> {
    let file: Option<FullPath> = fields.required("file");
    let poll = duration(fields, "poll", 2_000, TIMER);
    file.map(|file| Catalogue { file: file.0, poll })
}

fn labels(fields: &mut Fields<'_>) -> Labels {
    let country = fields.optional("country");
    let own: Option<Patterns> = fields.optional("patterns");
    Labels::new(own.as_ref().map_or(&[], |own| &own.0), country)
}

fn log(fields: &mut Fields<'_>) -> Log {
    Log {
        level: fields.choice("level", LogLevel::Info, LogLevel::Info.word()),
    }
}

pub(super) fn duration(
    fields: &mut Fields<'_>,
    key: &'static str,
    default_ms: u64,
    bounds: std::ops::RangeInclusive<u64>,
) -> Duration {
    Duration::from_millis(fields.millis(key, default_ms, bounds))
}

/// Every key there is, in the order in which it is read.
pub(crate) fn known() -> Vec<Known> {
    let mut reader = Reader::default();
    let list_of = |key: &str, inner: Table| {
        let item = Node {
            spot: Spot::new(0, 0..0),
            kind: Kind::Table(inner),
        };
        (key.to_owned(), Entry::unplaced(Kind::Array(vec![item])))
    };
    let list = |key: &str| list_of(key, Table::new());
    let table = |key: &str, inner: Table| (key.to_owned(), Entry::unplaced(Kind::Table(inner)));
    let tree = Table::from([
        list("scanner"),
        list("till"),
        list("drop"),
        list("test"),
        list_of(
            "reader",
            Table::from([table("tls", Table::new()), list("antenna")]),
        ),
        table("hours", Table::new()),
        table("catalogue", Table::new()),
        table("pos", Table::from([table("tls", Table::new())])),
    ]);
    // What is missing in such a tree is of no interest, only what was asked for.
    read(&mut reader, &tree);
    reader.known
}

/// Keys whose value is written as a table, such as where a secret lies.
pub(crate) fn tables_that_are_values() -> Vec<String> {
    let tables = known().into_iter().filter(|key| key.table);
    tables.map(|key| key.path).collect()
}

/// The table that does have a key of that name.
pub(crate) fn elsewhere(key: &str) -> Option<String> {
    known().iter().find_map(|known| {
        let (table, name) = known.path.rsplit_once('.').unwrap_or(("", &known.path));
        (name == key).then(|| title(table))
    })
}
