//! The fleet's file below the store's own: what is the same everywhere, what one store has
//! otherwise, and what the store itself says. The later wins, key by key.

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::node::{Entry, Kind, Node, Spot, Table};
use super::read;

/// The key of the fleet's file below which stores have what differs: `[store."0042"]`.
const STORES: &str = "store";
/// In a table of a list: takes the table of that name out.
const ABSENT: &str = "absent";

/// The store's own keys over those of the fleet. Lists of tables go by `name`: an entry with a name
/// that is there already adds to it, and so does a table; anything else takes the other's place.
pub(super) fn stack(mut fleet: Table, own: Table, faults: &mut Vec<Diagnostic>) -> Table {
    let values = read::tables_that_are_values();
    let name = own.get(STORES).and_then(|entry| as_text(&entry.node));
    let overrides = fleet.remove(STORES);
    if let Some(entry) = overrides
        && let Some(mine) = of_store(entry, name, faults)
    {
        overlay(&mut fleet, mine, "", &values, faults);
    }
    overlay(&mut fleet, own, "", &values, faults);
    fleet
}

/// Overrides stand in the fleet's file and nowhere else.
pub(super) fn no_overrides(own: &Table, faults: &mut Vec<Diagnostic>) {
    if let Some(entry) = own.get(STORES)
        && let Kind::Table(_) = entry.node.kind
    {
        let message = "what stores have otherwise stands in the fleet's file, not in a store's own";
        let fault = Diagnostic::new(Code::OverrideInStore, &entry.node.spot, message).help(
            "write store = \"0042\" here, and [store.\"0042\"] in fleet.toml beside this file",
        );
        faults.push(fault);
    }
}

/// What the fleet's file says of the store of that name.
fn of_store(entry: Entry, name: Option<&str>, faults: &mut Vec<Diagnostic>) -> Option<Table> {
    let Kind::Table(mut stores) = entry.node.kind else {
        let message = "the fleet's file is the same in every store, and cannot say which one it is";
        let fault = Diagnostic::new(Code::StoreInFleet, &entry.key, message)
            .help("move this line into the store's own file, shelfwire.toml");
        faults.push(fault);
        return None;
    };
    for (key, store) in &stores {
        let message = match &store.node.kind {
            Kind::Table(inner) => match inner.get(STORES) {
                Some(inner) => {
                    let message = "a store is not renamed by the fleet's file";
                    let fault = Diagnostic::new(Code::StoreInFleet, &inner.key, message)
                        .help("move this line into the store's own file, shelfwire.toml");
                    faults.push(fault);
                    continue;
                }
                None if key.parse::<shelfwire_core::domain::ids::Name>().is_ok() => continue,
                None => format!("\"{key}\" cannot be a store: 1 to 32 letters, digits, '-' or '_'"),
            },
            other @ (Kind::Text(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Boolean(_)
            | Kind::Datetime
            | Kind::Array(_)) => {
                format!("`store.{key}` is a table, and here it is {}", other.title())
            }
        };
        let fault = Diagnostic::new(Code::NotAStore, &store.key, message)
            .help("write [store.\"0042\"] with the name of a store, and below it what that store has otherwise");
        faults.push(fault);
    }
    if let Kind::Table(mine) = stores.remove(name?)?.node.kind {
        Some(mine)
    } else {
        None
    }
}

fn overlay(
    under: &mut Table,
    over: Table,
    path: &str,
    values: &[String],
    faults: &mut Vec<Diagnostic>,
) {
    for (key, entry) in over {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let Entry { key: place, node } = entry;
        let Node { spot, kind } = node;
        let put = |kind| Entry {
            key: place.clone(),
            node: Node {
                spot: spot.clone(),
                kind,
            },
        };
        match kind {
            Kind::Table(new) if !values.contains(&path) => {
                let old = under
                    .entry(key)
                    .or_insert_with(|| put(Kind::Table(Table::new())));
                if let Kind::Table(old) = &mut old.node.kind {
                    overlay(old, new, &path, values, faults);
                } else {
                    *old = put(Kind::Table(new));
                }
            }
            Kind::Array(new) if !new.is_empty() && list(&new) => {
                let old = under
                    .entry(key)
                    .or_insert_with(|| put(Kind::Array(Vec::new())));
                if let Kind::Array(old) = &mut old.node.kind
                    && list(old)
                {
                    entries(old, new, &format!("{path}[]"), values, faults);
                } else {
                    *old = put(Kind::Array(new));
                }
            }
            kind @ (Kind::Text(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Boolean(_)
            | Kind::Datetime
            | Kind::Array(_)
            | Kind::Table(_)) => {
                under.insert(key, put(kind));
            }
        }
    }
}

/// Tables of a list over those of the level below, by their names.
fn entries(
    under: &mut Vec<Node>,
    over: Vec<Node>,
    path: &str,
    values: &[String],
    faults: &mut Vec<Diagnostic>,
) {
    // Two of one level are not merged with each other: a name twice stays a fault.
    let mut below: Vec<String> = under.iter().filter_map(name_of).collect();
    for item in over {
        let known = name_of(&item).and_then(|name| below.iter().position(|b| *b == name));
        let name = known.map(|at| below.swap_remove(at));
        let at = under
            .iter()
            .position(|old| name.is_some() && name_of(old) == name);
        let absent = absent(&item);
        match (item.kind, at, absent) {
            (_, Some(at), Some(_)) => {
                under.remove(at);
            }
            (_, None, Some(place)) => {
                let message = "there is nothing of that name to take out";
                let fault = Diagnostic::new(Code::NothingAbsent, &place, message)
                    .help("correct the name, or remove this table: `absent` takes out what the fleet's file has");
                faults.push(fault);
            }
            (Kind::Table(new), Some(at), None) => {
                if let Some(Node { spot, kind }) = under.get_mut(at)
                    && let Kind::Table(old) = kind
                {
                    *spot = item.spot;
                    overlay(old, new, path, values, faults);
                }
            }
            (kind, _, None) => under.push(Node {
                spot: item.spot,
                kind,
            }),
        }
    }
}

fn list(items: &[Node]) -> bool {
    items.iter().all(|item| matches!(item.kind, Kind::Table(_)))
}

fn name_of(item: &Node) -> Option<String> {
    let Kind::Table(table) = &item.kind else {
        return None;
    };
    as_text(&table.get("name")?.node).map(str::to_owned)
}

/// Where `absent = true` stands.
fn absent(item: &Node) -> Option<Spot> {
    let Kind::Table(table) = &item.kind else {
        return None;
    };
    let entry = table.get(ABSENT)?;
    matches!(entry.node.kind, Kind::Boolean(true)).then(|| entry.key.clone())
}

fn as_text(node: &Node) -> Option<&str> {
    let Kind::Text(text) = &node.kind else {
        return None;
    };
    Some(text)
}
