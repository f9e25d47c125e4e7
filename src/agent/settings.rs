//! From the checked configuration to what each part takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use shelfwire_core::book::Patience;
use shelfwire_core::codec::framing::{FrameEnd, FramingRules};
use shelfwire_core::codec::vouch::AimRule;
use shelfwire_core::domain::ids::{BoxId, Name};
use shelfwire_core::identify::{Role, ScannerRole};
use shelfwire_core::limits::TOKEN_MIN_BYTES;
use shelfwire_core::session::{Profile, Setup};

use super::watch::{WatchSettings, WatchedTill};
use super::{Failure, readers};
use crate::config::{self, Config};
use crate::device::catalogue::CatalogueSettings;
use crate::device::drop_folder::DropSettings;
use crate::device::pos::{PosSettings, TillAccess, TlsFiles as PosTls, Token};
use crate::device::serial::{DataBits, Parity, SerialSettings, StopBits};
use crate::device::{ScannerSettings, Settings};
use crate::journal::{self, Journal};
use crate::support::clock::{self, Trust};
use crate::support::identity;
use crate::uplink::mqtt::{BrokerSettings, TlsFiles};

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How the journal is opened.
pub(super) fn journal(config: &Config, box_id: BoxId, trust: Trust) -> journal::Options {
    let mut options = journal::Options::new(&config.state_dir, config.store.clone(), box_id);
    options.sizes.budget_bytes = config.journal.disk_budget_bytes;
    options.retention.rows_ms = millis(config.journal.retention);
    // Rows leave about when their time is over, also where that is short.
    let retention = config.journal.retention.max(Duration::from_secs(1));
    options.upkeep_every = options.upkeep_every.min(retention);
    options.commit_window = config.journal.commit_window;
    options.patience = patience(config);
    let boot = clock::boot_id();
    options.clock = Arc::new(move || clock::stamp(boot, trust.quality()));
    options
}

/// How long booking waits for what may still come.
pub(super) fn patience(config: &Config) -> Patience {
    Patience {
        gap_ms: millis(config.watch.hole_after),
        void_ms: millis(config.watch.void_after),
        alerts_ms: millis(config.watch.digest_within),
        alerts_max: config.watch.digest_above,
    }
}

/// What the watch over tills goes by.
pub(super) fn watch(config: &Config) -> WatchSettings {
    let till = |till: &config::Till| WatchedTill {
        name: till.name.clone(),
        silent_ms: millis(till.silent_after),
    };
    WatchSettings {
        tills: config.tills.iter().map(till).collect(),
        calendar: config.calendar(),
        patience: patience(config),
    }
}

/// What the session begins with.
pub(super) fn session(config: &Config, journal: &Journal) -> Result<Setup, Failure> {
    let done = journal.reader()?.commands_done()?;
    let facts = Arc::clone(&journal.facts().borrow());
    let version = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Ok(Setup {
        timers: config.uplink.timers,
        profile: match config.uplink.profile {
            None => Profile::Plain,
            Some(config::Profile::Aws) => Profile::Aws,
            Some(config::Profile::Azure) => Profile::Azure,
            Some(config::Profile::Hivemq) => Profile::HiveMq,
        },
        facts,
        take: false,
        done,
        versions: BTreeMap::from([
            version("shelfwire", env!("CARGO_PKG_VERSION")),
            version("contract", &shelfwire_core::wire::VERSION.to_string()),
        ]),
        entropy: identity::random()?,
    })
}

/// Where the broker is.
pub(super) fn broker(config: &Config, box_id: BoxId) -> BrokerSettings {
    let uplink = &config.uplink;
    let path = |file: &config::SecretFile| file.path().to_owned();
    let own = || {
        let short: String = box_id.to_string().chars().take(8).collect();
        format!("{}-{short}", config.store)
    };
    BrokerSettings {
        host: uplink.broker.host.clone(),
        port: uplink.broker.port,
        tls: uplink.broker.tls.then(|| TlsFiles {
            ca: uplink.ca.as_ref().map(path),
            identity: uplink
                .identity
                .as_ref()
                .map(|identity| (path(&identity.cert), path(&identity.key))),
        }),
        client_id: uplink.client_id.clone().unwrap_or_else(own),
        username: uplink.username.clone(),
        password: uplink.password.as_ref().map(path),
        keep_alive: Duration::from_millis(uplink.timers.keep_alive),
        poll: Duration::from_millis(uplink.timers.poll),
        connect: Duration::from_millis(uplink.timers.connect),
    }
}

/// Everything that is attached.
pub(super) fn devices(config: &Config) -> Settings {
    Settings {
        scanners: config.scanners.iter().map(scanner).collect(),
        pos: config.pos.as_ref().map(|pos| tills(config, pos)),
        drops: config
            .drops
            .iter()
            .map(|drop| dropped(config, drop))
            .collect(),
        readers: readers::readers(config),
        shelves: readers::shelves(config),
        catalogue: config
            .catalogue
            .as_ref()
            .map(|catalogue| CatalogueSettings {
                file: catalogue.file.clone(),
                poll: catalogue.poll,
            }),
    }
}

fn scanner(scanner: &config::Scanner) -> ScannerSettings {
    ScannerSettings {
        name: scanner.name.clone(),
        role: ScannerRole {
            role: match scanner.role {
                config::Role::Receive => Role::Receive,
                config::Role::Return => Role::Return,
                config::Role::Move => Role::Move,
                config::Role::Adjust => Role::Adjust,
                config::Role::Lookup => Role::Lookup,
            },
            zone: scanner.zone.clone(),
            from_zone: scanner.from_zone.clone(),
            reason: scanner.reason.as_ref().map(ToString::to_string),
        },
        repeat_ms: millis(scanner.repeat),
        aim: match scanner.aim {
            config::Aim::Auto => AimRule::Auto,
            config::Aim::Required => AimRule::Required,
        },
        serial: SerialSettings {
            path: scanner.device.clone(),
            baud: scanner.baud,
            // The configuration takes 7 or 8, and 1 or 2.
            data_bits: match scanner.data_bits {
                7 => DataBits::Seven,
                _ => DataBits::Eight,
            },
            parity: match scanner.parity {
                config::Parity::None => Parity::None,
                config::Parity::Odd => Parity::Odd,
                config::Parity::Even => Parity::Even,
            },
            stop_bits: match scanner.stop_bits {
                2 => StopBits::Two,
                _ => StopBits::One,
            },
            framing: FramingRules {
                inter_byte_ms: millis(scanner.inter_byte),
                end: match scanner.end {
                    config::FrameEnd::Line => FrameEnd::Line,
                    config::FrameEnd::Tab => FrameEnd::Tab,
                    config::FrameEnd::Eot => FrameEnd::Eot,
                    config::FrameEnd::Space => FrameEnd::Space,
                    config::FrameEnd::Silence => FrameEnd::Silence,
                },
            },
        },
    }
}

fn tills(config: &Config, pos: &config::Pos) -> PosSettings {
    let mut access: Vec<TillAccess> = Vec::new();
    for till in &config.tills {
        let Some(file) = &till.token else { continue };
        let mut token = token(file);
        // Whoever shows it would speak for either.
        let same = |other: &&TillAccess| token.is_ok() && other.token == token;
        if let Some(other) = access.iter().find(same) {
            let why = format!("its token is that of {}", other.name);
            token = Err(why);
        }
        access.push(TillAccess {
            name: till.name.clone(),
            token,
            rules: till.rules(),
        });
    }
    PosSettings {
        name: listener_name(config),
        listen: pos.listen,
        tls: pos.tls.as_ref().map(|identity| PosTls {
            cert: identity.cert.path().to_owned(),
            key: identity.key.path().to_owned(),
        }),
        tills: access,
        timezone: config.timezone.clone(),
        handshake: pos.handshake,
        idle: pos.idle,
        ping: pos.ping,
        connections: pos.connections,
    }
}

fn dropped(config: &Config, drop: &config::Drop) -> DropSettings {
    let listed = |till: &&config::Till| drop.tills.contains(&till.name);
    let tills = config.tills.iter().filter(listed);
    let tills = tills
        .map(|till| (till.name.clone(), till.rules()))
        .collect();
    DropSettings {
        timezone: config.timezone.clone(),
        ..DropSettings::new(drop.name.clone(), drop.folder.clone(), tills)
    }
}

/// A till's token, or why it has none that can be used.
fn token(file: &config::SecretFile) -> Result<Token, String> {
    let secret = file
        .read()
        .map_err(|why| format!("its token cannot be used: {why}"))?;
    let secret = secret.expose().as_bytes();
    if secret.len() < TOKEN_MIN_BYTES {
        return Err(format!("its token has less than {TOKEN_MIN_BYTES} bytes"));
    }
    Ok(Token::of(secret))
}

/// `pos`, unless a device has that name.
fn listener_name(config: &Config) -> Name {
    let taken = |name: &Name| {
        let scanners = config.scanners.iter().map(|scanner| &scanner.name);
        let tills = config.tills.iter().map(|till| &till.name);
        let drops = config.drops.iter().map(|drop| &drop.name);
        let readers = config.readers.iter().map(|reader| &reader.name);
        let mut names = scanners.chain(tills).chain(drops).chain(readers);
        names.any(|other| other == name)
    };
    ["pos", "pos-listener", "_pos"]
        .iter()
        .filter_map(|name| name.parse().ok())
        .find(|name| !taken(name))
        .unwrap_or_else(|| config.gateway.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_for_the_end_of_a_code_reaches_the_framing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shelfwire.toml");
        for (line, want) in [
            ("", FrameEnd::Line),
            ("end = \"line\"\n", FrameEnd::Line),
            ("end = \"tab\"\n", FrameEnd::Tab),
            ("end = \"eot\"\n", FrameEnd::Eot),
            ("end = \"space\"\n", FrameEnd::Space),
            ("end = \"silence\"\n", FrameEnd::Silence),
        ] {
            let text = format!(
                "store = \"1\"\n[uplink]\nurl = \"mqtt://localhost\"\n\
                 [[scanner]]\nname = \"a\"\ndevice = \"/dev/a\"\nrole = \"receive\"\n{line}"
            );
            std::fs::write(&path, text).unwrap();
            let loaded = config::load(&path, &config::Surroundings::default());
            let settings = scanner(loaded.config.unwrap().scanners.first().unwrap());
            assert_eq!(settings.serial.framing.end, want, "{line}");
            assert_eq!(settings.serial.framing.inter_byte_ms, 100);
            assert_eq!(settings.aim, AimRule::Auto);
        }
    }

    #[test]
    fn a_scanner_that_must_send_identifiers_is_asked_for_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shelfwire.toml");
        let text = "store = \"1\"\n[uplink]\nurl = \"mqtt://localhost\"\n\
                    [[scanner]]\nname = \"a\"\ndevice = \"/dev/a\"\nrole = \"receive\"\n\
                    aim = \"required\"\n";
        std::fs::write(&path, text).unwrap();
        let loaded = config::load(&path, &config::Surroundings::default());
        let settings = scanner(loaded.config.unwrap().scanners.first().unwrap());
        assert_eq!(settings.aim, AimRule::Required);
    }
}
