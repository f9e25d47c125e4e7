//! A fleet's file that several stores share, through the real command: what is in force in each, and
//! which file and line says so.
#![expect(
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage has failed"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config")
        .join(name)
}

fn shelfwire(words: &[&str], config: &Path) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
        .args(words)
        .arg("--config")
        .arg(config)
        .env_remove("CREDENTIALS_DIRECTORY")
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A store's folder with the fleet's file beside its own.
fn store(folder: &Path, name: &str, fleet: &str, more: &str) -> PathBuf {
    let folder = folder.join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("fleet.toml"), fleet).unwrap();
    let path = folder.join("shelfwire.toml");
    let text =
        format!("store = \"{name}\"\ngateway = \"gw-1\"\ntimezone = \"Europe/Berlin\"\n{more}");
    fs::write(&path, text).unwrap();
    path
}

/// Key to value and origin; the origin as `FILE:LINE` without folders, or `default`.
fn shown(config: &Path) -> BTreeMap<String, (Value, String)> {
    let (code, json, said) = shelfwire(&["config", "show", "--json"], config);
    assert_eq!(code, Some(0), "{said}");
    let document: Value = serde_json::from_str(&json).unwrap();
    let settings = document["settings"].as_array().unwrap();
    settings
        .iter()
        .map(|one| {
            let origin = match one["file"].as_str() {
                Some(file) => {
                    let name = Path::new(file).file_name().unwrap().to_string_lossy();
                    format!("{name}:{}", one["line"])
                }
                None => "default".to_owned(),
            };
            let key = one["key"].as_str().unwrap().to_owned();
            (key, (one["value"].clone(), origin))
        })
        .collect()
}

/// The line on which a text stands alone or begins, from 1.
fn line(text: &str, wanted: &str, which: usize) -> usize {
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with(wanted));
    lines.nth(which).unwrap().0 + 1
}

#[test]
fn three_stores_share_a_file_and_every_value_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = fs::read_to_string(shipped("fleet/fleet.toml")).unwrap();
    let own =
        "[[till]]\nname = \"till-2\"\nsilent_after = \"1h\"\n[uplink]\nclient_id = \"mine\"\n";
    let plain = shown(&store(folder.path(), "0001", &fleet, own));
    let one_till = shown(&store(folder.path(), "0017", &fleet, ""));
    let walks = shown(&store(folder.path(), "0042", &fleet, ""));
    let at = |wanted: &str, which| format!("fleet.toml:{}", line(&fleet, wanted, which));
    for (settings, key, value, origin) in [
        (&plain, "store", "0001", "shelfwire.toml:1"),
        (&plain, "timezone", "Europe/Berlin", "shelfwire.toml:3"),
        (&plain, "day_end", "04:00", &*at("day_end", 0)),
        (&plain, "hours.sun", "closed", &*at("sun = ", 0)),
        (
            &plain,
            "uplink.url",
            "mqtts://mqtt.example.org:8883",
            &*at("url", 0),
        ),
        (&plain, "uplink.client_id", "mine", "shelfwire.toml:8"),
        (&plain, "uplink.timers.poll", "30s", "default"),
        (
            &plain,
            "till[till-2].silent_after",
            "1h",
            "shelfwire.toml:6",
        ),
        (&plain, "till[till-2].numbers", "continuous", "default"),
        (&plain, "till[till-1].numbers", "continuous", "default"),
        (&one_till, "hours.sun", "10:00-16:00", &*at("sun = ", 1)),
        (&one_till, "hours.sat", "08:00-20:00", &*at("sat = ", 0)),
        (
            &one_till,
            "till[till-1].numbers",
            "daily",
            &*at("numbers = ", 0),
        ),
        (&walks, "hours.sun", "closed", &*at("sun = ", 0)),
        (
            &walks,
            "scanner[to-the-shelf].role",
            "move",
            &*at("role = \"move\"", 0),
        ),
        (
            &walks,
            "scanner[goods-in].role",
            "receive",
            &*at("role = \"receive\"", 0),
        ),
        (&walks, "log.level", "info", "default"),
    ] {
        let (seen, from) = &settings[key];
        assert_eq!(seen.as_str(), Some(value), "{key}");
        assert_eq!(from, origin, "{key}");
    }
    // What a till keeps from the fleet keeps its line.
    let token = line(&fleet, "token = ", 0);
    assert_eq!(
        one_till["till[till-1].token"].1,
        format!("fleet.toml:{token}")
    );
    assert!(
        !one_till.keys().any(|key| key.contains("till-2")),
        "{one_till:?}"
    );
    assert!(!plain.contains_key("scanner[to-the-shelf].name"));
    for settings in [&plain, &one_till, &walks] {
        every_line_named_has_the_key(settings, &fleet);
    }
}

/// No value is without an origin, and every line named is the one with the key.
fn every_line_named_has_the_key(settings: &BTreeMap<String, (Value, String)>, fleet: &str) {
    for (key, (_, origin)) in settings {
        let Some(number) = origin.strip_prefix("fleet.toml:") else {
            assert!(
                origin == "default" || origin.starts_with("shelfwire.toml:"),
                "{key}"
            );
            continue;
        };
        let number: usize = number.parse().unwrap();
        let written = fleet.lines().nth(number - 1).unwrap();
        let last = key.rsplit('.').next().unwrap();
        assert!(
            written.starts_with(&format!("{last} = ")),
            "{key}: {written}"
        );
    }
}

#[test]
fn a_test_of_the_fleet_is_played_in_every_store() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = fs::read_to_string(shipped("fleet/fleet.toml")).unwrap();
    let faults = |store: &Path| {
        let (code, json, said) = shelfwire(&["check", "--json"], store);
        let document: Value = serde_json::from_str(&json).unwrap();
        let pass = &document["layers"][3];
        assert_eq!(pass["layer"], "tests", "{said}");
        assert_eq!(pass["checked"], true, "{json}");
        let all = document["faults"].as_array().unwrap().clone();
        let of_tests = |fault: &Value| fault["code"] == "E075" || fault["code"] == "E076";
        let found: Vec<Value> = all.into_iter().filter(of_tests).collect();
        (code, found)
    };
    for name in ["0001", "0017", "0042"] {
        let (code, found) = faults(&store(folder.path(), name, &fleet, ""));
        // The secrets of the sample are on no machine that builds.
        assert_eq!((code, &found[..]), (Some(69), &[][..]), "{name}");
    }
    // With the catalogue there, a store that expects something else is wrong.
    let own = "[[test]]\nname = \"a void takes its line back\"\nexpect = {}\n";
    let fleet = fleet.replace(
        "/etc/shelfwire/catalogue.csv",
        shipped("catalogue.csv").to_str().unwrap(),
    );
    let (code, found) = faults(&store(folder.path(), "0003", &fleet, own));
    assert_eq!(code, Some(78));
    assert_eq!(found.len(), 1, "{found:?}");
    let said = found[0]["message"].as_str().unwrap();
    assert!(
        said.ends_with("on_hand of 4711: expected 0, got -2"),
        "{said}"
    );
    let file = found[0]["file"].as_str().unwrap();
    assert!(file.ends_with("0003/shelfwire.toml"), "{file}");
    assert_eq!(found[0]["line"], 4, "{found:?}");
}

#[test]
fn what_is_shown_is_a_configuration_that_means_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = fs::read_to_string(shipped("fleet/fleet.toml")).unwrap();
    let first = store(folder.path(), "0042", &fleet, "");
    let (code, text, said) = shelfwire(&["config", "show"], &first);
    assert_eq!(code, Some(0), "{said}");
    let again = folder.path().join("again.toml");
    fs::write(&again, &text).unwrap();
    let values = |settings: BTreeMap<String, (Value, String)>| -> BTreeMap<String, Value> {
        settings
            .into_iter()
            .map(|(key, (value, _))| (key, value))
            .collect()
    };
    assert_eq!(values(shown(&again)), values(shown(&first)));
    // Each value is written on its line, or has its line above it.
    assert!(text.contains("  # default\n"), "{text}");
    assert!(text.contains("/fleet.toml:"), "{text}");
}

#[test]
fn a_secret_is_shown_by_where_it_lies_only() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "hunter2-hunter2-hunter2").unwrap();
    let tables = format!(
        "day_end = \"04:00\"\n[uplink]\nurl = \"mqtt://localhost\"\n[pos]\n[[till]]\nname = \"till-1\"\n\
         token = {{ file = \"{}\" }}\n",
        token.display()
    );
    let config = store(folder.path(), "0042", "", &tables);
    for words in [&["config", "show"][..], &["config", "show", "--json"]] {
        let (code, text, said) = shelfwire(words, &config);
        assert_eq!(code, Some(0), "{said}");
        assert!(text.contains(token.to_str().unwrap()), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    // One that is written into the file is a fault, and not shown either.
    let tables = tables.replace(
        &format!("{{ file = \"{}\" }}", token.display()),
        "\"hunter2\"",
    );
    let config = store(folder.path(), "0042", "", &tables);
    let (code, text, said) = shelfwire(&["config", "show"], &config);
    assert_eq!(code, Some(78), "{text}");
    assert!(said.contains("E036") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_list_of_the_fleet_grows_gives_way_or_is_emptied_by_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = "[uplink]\nurl = \"mqtt://localhost\"\nusername = \"u\"\npassword = { file = \"/a\" }\n\
                 [[scanner]]\nname = \"a\"\ndevice = \"/dev/a\"\nrole = \"receive\"\nzone = \"back\"\n";
    let show = |name: &str, more: &str| shown(&store(folder.path(), name, fleet, more));
    let more = show(
        "1",
        "[[scanner]]\nname = \"b\"\ndevice = \"/dev/b\"\nrole = \"lookup\"\n",
    );
    assert_eq!(more["scanner[a].device"].0, "/dev/a");
    assert_eq!(more["scanner[b].device"].0, "/dev/b");
    let other = show("2", "[[scanner]]\nname = \"a\"\ndevice = \"/dev/z\"\n");
    assert_eq!(other["scanner[a].device"].0, "/dev/z");
    assert_eq!(other["scanner[a].zone"].0, "back");
    let none = show("3", "scanner = []\n");
    assert!(
        !none.keys().any(|key| key.starts_with("scanner")),
        "{none:?}"
    );
    // A secret is one value: its place is replaced, not added to.
    let secret = show("4", "[uplink]\npassword = { credential = \"pw\" }\n");
    assert_eq!(
        secret["uplink.password"].0,
        serde_json::json!({ "credential": "pw" })
    );
}

#[test]
fn the_sample_of_every_table_is_one_that_check_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("shelfwire.toml");
    let (_, full, _) = shelfwire(&["config", "sample"], &config);
    assert_eq!(
        full.trim_end(),
        fs::read_to_string(shipped("full.toml")).unwrap().trim_end()
    );
    let accepted = |text: &str| {
        fs::write(&config, text).unwrap();
        let (code, json, _) = shelfwire(&["check", "--json"], &config);
        let document: Value = serde_json::from_str(&json).unwrap();
        let wrong: Vec<&Value> = document["faults"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|fault| fault["severity"] == "error" && fault["layer"] != "environment")
            .collect();
        assert!(wrong.is_empty() && code != Some(78), "{wrong:#?}\n{text}");
    };
    accepted(&full);
    let (code, _, said) = shelfwire(&["config", "sample", "scaner"], &config);
    assert_eq!(code, Some(64));
    let (_, tables) = said.trim().rsplit_once("the tables are ").unwrap();
    let tables: Vec<&str> = tables.split(", ").collect();
    assert!(tables.len() >= 9, "{tables:?}");
    for table in tables {
        let (code, sample, _) = shelfwire(&["config", "sample", table], &config);
        assert_eq!(code, Some(0), "{table}");
        assert!(
            full.contains(sample.trim()) || table == "uplink",
            "{table}: {sample}"
        );
        // The whole with this table taken out and put in again at its end.
        let rest: Vec<&str> = full
            .split("\n\n")
            .filter(|block| !sample.contains(block.trim()))
            .collect();
        assert!(rest.len() < full.split("\n\n").count(), "{table}");
        accepted(&format!("{}\n\n{sample}", rest.join("\n\n")));
    }
}
