//! SIGHUP: the configuration is read again. What can change while the agent runs is taken over, what
//! cannot is named, and a wrong configuration leaves the old one in force, loudly.

use std::collections::BTreeMap;
use std::path::PathBuf;

use shelfwire_core::domain::time::WallMs;
use tokio::signal::unix::Signal;
use tokio::sync::watch;

use super::trials;
use crate::config::shown::Setting;
use crate::config::{Config, Fault, Surroundings, load};
use crate::support::tasks::Stop;
use crate::support::{clock, log};

/// Most keys that an alarm names; the log has them all.
const NAMED_MAX: usize = 5;

/// What is wrong with the files as they are now, for `status`; both may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// They are wrong: what was in force before still is.
    pub(super) refused: Option<Trouble>,
    /// They say something that is in force after a restart only.
    pub(super) restart: Option<Trouble>,
}

/// One trouble, in a sentence, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) text: String,
    pub(super) fix: String,
    pub(super) since_ms: WallMs,
}

/// The files, and what was made of them.
pub(super) struct Reloader {
    path: PathBuf,
    /// What the parts were started with, by key.
    started: BTreeMap<String, String>,
    agree: Agree,
    standing: watch::Sender<Standing>,
}

/// Hands a new configuration to the parts that can take it over while they run.
pub(super) type Agree = Box<dyn Fn(&Config) + Send + Sync>;

impl Reloader {
    /// Also what is wrong with the files, as it changes.
    pub(super) fn new(
        path: PathBuf,
        settings: &[Setting],
        agree: Agree,
    ) -> (Self, watch::Receiver<Standing>) {
        let (standing, heard) = watch::channel(Standing::default());
        let reloader = Self {
            path,
            started: by_key(settings),
            agree,
            standing,
        };
        (reloader, heard)
    }

    /// Reads again at each signal until the stop flag is up.
    pub(super) async fn run(self, mut hangup: Signal, stop: Stop) {
        loop {
            tokio::select! {
                () = stop.raised() => return,
                signal = hangup.recv() => if signal.is_none() { return },
            }
            let path = self.path.clone();
            let read = move || {
                let mut loaded = load(&path, &Surroundings::of_process(true));
                if let Some(config) = &loaded.config {
                    trials::play(config, &mut loaded.report);
                }
                loaded
            };
            if let Ok(loaded) = tokio::task::spawn_blocking(read).await {
                let faults = loaded.report.faults();
                match loaded.config {
                    Some(config) if !loaded.report.is_wrong() => {
                        for fault in &faults {
                            tracing::warn!(fault = said(fault), "configuration");
                        }
                        self.take(&config, &loaded.report.settings());
                    }
                    _ => self.refuse(&faults),
                }
            }
        }
    }

    fn refuse(&self, faults: &[Fault]) {
        let errors: Vec<&Fault> = faults.iter().filter(|f| f.severity == "error").collect();
        for fault in &errors {
            tracing::error!(fault = said(fault), "the new configuration is wrong");
        }
        tracing::error!(
            errors = errors.len(),
            "the old configuration stays in force; look with: shelfwire check"
        );
        let first = errors.first().map(|fault| said(fault)).unwrap_or_default();
        let text = format!(
            "the configuration is wrong, the old one is in force: {first}{}",
            match errors.len() {
                0 | 1 => String::new(),
                more => format!(", and {} more", more - 1),
            }
        );
        self.standing.send_modify(|standing| {
            let since_ms = standing.refused.as_ref().map(|trouble| trouble.since_ms);
            standing.refused = Some(Trouble {
                text,
                fix: "shelfwire check, mend what it says, then: systemctl reload shelfwire"
                    .to_owned(),
                since_ms: since_ms.unwrap_or_else(clock::wall_ms),
            });
        });
    }

    fn take(&self, config: &Config, settings: &[Setting]) {
        log::set_level(config.log.level.into());
        (self.agree)(config);
        let waiting = waiting(&self.started, settings);
        for key in &waiting {
            tracing::warn!(key, "changed, and in force after a restart only");
        }
        tracing::info!(
            waiting = waiting.len(),
            "the configuration was read again and is in force"
        );
        self.standing.send_modify(|standing| {
            let since_ms = standing.restart.as_ref().map(|trouble| trouble.since_ms);
            standing.refused = None;
            standing.restart = (!waiting.is_empty()).then(|| Trouble {
                text: format!("in force after a restart only: {}", short(&waiting)),
                fix: "systemctl restart shelfwire".to_owned(),
                since_ms: since_ms.unwrap_or_else(clock::wall_ms),
            });
        });
    }
}

/// Fault, place and fix in one line.
fn said(fault: &Fault) -> String {
    format!(
        "{} {}:{}:{}: {} ({})",
        fault.code, fault.file, fault.line, fault.column, fault.message, fault.help
    )
}

fn by_key(settings: &[Setting]) -> BTreeMap<String, String> {
    let pair = |one: &Setting| (one.key.clone(), one.value.to_string());
    settings.iter().map(pair).collect()
}

/// Whether a key is taken over while the agent runs; `folders` are the tills of drop folders, whose
/// threads keep what they were started with.
fn is_live(key: &str, folders: &[String]) -> bool {
    let table = key.split(['.', '[']).next().unwrap_or(key);
    let last = key.rsplit('.').next().unwrap_or(key);
    match table {
        "log" | "catalogue" | "hours" | "test" => true,
        "till" if ["token", "silent_after"].contains(&last) => true,
        "till" => {
            let of_folder = |name: &String| key.starts_with(&format!("till[{name}]"));
            ["versioned", "void_style", "numbers"].contains(&last) && !folders.iter().any(of_folder)
        }
        _ => false,
    }
}

/// The tills that drop files.
fn of_folders(settings: &[Setting]) -> Vec<String> {
    let tills = settings
        .iter()
        .filter(|one| one.key.starts_with("drop[") && one.key.rsplit('.').next() == Some("tills"));
    let names = tills.filter_map(|one| one.value.as_array()).flatten();
    names
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// Whether a key is the name of a table in a list.
fn names(key: &str) -> bool {
    key.rsplit('.').next() == Some("name")
}

/// Keys that differ from what the parts were started with and need a restart, each with its place.
fn waiting(started: &BTreeMap<String, String>, settings: &[Setting]) -> Vec<String> {
    let now = by_key(settings);
    let folders = of_folders(settings);
    let changed = settings.iter().filter(|one| {
        let was = started.get(&one.key);
        // A table of a list that is new is named once, by its name.
        let inner = one.key.contains('[') && !names(&one.key);
        let new_table = inner && was.is_none() && !started.contains_key(&name_of(&one.key));
        was != now.get(&one.key) && !is_live(&one.key, &folders) && !new_table
    });
    let gone = started.keys().filter(|key| {
        let inner = key.contains('[') && !names(key);
        let old_table = inner && !now.contains_key(&name_of(key));
        !now.contains_key(*key) && !is_live(key, &folders) && !old_table
    });
    changed
        .map(|one| format!("{} ({})", one.key, one.origin()))
        .chain(gone.map(|key| format!("{key} (no longer set)")))
        .collect()
}

/// `scanner[a].role` to `scanner[a].name`.
fn name_of(key: &str) -> String {
    let table = key.rsplit_once("].").map_or(key, |(table, _)| table);
    format!("{table}].name")
}

fn short(keys: &[String]) -> String {
    let shown: Vec<&str> = keys.iter().take(NAMED_MAX).map(String::as_str).collect();
    let more = keys.len().saturating_sub(NAMED_MAX);
    let end = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    format!("{}{end}", shown.join(", "))
}
