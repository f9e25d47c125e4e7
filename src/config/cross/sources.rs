//! Scanners, tills, and where tills connect.

use super::Cross;
use crate::config::checked::Role;
use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::node::Spot;
use crate::config::read::{Draft, ScannerDraft, TillDraft};
use crate::config::value::secret::Source;

impl Cross<'_> {
    pub(super) fn scanners(&mut self, draft: &Draft) {
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
                (
                    Some(Role::Receive | Role::Return | Role::Move | Role::Lookup),
                    Some(reason),
                    role,
                ) => {
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
            self.zones(scanner);
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
        self.nothing(draft);
    }

    fn nothing(&mut self, draft: &Draft) {
        let wrong = ["scanner", "till", "reader"].map(|key| self.is_wrong(key));
        let none = draft.scanners.is_empty() && draft.tills.is_empty() && draft.readers.is_empty();
        if none && wrong == [false; 3] {
            let fault = Diagnostic::new(
                Code::NothingToRead,
                &Spot::new(0, 0..0),
                "neither a scanner nor a till nor a reader: there is nothing to read",
            )
            .help(
                "add a [[scanner]], a [[reader]], or [pos] and a [[till]]; full.toml shows all \
                 their keys",
            );
            self.add(fault);
        }
    }

    fn zones(&mut self, scanner: &ScannerDraft) {
        let path = |key: &str| format!("{}.{key}", scanner.path);
        let (from, to) = (self.spot(&path("from_zone")), self.spot(&path("zone")));
        let role = self.spot(&path("role"));
        match (scanner.role, from, role) {
            (Some(Role::Move), from, Some(role)) => {
                for (key, found) in [("from_zone", &from), ("zone", &to)] {
                    if found.is_none() && !self.is_wrong(&path(key)) {
                        let message = format!("a scanner that moves goods needs `{key}`");
                        let fault = Diagnostic::new(Code::NoZones, &role, message).help(format!(
                            "add {key} = \"backroom\" (or another zone) to this [[scanner]]: goods go \
                             from `from_zone` to `zone`"
                        ));
                        self.add(fault);
                    }
                }
                if let (Some(from), Some(to), true) = (from, to, scanner.from_zone == scanner.zone)
                {
                    let fault =
                        Diagnostic::new(Code::SameZone, &from, "a move from a zone to itself")
                            .also(&to, "goods go here")
                            .help("name two different zones, or use role = \"lookup\"");
                    self.add(fault);
                }
            }
            (
                Some(Role::Receive | Role::Return | Role::Adjust | Role::Lookup),
                Some(from),
                Some(role),
            ) => {
                let fault = Diagnostic::new(
                    Code::UnusedZone,
                    &from,
                    "goods come from a zone only on a scanner that moves them",
                )
                .also(&role, "this one does not")
                .help("remove from_zone, or write role = \"move\"");
                self.add(fault);
            }
            _ => {}
        }
    }

    pub(super) fn names(&mut self, draft: &Draft) {
        let scanners = draft.scanners.iter().map(|s| (&s.path, &s.name));
        let tills = draft.tills.iter().map(|t| (&t.path, &t.name));
        let drops = draft.drops.iter().map(|d| (&d.path, &d.name));
        let readers = draft.readers.iter().map(|r| (&r.path, &r.name));
        let mut seen: Vec<(&str, &Spot)> = Vec::new();
        let mut faults = Vec::new();
        for (path, name) in scanners.chain(tills).chain(drops).chain(readers) {
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
                    .help(
                        "scanners, tills, drop folders and readers share one list of names; change \
                         one",
                    ),
                ),
                None => seen.push((name.as_str(), spot)),
            }
        }
        self.reader.faults.append(&mut faults);
    }

    pub(super) fn tills(&mut self, draft: &Draft) {
        let no_pos = draft.pos.is_none() && !self.is_wrong("pos");
        let calls = draft.tills.iter().find(|till| till.token.is_some());
        if let (Some(till), true) = (calls, no_pos)
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
            calls(draft) == 0 && !self.is_wrong("till"),
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

/// How many tills connect; the others drop files. One whose token is wrong was meant to.
fn calls(draft: &Draft) -> usize {
    let dropped = |till: &&TillDraft| {
        let name = till.name.as_ref();
        let mut drops = draft
            .drops
            .iter()
            .flat_map(|drop| drop.tills.iter().flatten());
        till.token.is_none() && drops.any(|other| Some(other) == name)
    };
    draft.tills.iter().filter(|till| !dropped(till)).count()
}
