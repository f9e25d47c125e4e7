//! The three lists of keys agree, and the shipped files are right.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::node::{Kind, Table};
use super::{Config, Surroundings, load, read, syntax};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config")
        .join(name)
}

/// Every key that a file sets, with the text of its value; the places of lists left out.
fn keys(table: &Table, path: &str, text: &str, found: &mut BTreeMap<String, String>) {
    for (key, entry) in table {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let source = |inner: &Table| inner.contains_key("file") || inner.contains_key("credential");
        match &entry.node.kind {
            Kind::Table(inner) if path != "catalogue" && source(inner) => {
                found.entry(path).or_default();
            }
            Kind::Table(_) if ["test[].expect", "test[].unavailable"].contains(&path.as_str()) => {
                found.entry(path).or_default();
            }
            Kind::Table(inner) => keys(inner, &path, text, found),
            Kind::Array(items) => {
                if !items.iter().all(|item| matches!(item.kind, Kind::Table(_))) {
                    found.entry(path.clone()).or_default();
                }
                for item in items {
                    if let Kind::Table(inner) = &item.kind {
                        keys(inner, &format!("{path}[]"), text, found);
                    }
                }
            }
            Kind::Text(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Boolean(_)
            | Kind::Datetime => {
                let spot = &entry.node.spot;
                let value = text.get(spot.start..spot.end).unwrap();
                // Of several tables the first shows the defaults.
                found.entry(path).or_insert_with(|| value.to_owned());
            }
        }
    }
}

fn full() -> (String, BTreeMap<String, String>) {
    let text = fs::read_to_string(shipped("full.toml")).unwrap();
    let mut faults = Vec::new();
    let tree: Table = syntax::parse(0, &text, &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    let mut found = BTreeMap::new();
    keys(&tree, "", &text, &mut found);
    (text, found)
}

#[test]
fn full_toml_has_every_key_with_its_default() {
    let (_, written) = full();
    let known = read::known();
    let names = |known: &[super::fields::Known]| -> BTreeSet<String> {
        known.iter().map(|key| key.path.clone()).collect()
    };
    let written_names: BTreeSet<String> = written.keys().cloned().collect();
    assert_eq!(names(&known), written_names);
    for key in known {
        if let Some(default) = key.default {
            assert_eq!(written[&key.path], default, "default of {}", key.path);
        }
    }
}

#[test]
fn full_toml_marks_what_is_an_example_and_explains_every_key() {
    let (text, _) = full();
    let known = read::known();
    let mut explained = false;
    for line in text.lines() {
        explained |= line.starts_with('#');
        let Some((key, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) else {
            // One remark may stand above several keys, but not above an empty line.
            explained &= !line.is_empty();
            continue;
        };
        assert!(explained, "nothing is said about: {line}");
        let is_example = value.contains("# example");
        let same_name = known.iter().filter(|known| known.path.ends_with(key));
        let mut with_default = same_name.map(|known| known.default.is_some());
        assert!(
            with_default.any(|has| has != is_example),
            "wrongly marked: {line}"
        );
    }
}

/// The shipped files in a folder where everything that they name is there.
fn furnished(name: &str, folder: &Path) -> Config {
    let secrets = folder.join("secrets");
    fs::create_dir_all(&secrets).unwrap();
    for (index, file) in [
        "ca.pem",
        "client.crt",
        "client.key",
        "mqtt-password",
        "pos.crt",
        "pos.key",
        "till-1",
        "till-2",
    ]
    .iter()
    .enumerate()
    {
        let path = secrets.join(file);
        fs::write(&path, format!("twenty-four bytes of {index}\n")).unwrap();
        private(&path);
    }
    fs::write(folder.join("catalogue.csv"), "").unwrap();
    fs::create_dir_all(folder.join("drop")).unwrap();
    let put = |name: &str, path: &Path| {
        let text = fs::read_to_string(shipped(name))
            .unwrap()
            .replace("/srv/tills", "/etc/shelfwire/drop")
            .replace("/etc/shelfwire", folder.to_str().unwrap());
        fs::write(path, text).unwrap();
        private(path);
    };
    let path = folder.join("shelfwire.toml");
    put(name, &path);
    if name.starts_with("fleet/") {
        put("fleet/fleet.toml", &folder.join("fleet.toml"));
    }
    let surroundings = Surroundings {
        credentials: Some(secrets),
        running: true,
    };
    let loaded = load(&path, &surroundings);
    let others: Vec<_> = loaded
        .report
        .faults()
        .into_iter()
        .filter(|fault| fault.code != "W009")
        .collect();
    assert_eq!(others, [], "only the scanner may be missing");
    loaded.config.unwrap()
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn shipped_files_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let smallest = furnished("shelfwire.toml", folder.path());
    assert_eq!(smallest.scanners.len(), 1);
    assert_eq!(smallest.gateway.as_str(), "gw-1");
    let full = furnished("full.toml", folder.path());
    assert_eq!(full.uplink.timers, smallest.uplink.timers);
    assert_eq!(full.uplink.timers, super::Timers::default());
    assert_eq!(full.journal, smallest.journal);
    assert!(full.uplink.identity.is_some());
    let of_fleet = furnished("fleet/shelfwire.toml", folder.path());
    assert_eq!((of_fleet.scanners.len(), of_fleet.tills.len()), (2, 2));
    assert_eq!(of_fleet.timezone, full.timezone);
    assert_eq!(of_fleet.day_end, full.day_end);
    let token = full.tills[0].token.as_ref().unwrap().read().unwrap();
    assert!(token.expose().starts_with("twenty-four"));
    assert!(!format!("{full:?} {token:?}").contains("twenty-four"));
}

#[test]
fn files_of_conf_d_add_up_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("conf.d")).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let scanner = |name: &str| {
        format!("[[scanner]]\nname = \"{name}\"\ndevice = \"/dev/{name}\"\nrole = \"receive\"\n")
    };
    write(
        "shelfwire.toml",
        "store = \"1\"\n[uplink]\nurl = \"mqtt://localhost\"\n",
    );
    write("conf.d/20-b.toml", &scanner("b"));
    write(
        "conf.d/10-a.toml",
        &(scanner("a") + "[uplink.timers]\nhealth = \"5s\"\n"),
    );
    write("conf.d/readme.txt", "no TOML");
    let path = folder.path().join("shelfwire.toml");
    let config = load(&path, &Surroundings::default()).config.unwrap();
    let names: Vec<_> = config.scanners.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(config.uplink.timers.health, 5_000);
    // A mistake in one file names that file.
    write("conf.d/20-b.toml", "store = \"2\"\n");
    let report = load(&path, &Surroundings::default()).report;
    let fault = &report.faults()[0];
    assert_eq!((fault.code, fault.line, fault.column), ("E013", 1, 1));
    assert!(fault.file.ends_with("20-b.toml"), "{fault:?}");
    assert!(report.rendered(false)[0].contains("shelfwire.toml:1:1"));
}

#[test]
fn a_secret_that_only_the_service_sees_is_a_warning_until_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shelfwire.toml");
    let text = "store = \"1\"\n[uplink]\nurl = \"mqtts://b\"\nusername = \"u\"\npassword = { credential = \"pw\" }\n[[scanner]]\nname = \"a\"\ndevice = \"/dev/null\"\nrole = \"lookup\"\n";
    fs::write(&path, text).unwrap();
    let mut around = Surroundings::default();
    let code = |around: &Surroundings| load(&path, around).report.faults()[0].code;
    assert_eq!(code(&around), "W008");
    around.running = true;
    assert_eq!(code(&around), "E072");
    around.credentials = Some(folder.path().to_owned());
    assert_eq!(code(&around), "E072");
    fs::write(folder.path().join("pw"), "hunter2\n").unwrap();
    let loaded = load(&path, &around);
    assert_eq!(loaded.report.faults(), []);
    let password = loaded.config.unwrap().uplink.password.unwrap();
    assert_eq!(password.read().unwrap().expose(), "hunter2");
}

#[test]
fn a_file_that_everybody_may_change_or_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shelfwire.toml");
    let token = folder.path().join("token");
    fs::write(&token, "0123456789abcdef").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let text = format!(
        "store = \"1\"\ntimezone = \"UTC\"\nday_end = \"04:00\"\n[uplink]\nurl = \"mqtt://localhost\"\n[pos]\n[[till]]\nname = \"t\"\ntoken = {{ file = \"{}\" }}\n",
        token.display()
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let codes = || -> Vec<_> {
        let faults = load(&path, &Surroundings::default()).report.faults();
        faults.iter().map(|fault| fault.code).collect()
    };
    assert_eq!(codes(), ["W003", "W002"]);
    fs::write(&token, "short").unwrap();
    assert_eq!(codes(), ["W003", "E071"]);
    fs::remove_file(&token).unwrap();
    assert_eq!(codes(), ["W003", "E070"]);
}

#[test]
fn no_text_makes_the_reader_panic_or_shows_a_secret() {
    // Every shipped key, cut at every byte and with every byte replaced: whatever comes, it is said
    // with a place in the file.
    let (text, _) = full();
    let text = text.replace(
        "{ file = \"/etc/shelfwire/secrets/mqtt-password\" }",
        "\"hunter2-hunter2\"",
    );
    let mut seen = BTreeSet::new();
    for at in (0..text.len())
        .filter(|at| text.is_char_boundary(*at))
        .step_by(3)
    {
        let (head, tail) = text.split_at(at);
        for wrong in [head.to_owned(), format!("{head}\"={tail}")] {
            let mut faults = Vec::new();
            let tree = syntax::parse(0, &wrong, &mut faults);
            if faults.is_empty() {
                let mut reader = super::fields::Reader::default();
                read::read(&mut reader, &tree);
                faults = reader.faults;
            }
            let sources = [super::diagnostic::Source::new("x.toml".to_owned(), &wrong)];
            for fault in &faults {
                let shown = super::diagnostic::render(fault, &sources, false);
                assert!(shown.contains("x.toml:"), "{shown}");
                assert!(shown.contains("help:"), "{shown}");
                assert!(!shown.contains("hunter2"), "at {at}: {shown}");
                seen.insert(fault.code);
            }
        }
    }
    assert!(seen.len() >= 8, "{seen:?}");
}

#[test]
fn the_sample_catalogue_is_right() {
    use shelfwire_core::codec::barcode;
    use shelfwire_core::identify::Catalogue;
    let text = fs::read(shipped("catalogue.csv")).unwrap();
    let catalogue = Catalogue::read(&*text, &|text| barcode::from_text(text).ok()).unwrap();
    assert_eq!((catalogue.items(), catalogue.codes()), (5, 6));
}
