//! Values against each other. A value that is wrong by itself is not judged again here.

use super::checked::{Role, Timers};
use super::code::Code;
use super::diagnostic::Diagnostic;
use super::fields::Reader;
use super::node::Spot;
use super::read::Draft;
use super::value::choice::Profile;
use super::value::duration::show;
use super::value::secret::Source;

/// Adds what contradicts what.
pub(crate) fn check(draft: &Draft, reader: &mut Reader) {
    let mut cross = Cross { reader };
    cross.broker(draft);
    cross.identity(draft);
    cross.timers(&draft.uplink.timers);
    cross.scanners(draft);
    cross.names(draft);
    cross.tills(draft);
}

struct Cross<'r> {
    reader: &'r mut Reader,
}

impl Cross<'_> {
    /// Where a value stands that was written and understood.
    fn spot(&self, path: &str) -> Option<Spot> {
        self.reader.spots.get(path).cloned()
    }

    /// Whether a value was written and is wrong by itself: then nothing follows from its absence.
    fn is_wrong(&self, path: &str) -> bool {
        self.reader.wrong.iter().any(|wrong| wrong == path)
    }

    fn add(&mut self, fault: Diagnostic) {
        self.reader.faults.push(fault);
    }

    fn broker(&mut self, draft: &Draft) {
        let uplink = &draft.uplink;
        let (Some(broker), Some(url)) = (&uplink.broker, self.spot("uplink.url")) else {
            return;
        };
        if let (Some(profile), false) = (uplink.profile, broker.tls) {
            let tls_only = matches!(profile, Profile::Aws | Profile::Azure);
            if let (true, Some(spot)) = (tls_only, self.spot("uplink.profile")) {
                let word = profile.word();
                let message = format!("the profile \"{word}\" is of a broker that only speaks TLS");
                let fault = Diagnostic::new(Code::ProfileNeedsTls, &spot, message)
                    .also(&url, "this address is without TLS")
                    .help("write mqtts:// in the address, or remove the profile");
                self.add(fault);
            }
        }
        if broker.tls {
            return;
        }
        for key in ["ca", "cert", "key"] {
            if let Some(spot) = self.spot(&format!("uplink.{key}")) {
                let message = format!("`{key}` is of no use: the broker is spoken to without TLS");
                let fault = Diagnostic::new(Code::UnusedTls, &spot, message)
                    .also(&url, "this address is without TLS")
                    .help(format!("write mqtts:// in the address, or remove `{key}`"));
                self.add(fault);
            }
        }
        if broker.is_local() {
            return;
        }
        if let Some(spot) = self.spot("uplink.password") {
            let fault = Diagnostic::new(
                Code::ClearPassword,
                &spot,
                "the password would cross the network in clear text",
            )
            .also(&url, "this address is without TLS")
            .help("write mqtts:// in the address, or remove the password");
            self.add(fault);
        }
        let fault = Diagnostic::new(
            Code::ClearBroker,
            &url,
            "MQTT without TLS to a broker on another machine",
        )
        .label("stock data would cross the network in clear text")
        .help("write mqtts:// if the broker speaks TLS; most listen for it on port 8883");
        self.add(fault);
    }

    fn identity(&mut self, draft: &Draft) {
        let uplink = &draft.uplink;
        for (has, lacks, other) in [
            ("cert", uplink.key.is_none(), "key"),
            ("key", uplink.cert.is_none(), "cert"),
        ] {
            let spot = self.spot(&format!("uplink.{has}"));
            let wrong = self.is_wrong(&format!("uplink.{other}"));
            if let (Some(spot), true) = (spot, lacks && !wrong) {
                let fault = Diagnostic::new(
                    Code::HalfIdentity,
                    &spot,
                    format!("`{has}` without `{other}`: a client certificate needs both"),
                )
                .help(format!(
                    "add {other} = {{ file = \"/etc/shelfwire/secrets/client.{other}\" }}, or remove `{has}`"
                ));
                self.add(fault);
            }
        }
        let password = self.spot("uplink.password");
        let no_user = uplink.username.is_none() && !self.is_wrong("uplink.username");
        if let (Some(spot), true) = (password, no_user) {
            let fault = Diagnostic::new(Code::NoUser, &spot, "a password without a user name")
                .help("add username = \"…\" above it");
            self.add(fault);
        }
    }

    /// `less` must not be greater than `more`; with `strict`, not equal either.
    fn order(&mut self, less: (&str, u64), more: (&str, u64), strict: bool, why: &str) {
        let fine = if strict {
            less.1 < more.1
        } else {
            less.1 <= more.1
        };
        let (first, second) = (self.spot(less.0), self.spot(more.0));
        let Some(spot) = second.clone().or_else(|| first.clone()) else {
            return;
        };
        if fine || self.is_wrong(less.0) || self.is_wrong(more.0) {
            return;
        }
        let name = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
        let relation = if strict { "longer than" } else { "at least" };
        let message = format!(
            "`{}` must be {relation} `{}`: {why}",
            name(more.0),
            name(less.0)
        );
        let mut fault = Diagnostic::new(Code::Contradiction, &spot, message).help(format!(
            "`{}` is {}, `{}` is {}; change one of them",
            name(less.0),
            show(less.1),
            name(more.0),
            show(more.1)
        ));
        if let (Some(first), Some(_)) = (first, second) {
            fault = fault.also(&first, "the other one");
        }
        self.add(fault);
    }

    fn timers(&mut self, t: &Timers) {
        self.order(
            ("uplink.timers.keep_alive", t.keep_alive),
            ("uplink.timers.poll", t.poll),
            true,
            "a quiet connection says nothing between two keep-alives",
        );
        self.order(
            ("uplink.timers.reconnect_min", t.reconnect_min),
            ("uplink.timers.reconnect_max", t.reconnect_max),
            false,
            "the waits grow from one to the other",
        );
        self.order(
            ("uplink.timers.hello_again_min", t.hello_again_min),
            ("uplink.timers.hello_again_max", t.hello_again_max),
            false,
            "the wait is drawn between them",
        );
        self.order(
            ("uplink.timers.puback_still", t.puback_still),
            ("uplink.timers.puback_moving", t.puback_moving),
            false,
            "a line that moves is given more time",
        );
    }

    fn scanners(&mut self, draft: &Draft) {
        for (index, scanner) in draft.scanners.iter().enumerate() {
            let path = &scanner.path;
            let reason = self.spot(&format!("{path}.reason"));
            let role = self.spot(&format!("{path}.role"));
            match (scanner.role, reason, role) {
                (Some(Role::Adjust), None, Some(role))
                    if !self.is_wrong(&format!("{path}.reason")) =>
                {
                    let fault = Diagnostic::new(
                        Code::NoReason,
                        &role,
                        "a scanner that adjusts stock must say why",
                    )
                    .help("add reason = \"damaged\" (or another word for the books) to this [[scanner]]");
                    self.add(fault);
                }
                (Some(Role::Receive | Role::Return | Role::Lookup), Some(reason), role) => {
                    let mut fault = Diagnostic::new(
                        Code::UnusedReason,
                        &reason,
                        "a reason is only for scanners that adjust stock",
                    )
                    .help("remove the reason, or write role = \"adjust\"");
                    if let Some(role) = role {
                        fault = fault.also(&role, "this one does not");
                    }
                    self.add(fault);
                }
                _ => {}
            }
            let Some(device) = &scanner.device else {
                continue;
            };
            let Some(spot) = self.spot(&format!("{path}.device")) else {
                continue;
            };
            let earlier = draft.scanners.iter().take(index);
            if let Some(first) = earlier.rev().find(|s| s.device.as_ref() == Some(device)) {
                let mut fault =
                    Diagnostic::new(Code::SameDevice, &spot, "two scanners read the same device")
                        .label("used again")
                        .help("give each [[scanner]] its own device: ls -l /dev/serial/by-id lists those plugged in");
                if let Some(first) = self.spot(&format!("{}.device", first.path)) {
                    fault = fault.also(&first, "first used here");
                }
                self.add(fault);
            }
            let unstable = ["/dev/ttyUSB", "/dev/ttyACM"];
            if unstable
                .iter()
                .any(|start| device.to_string_lossy().starts_with(start))
            {
                let fault = Diagnostic::new(
                    Code::UnstableDevice,
                    &spot,
                    "this device path changes when cables are moved",
                )
                .label("numbered in the order of plugging in")
                .help("use the stable path of the same device: ls -l /dev/serial/by-id /dev/serial/by-path");
                self.add(fault);
            }
        }
        let wrong = self.is_wrong("scanner") || self.is_wrong("till");
        if draft.scanners.is_empty() && draft.tills.is_empty() && !wrong {
            let fault = Diagnostic::new(
                Code::NothingToRead,
                &Spot::new(0, 0..0),
                "neither a scanner nor a till: there is nothing to read",
            )
            .help("add a [[scanner]], or [pos] and a [[till]]; full.toml shows all their keys");
            self.add(fault);
        }
    }

    fn names(&mut self, draft: &Draft) {
        let scanners = draft.scanners.iter().map(|s| (&s.path, &s.name));
        let tills = draft.tills.iter().map(|t| (&t.path, &t.name));
        let mut seen: Vec<(&str, &Spot)> = Vec::new();
        let mut faults = Vec::new();
        for (path, name) in scanners.chain(tills) {
            let spot = self.reader.spots.get(&format!("{path}.name"));
            let (Some(name), Some(spot)) = (name, spot) else {
                continue;
            };
            match seen.iter().find(|(known, _)| *known == name.as_str()) {
                Some((_, first)) => faults.push(
                    Diagnostic::new(
                        Code::SameName,
                        spot,
                        format!("two sources are called \"{name}\""),
                    )
                    .label("used again")
                    .also(first, "first used here")
                    .help("scanners and tills share one list of names in the journal; change one"),
                ),
                None => seen.push((name.as_str(), spot)),
            }
        }
        self.reader.faults.append(&mut faults);
    }

    fn tills(&mut self, draft: &Draft) {
        let no_pos = draft.pos.is_none() && !self.is_wrong("pos");
        if let (Some(till), true) = (draft.tills.first(), no_pos)
            && let Some(spot) = self.spot(&till.path)
        {
            let message = "a till, but no [pos]: nothing listens for it";
            let fault = Diagnostic::new(Code::NoListener, &spot, message)
                .help("add [pos]; alone it listens on 127.0.0.1:7001");
            self.add(fault);
        }
        let mut seen: Vec<(&Source, &str)> = Vec::new();
        for till in &draft.tills {
            let Some(token) = &till.token else { continue };
            let Some((_, first)) = seen.iter().find(|(known, _)| *known == token) else {
                seen.push((token, &till.path));
                continue;
            };
            let spots = (
                self.spot(&format!("{}.token", till.path)),
                self.spot(&format!("{first}.token")),
            );
            if let (Some(spot), Some(first)) = spots {
                let fault = Diagnostic::new(Code::SameToken, &spot, "two tills with one token")
                    .label("used again")
                    .also(&first, "first used here")
                    .help("give each till its own: head -c 24 /dev/urandom | base64 > FILE");
                self.add(fault);
            }
        }
        self.listener(draft);
    }

    fn listener(&mut self, draft: &Draft) {
        let Some(pos) = &draft.pos else { return };
        if let (false, None, Some(spot)) = (
            pos.listen.ip().is_loopback(),
            &pos.tls,
            self.spot("pos.listen"),
        ) {
            let fault = Diagnostic::new(
                Code::OpenListener,
                &spot,
                "tills from the network need TLS",
            )
            .label("reachable from outside this machine")
            .help(format!(
                "listen on 127.0.0.1:{}, or add tls = {{ cert = {{ file = \"…\" }}, key = {{ file = \"…\" }} }}",
                pos.listen.port()
            ));
            self.add(fault);
        }
        let millis =
            |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.order(
            ("pos.ping", millis(pos.ping)),
            ("pos.idle", millis(pos.idle)),
            true,
            "a quiet till is heard only when it is asked",
        );
        if let (true, Some(spot)) = (
            draft.tills.is_empty() && !self.is_wrong("till"),
            self.spot("pos"),
        ) {
            let fault = Diagnostic::new(
                Code::NoTill,
                &spot,
                "[pos] listens, but no till may connect",
            )
            .help("add a [[till]] with its name and token, or remove [pos]");
            self.add(fault);
        }
    }
}
