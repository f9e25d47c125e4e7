//! The unit of the service is right, hardened, and agrees with what the command answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]
#![expect(
    clippy::print_stdout,
    reason = "what could not be tested is said in one line"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use shelfwire::cli::exit::Exit;

fn unit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/shelfwire.service")
}

/// Runs `systemd-analyze`, or says that it is not here.
fn analyze(args: &[&str], unit: &Path) -> Option<(bool, String)> {
    let Ok(output) = Command::new("systemd-analyze")
        .args(args)
        .arg(unit)
        .output()
    else {
        println!("skipped: systemd-analyze is not here");
        return None;
    };
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Some((output.status.success(), said))
}

fn drop_in() -> String {
    let path = unit().with_file_name("shelfwire.service.d/drop-folder.conf");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_unit_is_exposed_at_most_1_7() {
    let args = ["security", "--offline=true", "--no-pager", "--threshold=17"];
    // The drop-in lies beside it and is read with it.
    if let Some((passed, said)) = analyze(&args, &unit()) {
        assert!(passed, "{said}");
    }
}

#[test]
fn systemd_understands_every_line_of_the_unit_and_of_its_drop_in() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("shelfwire.service");
    fs::create_dir(folder.path().join("shelfwire.service.d")).unwrap();
    let beside = folder.path().join("shelfwire.service.d/drop-folder.conf");
    fs::write(beside, drop_in()).unwrap();
    let text = fs::read_to_string(unit()).unwrap();
    assert!(text.contains("ExecStart=/usr/bin/shelfwire run\n"));
    // The command need not be installed here.
    let text = text.replace("/usr/bin/shelfwire", env!("CARGO_BIN_EXE_shelfwire"));
    fs::write(&copy, text).unwrap();
    if let Some((passed, said)) = analyze(&["verify"], &copy) {
        let ours: Vec<_> = said
            .lines()
            .filter(|line| line.contains("shelfwire.service") || line.contains("drop-folder.conf"))
            .collect();
        assert!(passed && ours.is_empty(), "{said}");
    }
}

#[test]
fn the_unit_does_not_restart_what_a_restart_does_not_cure() {
    let text = fs::read_to_string(unit()).unwrap();
    let fatal = format!(
        "RestartPreventExitStatus={} {}",
        Exit::Usage.code(),
        Exit::Config.code()
    );
    for line in [
        fatal.as_str(),
        "StartLimitIntervalSec=0",
        "Restart=always",
        "LimitCORE=0",
        "Type=notify",
        "WatchdogSec=30",
        "StateDirectory=shelfwire",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}");
    }
    // systemd does not count the exit code of these for RestartPreventExitStatus.
    assert!(!text.lines().any(|line| line.starts_with("ExecStartPre=")));
    // It would hide the boot id from the agent.
    assert!(!text.lines().any(|line| line == "ProcSubset=pid"));
}

#[test]
fn a_reload_is_stopped_by_a_wrong_configuration_and_by_nothing_else() {
    let unit = fs::read_to_string(unit()).unwrap();
    let lines: Vec<&str> = unit
        .lines()
        .filter_map(|line| line.strip_prefix("ExecReload="))
        .collect();
    assert_eq!(lines.len(), 2, "the check, then the signal: {lines:?}");
    let words = lines[0].strip_prefix("/usr/bin/shelfwire ").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("shelfwire.toml");
    let run = |text: &str| {
        fs::write(&config, text).unwrap();
        let done = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
            .args(words.split_whitespace())
            .arg("--config")
            .arg(&config)
            .output()
            .unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        (done.status.code(), said)
    };
    // A till without its token is refused alone; the others are to get what is new.
    let text = "store = \"1\"\ntimezone = \"Europe/Berlin\"\nday_end = \"04:00\"\n\
                [uplink]\nurl = \"mqtt://127.0.0.1\"\n[pos]\n\
                [[till]]\nname = \"till-1\"\ntoken = { file = \"/nowhere/token\" }\n";
    let (code, said) = run(text);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("/nowhere/token"), "it is told: {said}");
    let (code, said) = run(&text.replace("04:00", "25:00"));
    assert_eq!(code, Some(78), "{said}");
}

#[test]
fn the_service_may_write_to_the_drop_folder_of_the_full_configuration_and_tills_reach_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let full = fs::read_to_string(root.join("config/full.toml")).unwrap();
    let full: toml::Table = toml::from_str(&full).unwrap();
    let folder = full["drop"][0]["folder"].as_str().unwrap().to_owned();
    // Not where the unit hides it, nor behind the state directory, which is the service's alone.
    for hidden in [
        "/var/lib/shelfwire",
        "/home",
        "/root",
        "/run/user",
        "/tmp",
        "/var/tmp",
    ] {
        assert!(!Path::new(&folder).starts_with(hidden), "{folder}");
    }
    let says = |text: &str, line: &str| text.lines().any(|said| said == line);
    assert!(says(&drop_in(), &format!("ReadWritePaths=-{folder}")));
    assert!(says(&drop_in(), "SupplementaryGroups=shelfwire-drop"));
    let made = fs::read_to_string(root.join("systemd/shelfwire-drop.tmpfiles")).unwrap();
    let line = format!("d {folder} 2770 shelfwire shelfwire-drop -");
    assert!(says(&made, &line), "{made}");
    let groups = fs::read_to_string(root.join("systemd/shelfwire.sysusers")).unwrap();
    assert!(says(&groups, "g shelfwire-drop -"), "{groups}");
}

#[test]
fn check_tells_of_a_drop_folder_that_it_may_not_write_to() {
    let state = tempfile::tempdir().unwrap();
    let (folder, config) = (
        state.path().join("drop"),
        state.path().join("shelfwire.toml"),
    );
    fs::create_dir(&folder).unwrap();
    let text = format!(
        "store = \"1\"\ntimezone = \"UTC\"\nday_end = \"04:00\"\nstate_dir = \"{}\"\n[uplink]\nurl = \"mqtt://localhost\"\n[[till]]\nname = \"t\"\n[[drop]]\nname = \"export\"\nfolder = \"{}\"\ntills = [\"t\"]\n",
        state.path().display(),
        folder.display()
    );
    fs::write(&config, text).unwrap();
    let check = format!(
        "{} check {}",
        env!("CARGO_BIN_EXE_shelfwire"),
        config.display()
    );
    let run = |mount: &str| {
        let script = format!("{mount}{check}");
        let mut command = Command::new("unshare");
        let all = [
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-ec",
            script.as_str(),
        ];
        let output = command.args(all).output().ok()?;
        Some((
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        ))
    };
    let at = folder.display();
    let sealed = format!("mount --bind {at} {at}; mount -o remount,ro,bind {at}; ");
    if run("exit 7; ").is_none_or(|(code, _)| code != Some(7)) {
        println!("skipped: no namespace of its own for a test here");
        return;
    }
    let (code, said) = run("").unwrap();
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&sealed).unwrap();
    assert_eq!(code, Some(69), "{said}");
    assert!(
        said.contains("error[E078]: this user may not move files in"),
        "{said}"
    );
    assert!(said.contains(&format!("ReadWritePaths=-{at}")), "{said}");
}
