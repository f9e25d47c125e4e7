//! A key that nobody knows: what it was probably meant to be.

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::node::{Entry, Kind, Table};

/// Tables by names that other programs use for them.
const OTHER_NAMES: [(&str, &str); 22] = [
    ("mqtt", "[uplink]"),
    ("broker", "[uplink]"),
    ("timers", "[uplink.timers]"),
    ("scanners", "[[scanner]]"),
    ("device", "[[scanner]]"),
    ("serial", "[[scanner]]"),
    ("tills", "[[till]]"),
    ("database", "[journal]"),
    ("storage", "[journal]"),
    ("logging", "[log]"),
    ("websocket", "[pos]"),
    ("catalog", "[catalogue]"),
    ("opening_hours", "[hours]"),
    ("drops", "[[drop]]"),
    ("folder", "[[drop]]"),
    ("tests", "[[test]]"),
    ("readers", "[[reader]]"),
    ("rfid", "[[reader]]"),
    ("llrp", "[[reader]]"),
    ("shelves", "[[reader]]"),
    ("alerts", "[watch]"),
    ("watches", "[watch]"),
];

pub(super) fn unknown(
    path: &str,
    key: &str,
    entry: &Entry,
    meant: Option<&str>,
    taken: &[&'static str],
) -> Diagnostic {
    let node = &entry.node.kind;
    let is_table = matches!(node, Kind::Table(_))
        || matches!(node, Kind::Array(items) if items.iter().any(|item| matches!(item.kind, Kind::Table(_))));
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == key);
    if let (true, true, Some((_, ours))) = (path.is_empty(), is_table, other) {
        return Diagnostic::new(
            Code::UnknownTable,
            &entry.key,
            format!("there is no table `{key}`"),
        )
        .label("not known")
        .help(format!("the table is called {ours}"));
    }
    let (code, what) = if is_table {
        (Code::UnknownTable, "table")
    } else {
        (Code::UnknownKey, "key")
    };
    let place = title(path);
    let help = match meant {
        Some(near) => format!("did you mean `{near}`?"),
        None => match super::read::elsewhere(key) {
            Some(table) => format!("`{key}` belongs into {table}"),
            None => format!("{place} knows: {}", taken.join(", ")),
        },
    };
    let message = if path.is_empty() {
        format!("there is no {what} `{key}`")
    } else {
        format!("{place} has no {what} `{key}`")
    };
    Diagnostic::new(code, &entry.key, message)
        .label("not known")
        .help(help)
}

/// Whether the files have a table under a name that other programs use for ours.
pub(super) fn known_otherwise(ours: &str, table: &Table) -> bool {
    let title = title(ours);
    OTHER_NAMES
        .iter()
        .any(|(name, known)| *known == title && table.contains_key(*name))
}

/// How a table is written: `uplink.timers` is `[uplink.timers]`, `scanner[1]` is `[[scanner]]`, and
/// `reader[0].antenna[2]` is `[[reader.antenna]]`.
pub(super) fn title(path: &str) -> String {
    let name = without_indices(path).replace("[]", "");
    match path.ends_with(']') {
        _ if path.is_empty() => "the part before the first table".to_owned(),
        true => format!("[[{name}]]"),
        false => format!("[{name}]"),
    }
}

/// `reader[0].antenna[2].port` is `reader[].antenna[].port`.
pub(super) fn without_indices(path: &str) -> String {
    let mut inside = false;
    let keep = |c: &char| {
        let was = inside;
        inside = *c == '[' || (inside && *c != ']');
        !was || *c == ']'
    };
    path.chars().filter(keep).collect()
}
