//! Values against each other. A value that is wrong by itself is not judged again here.

mod readers;
mod sources;
mod store;

use crate::config::checked::Timers;
use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::fields::Reader;
use crate::config::node::Spot;
use crate::config::read::Draft;
use crate::config::value::choice::Profile;
use crate::config::value::duration::show;

/// Adds what contradicts what.
pub(crate) fn check(draft: &Draft, reader: &mut Reader) {
    let mut cross = Cross { reader };
    cross.broker(draft);
    cross.identity(draft);
    cross.timers(&draft.uplink.timers);
    cross.scanners(draft);
    cross.names(draft);
    cross.tills(draft);
    cross.tokens(draft);
    cross.time(draft);
    cross.drops(draft);
    cross.readers(draft);
    cross.presence(&draft.presence);
    cross.tests(draft);
}

pub(super) struct Cross<'r> {
    pub(super) reader: &'r mut Reader,
}

impl Cross<'_> {
    /// Where a value stands that was written and understood.
    pub(super) fn spot(&self, path: &str) -> Option<Spot> {
        self.reader.spots.get(path).cloned()
    }

    /// Whether a value was written and is wrong by itself: then nothing follows from its absence.
    pub(super) fn is_wrong(&self, path: &str) -> bool {
        self.reader.wrong.iter().any(|wrong| wrong == path)
    }

    pub(super) fn add(&mut self, fault: Diagnostic) {
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
    pub(super) fn order(&mut self, less: (&str, u64), more: (&str, u64), strict: bool, why: &str) {
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
}
