//! Lists of stores: what is right, what is refused where and how to mend it, and when a store is
//! open by the clock on its wall.

use super::*;

const GOOD: &str = "\
id,name,latitude,longitude,timezone,hours,pick_up,tills
0042,\"Hamburg, Mitte\",53.5503,9.9920,Europe/Berlin,mon-sat 08:00-20:00; sun closed,true,till-1 till-2
0043,Lisboa,,,Europe/Lisbon,,false,
";

fn faults(text: &str) -> Vec<String> {
    let found = parse(text.as_bytes()).unwrap_err();
    found.iter().map(ToString::to_string).collect()
}

/// The good list with something in its first row replaced.
fn with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    GOOD.replacen(old, new, 1)
}

#[test]
fn v6_a_list_of_stores_is_read() {
    let stores = parse(GOOD.as_bytes()).unwrap();
    assert_eq!(stores.len(), 2);
    assert_eq!(stores[0].id.as_str(), "0042");
    assert_eq!(stores[0].name, "Hamburg, Mitte");
    assert_eq!(stores[0].position, Some((53.5503, 9.992)));
    assert!(stores[0].pick_up && !stores[1].pick_up);
    let tills: Vec<&str> = stores[0].tills.iter().map(Name::as_str).collect();
    assert_eq!(tills, ["till-1", "till-2"]);
    assert_eq!((stores[1].position, stores[1].tills.len()), (None, 0));
    let windows = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(parse(windows.as_bytes()).unwrap(), stores);
}

/// What is replaced in the good list, by what, and where and how that is told.
const FAULTS: [(&str, &str, &str, &str, &str); 18] = [
    (
        "id,name",
        "store,name",
        "1:1:",
        "not the header",
        "id,name,latitude",
    ),
    (
        "0042",
        "00 42",
        "2:1:",
        "00 42",
        "as the store's box has it",
    ),
    (
        "53.5503",
        "53,5503",
        "2:89:",
        "9 fields instead of 8",
        "quotes",
    ),
    ("53.5503", "153.5", "2:23:", "153.5", "with a point"),
    ("53.5503", "NaN", "2:23:", "NaN", "with a point"),
    (
        "53.5503",
        "",
        "2:23:",
        "latitude is missing",
        "both or neither",
    ),
    (
        "9.9920",
        "",
        "2:31:",
        "longitude is missing",
        "both or neither",
    ),
    (
        "Europe/Berlin",
        "Europe/Hamburg",
        "2:38:",
        "no time zone",
        "Europe/Berlin",
    ),
    (
        "Europe/Berlin",
        "",
        "2:38:",
        "no time zone",
        "Europe/Berlin",
    ),
    ("sun closed", "", "2:52:", "sun is not named", "mon-sat"),
    (
        "sun closed",
        "sat closed",
        "2:52:",
        "sat is named twice",
        "mon-sat",
    ),
    ("sun closed", "sunday closed", "2:52:", "sunday", "mon-sat"),
    ("08:00-20:00", "8-20", "2:52:", "8-20", "mon-sat"),
    ("true", "yes", "2:84:", "neither true nor false", "collect"),
    ("till-1 till-2", "till-1 till-1", "2:89:", "twice", "once"),
    (
        "till-1 till-2",
        "till-1,till-2",
        "2:96:",
        "9 fields",
        "quotes",
    ),
    (
        "\"Hamburg",
        "\"\"Hamburg",
        "2:6:",
        "quoted field does not end",
        "quotes",
    ),
    (
        "0043",
        "0042",
        "3:1:",
        "stands in line 2 already",
        "keep one",
    ),
];

#[test]
fn v6_every_fault_has_its_place_and_a_way_to_mend_it() {
    for (old, new, place, says, fix) in FAULTS {
        let told = faults(&with(old, new));
        assert_eq!(told.len(), 1, "{old} -> {new}: {told:?}");
        let told = &told[0];
        assert!(told.starts_with(place), "{old} -> {new}: {told}");
        assert!(
            told.contains(says) && told.contains(fix),
            "{old} -> {new}: {told}"
        );
    }
    let latin = with("Mitte", "M\u{fc}nster").replace('\u{fc}', "#");
    let latin: Vec<u8> = latin
        .bytes()
        .map(|b| if b == b'#' { 0xFC } else { b })
        .collect();
    let found = parse(&latin).unwrap_err();
    assert_eq!(
        found[0].to_string(),
        "2:17: a character that is not UTF-8; save the file as UTF-8"
    );
}

#[test]
fn v6_all_faults_are_told_at_once_up_to_20() {
    let row = "0042,x,200,1,Mars/Olympus,often,perhaps,a a\n";
    let told = faults(&format!("{}\n{row}", HEADER.join(",")));
    assert_eq!(told.len(), 5, "{told:?}");
    let many = format!("{}\n{}", HEADER.join(","), row.repeat(9));
    assert_eq!(faults(&many).len(), 20);
    assert!(faults("")[0].contains("header"));
}

fn ms(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// Open milliseconds of the spans within a local day that begins at `from`.
fn open_in(spans: &[(i64, i64)], from: &str, to: &str) -> i64 {
    let (from, to) = (ms(from), ms(to));
    let within = spans
        .iter()
        .map(|(a, b)| (b.min(&to) - a.max(&from)).max(0));
    within.sum::<i64>() / 60_000
}

#[test]
fn v1_a_store_is_open_by_the_clock_on_its_wall_also_when_clocks_change() {
    let hours = "mon-sun 00:30-04:00";
    // Berlin: forward on 2026-03-29 at 02:00, back on 2026-10-25 at 03:00.
    let spring = spans(hours, "Europe/Berlin", ms("2026-03-28T12:00:00Z"));
    let day = open_in(&spring, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    assert_eq!(day, 210 - 60);
    let autumn = spans(hours, "Europe/Berlin", ms("2026-10-26T12:00:00Z"));
    let day = open_in(&autumn, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    assert_eq!(day, 210 + 60);
    // Open at half past midnight, past the change.
    assert!(spring.windows(2).all(|pair| pair[0].1 < pair[1].0));
}

#[test]
fn v1_a_store_that_never_closes_is_one_span() {
    for hours in [
        "",
        "mon-sun 24h",
        "mon-sun 00:00-24:00",
        "mon-sun 06:00-12:00 12:00-06:00",
    ] {
        let now = ms("2026-10-26T12:00:00Z");
        let open = spans(hours, "Europe/Berlin", now);
        assert_eq!(open.len(), 1, "{hours}");
        let (from, to) = open[0];
        assert!(from < now - 7 * 86_400_000 && to > now + 2 * 86_400_000);
    }
}

#[test]
fn v1_hours_past_midnight_belong_to_the_day_they_begin_on() {
    let hours = "mon-thu,sun closed; fri-sat 22:00-02:00";
    // Friday 2026-11-20 to Sunday.
    let open = spans(hours, "UTC", ms("2026-11-22T12:00:00Z"));
    let (friday, sunday) = (ms("2026-11-20T22:00:00Z"), ms("2026-11-22T02:00:00Z"));
    assert!(
        open.contains(&(friday, ms("2026-11-21T02:00:00Z"))),
        "{open:?}"
    );
    assert!(
        open.contains(&(ms("2026-11-21T22:00:00Z"), sunday)),
        "{open:?}"
    );
    assert_eq!(
        open_in(&open, "2026-11-22T02:00:00Z", "2026-11-23T00:00:00Z"),
        0
    );
}

#[test]
fn v6_a_list_is_read_again_when_it_changes_and_tried_until_it_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stores.csv");
    let mut watched = Watched::new(file.clone());
    let first_name = |read: Option<Result<Vec<StoreLine>, ListError>>| {
        read.map(|read| {
            read.map(|stores| stores[0].name.clone())
                .map_err(|why| why.to_string())
        })
    };
    // Not there: told once, and looked for.
    assert!(matches!(
        watched.changed(),
        Some(Err(ListError::Read { .. }))
    ));
    assert!(watched.changed().is_none());
    fs::write(&file, GOOD).unwrap();
    assert_eq!(
        first_name(watched.changed()),
        Some(Ok("Hamburg, Mitte".to_owned()))
    );
    assert!(watched.changed().is_none());
    // As long as before and dated as before: the time of its rights tells.
    let dated = fs::metadata(&file).unwrap().modified().unwrap();
    fs::write(&file, with("Mitte", "Eimsb")).unwrap();
    File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(dated)
        .unwrap();
    assert_eq!(
        first_name(watched.changed()),
        Some(Ok("Hamburg, Eimsb".to_owned()))
    );
    // What is wrong is told once, until the file changes.
    fs::write(&file, with("Europe/Berlin", "Europe/Hamburg")).unwrap();
    assert!(matches!(
        watched.changed(),
        Some(Err(ListError::Faults { .. }))
    ));
    assert!(watched.changed().is_none());
    fs::remove_file(&file).unwrap();
    assert!(matches!(
        watched.changed(),
        Some(Err(ListError::Read { .. }))
    ));
    fs::write(&file, GOOD).unwrap();
    assert!(matches!(watched.changed(), Some(Ok(_))));
}
