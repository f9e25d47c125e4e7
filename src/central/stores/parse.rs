//! A list of stores from text: every fault with its place and a way to mend it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::identify::catalogue::Fault;
use shelfwire_core::identify::catalogue::csv::{Field, fields};
use shelfwire_core::limits::{SOURCES_MAX, STORES_FAULTS_MAX, STORES_FILE_MAX_BYTES, STORES_MAX};

use super::{StoreLine, opening};

/// The columns, in their order.
pub const HEADER: [&str; 8] = [
    "id",
    "name",
    "latitude",
    "longitude",
    "timezone",
    "hours",
    "pick_up",
    "tills",
];

type Found<T> = Result<T, Fault>;

/// Takes a list whole, or names what is wrong with it: at most 20 faults.
pub fn parse(text: &[u8]) -> Result<Vec<StoreLine>, Vec<Fault>> {
    if text.len() as u64 > STORES_FILE_MAX_BYTES {
        let problem = format!("the file has more than {STORES_FILE_MAX_BYTES} bytes");
        return Err(vec![fault(1, 1, &problem, "is this a list of stores?")]);
    }
    let text =
        std::str::from_utf8(text).map_err(|error| vec![not_text(text, error.valid_up_to())])?;
    let mut lines = text.trim_start_matches('\u{feff}').lines().zip(1_u32..);
    let header = lines.next().map_or("", |(line, _)| line);
    let names: Vec<&str> = header.split(',').map(str::trim).collect();
    if names != HEADER {
        let fix = format!("the first line is: {}", HEADER.join(","));
        return Err(vec![fault(
            1,
            1,
            "this is not the header of a list of stores",
            &fix,
        )]);
    }
    let (mut stores, mut faults) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<Name, u32> = BTreeMap::new();
    for (line, number) in lines {
        if line.trim_matches([' ', ',']).is_empty() {
            continue;
        }
        match store(line, number, &mut seen) {
            Ok(store) => stores.push(store),
            Err(mut found) => faults.append(&mut found),
        }
        if stores.len() > STORES_MAX {
            let problem = format!("more than {STORES_MAX} stores");
            faults.push(fault(
                number,
                1,
                &problem,
                "give each centre its own stores",
            ));
        }
        if faults.len() >= STORES_FAULTS_MAX {
            faults.truncate(STORES_FAULTS_MAX);
            break;
        }
    }
    if faults.is_empty() {
        Ok(stores)
    } else {
        Err(faults)
    }
}

fn fault(line: u32, column: usize, problem: &str, fix: &str) -> Fault {
    Fault {
        line,
        column: u32::try_from(column).unwrap_or(u32::MAX),
        problem: problem.to_owned(),
        fix: fix.to_owned(),
    }
}

fn not_text(text: &[u8], at: usize) -> Fault {
    let before = text.get(..at).unwrap_or_default();
    let line = before.split(|byte| *byte == b'\n').count();
    let column = before
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n')
        .count()
        + 1;
    let line = u32::try_from(line).unwrap_or(u32::MAX);
    let fix = "save the file as UTF-8";
    fault(line, column, "a character that is not UTF-8", fix)
}

/// One row; all that is wrong with it.
fn store(line: &str, number: u32, seen: &mut BTreeMap<Name, u32>) -> Result<StoreLine, Vec<Fault>> {
    let all = fields(line).map_err(|quote| {
        let fix = "close the quotes; a quote inside them is written twice";
        vec![fault(
            number,
            quote.column,
            "a quoted field does not end",
            fix,
        )]
    })?;
    let Ok(
        [
            id,
            name,
            latitude,
            longitude,
            timezone,
            hours,
            pick_up,
            tills,
        ],
    ) = <&[Field<'_>; 8]>::try_from(all.as_slice())
    else {
        let problem = format!("{} fields instead of {}", all.len(), HEADER.len());
        let fix = "put a field that holds a comma into quotes";
        let column = all.last().map_or(1, |field| field.column);
        return Err(vec![fault(number, column, &problem, fix)]);
    };
    let at =
        |field: &Field<'_>, problem: &str, fix: &str| fault(number, field.column, problem, fix);
    let id = id.text.parse::<Name>().map_err(|error| {
        at(
            id,
            &error.to_string(),
            "write the id as the store's box has it in `store`",
        )
    });
    let id = id.and_then(|found| match seen.insert(found.clone(), number) {
        Some(before) => {
            let problem = format!("store {found} stands in line {before} already");
            Err(fault(number, 1, &problem, "keep one of the lines"))
        }
        None => Ok(found),
    });
    let position = position(latitude, longitude, &at);
    let zone = zone(timezone, &at);
    let hours = week(hours, &at);
    let pick_up = match &*pick_up.text {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(at(
            pick_up,
            &format!("\"{other}\" is neither true nor false"),
            "write true where customers may collect orders",
        )),
    };
    let tills = expected(tills, &at);
    match (id, position, zone, hours, pick_up, tills) {
        (Ok(id), Ok(position), Ok(timezone), Ok(hours), Ok(pick_up), Ok(tills)) => Ok(StoreLine {
            id,
            name: name.text.clone().into_owned(),
            position,
            timezone,
            hours,
            pick_up,
            tills,
        }),
        (id, position, zone, hours, pick_up, tills) => {
            let first = [id.err(), position.err(), zone.err()];
            let more = [hours.err(), pick_up.err(), tills.err()];
            Err(first.into_iter().chain(more).flatten().collect())
        }
    }
}

type At<'a> = &'a dyn Fn(&Field<'_>, &str, &str) -> Fault;

/// Both, or neither.
fn position(north: &Field<'_>, east: &Field<'_>, at: At<'_>) -> Found<Option<(f64, f64)>> {
    let degrees = |field: &Field<'_>, most: f64| -> Found<Option<f64>> {
        if field.text.is_empty() {
            return Ok(None);
        }
        let plain = field
            .text
            .bytes()
            .all(|b| b.is_ascii_digit() || b"-.".contains(&b));
        let number = field.text.parse::<f64>().ok().filter(|_| plain);
        match number.filter(|number| number.abs() <= most) {
            Some(number) => Ok(Some(number)),
            None => Err(at(
                field,
                &format!(
                    "\"{}\" is no degrees between -{most} and {most}",
                    field.text
                ),
                "write degrees with a point, such as 53.5503, or leave both fields empty",
            )),
        }
    };
    match (degrees(north, 90.0)?, degrees(east, 180.0)?) {
        (Some(north), Some(east)) => Ok(Some((north, east))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(at(
            east,
            "the longitude is missing",
            "write both or neither",
        )),
        (None, Some(_)) => Err(at(
            north,
            "the latitude is missing",
            "write both or neither",
        )),
    }
}

fn zone(field: &Field<'_>, at: At<'_>) -> Found<String> {
    if TimeZone::get(&field.text).is_ok() {
        return Ok(field.text.clone().into_owned());
    }
    let problem = format!("\"{}\" is no time zone", field.text);
    let fix = "write a name such as Europe/Berlin (`timedatectl list-timezones` shows them)";
    Err(at(field, &problem, fix))
}

fn week(field: &Field<'_>, at: At<'_>) -> Found<String> {
    let fix = "write hours such as: mon-sat 08:00-20:00; sun closed";
    match opening::week(&field.text) {
        Ok(_) => Ok(field.text.clone().into_owned()),
        Err(problem) => Err(at(field, &problem, fix)),
    }
}

fn expected(field: &Field<'_>, at: At<'_>) -> Found<BTreeSet<Name>> {
    let mut tills = BTreeSet::new();
    let words = field.text.split([' ', ';']).filter(|word| !word.is_empty());
    for word in words {
        let till = word.parse::<Name>().map_err(|error| {
            at(
                field,
                &error.to_string(),
                "write the tills' names with spaces between them",
            )
        })?;
        if !tills.insert(till) {
            let problem = format!("the till {word} is named twice");
            return Err(at(field, &problem, "name each till once"));
        }
    }
    if tills.len() > SOURCES_MAX {
        let problem = format!("{} tills, a store has at most {SOURCES_MAX}", tills.len());
        return Err(at(field, &problem, "name the tills of this store only"));
    }
    Ok(tills)
}
