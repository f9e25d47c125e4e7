//! Readers and their antennas against each other.

use shelfwire_core::domain::epc::Epc;

use super::{Cross, Spot};
use crate::config::checked::Presence;
use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::Draft;
use crate::config::readers::{ReaderDraft, millis};
use crate::config::value::Value as _;
use crate::config::value::reader::Address;

impl Cross<'_> {
    pub(super) fn readers(&mut self, draft: &Draft) {
        let mut references: Vec<(Epc, String)> = Vec::new();
        for (index, reader) in draft.readers.iter().enumerate() {
            self.way(reader);
            self.antennas(reader, &mut references);
            let earlier = || draft.readers.iter().take(index);
            for (key, same) in [
                (
                    "address",
                    earlier().find(|r| r.address.is_some() && r.address == reader.address),
                ),
                (
                    "listen",
                    earlier().find(|r| r.listen.is_some() && r.listen == reader.listen),
                ),
            ] {
                let spot = self.spot(&format!("{}.{key}", reader.path));
                if let (Some(first), Some(spot)) = (same, spot) {
                    let message = "two readers have one address";
                    let help = "give each [[reader]] its own; a reader serves one client at a time";
                    let first = format!("{}.{key}", first.path);
                    self.again(Code::SameReader, (&spot, &first), message, help);
                }
            }
        }
    }

    /// It is called, or it calls.
    fn way(&mut self, reader: &ReaderDraft) {
        let path = |key: &str| format!("{}.{key}", reader.path);
        let (address, listen) = (self.spot(&path("address")), self.spot(&path("listen")));
        let wrong = self.is_wrong(&path("address")) || self.is_wrong(&path("listen"));
        match (&address, &listen) {
            (Some(address), Some(listen)) => {
                let message =
                    "a reader is called at its `address`, or it calls at `listen`: not both";
                let fault = Diagnostic::new(Code::ReaderWay, listen, message)
                    .also(address, "it is called here")
                    .help("remove one; most readers are called");
                self.add(fault);
            }
            (None, None) if !wrong => {
                if let Some(spot) = self.spot(&reader.path) {
                    let message = "[[reader]] has neither `address` nor `listen`";
                    let fault = Diagnostic::new(Code::ReaderWay, &spot, message)
                        .help(format!("add the line address = {}", Address::EXAMPLE));
                    self.add(fault);
                }
            }
            _ => {}
        }
        let Some(tls) = &reader.tls else { return };
        if let (Some(_), None, Some(spot)) = (&listen, &address, self.spot(&path("tls"))) {
            let message = "`tls` is of no use: it is for a reader that is called";
            let fault = Diagnostic::new(Code::UnusedReaderTls, &spot, message)
                .help("remove `tls`, or call the reader: address = \"…:5085\"");
            self.add(fault);
        }
        for (has, lacks, other) in [
            ("cert", tls.key.is_none(), "key"),
            ("key", tls.cert.is_none(), "cert"),
        ] {
            let spot = self.spot(&path(&format!("tls.{has}")));
            let wrong = self.is_wrong(&path(&format!("tls.{other}")));
            if let (Some(spot), true) = (spot, lacks && !wrong) {
                let message = format!("`{has}` without `{other}`: a client certificate needs both");
                let fault = Diagnostic::new(Code::HalfIdentity, &spot, message)
                    .help(format!("add `{other}`, or remove `{has}`"));
                self.add(fault);
            }
        }
    }

    fn antennas(&mut self, reader: &ReaderDraft, references: &mut Vec<(Epc, String)>) {
        if reader.antennas.is_empty() && !self.is_wrong(&format!("{}.antenna", reader.path)) {
            if let Some(spot) = self.spot(&reader.path) {
                let message = "a reader without antennas sees nothing";
                let fault = Diagnostic::new(Code::NoAntenna, &spot, message).help(
                    "add below it, for each antenna: [[reader.antenna]], port = 1, shelf = \"a-shelf\"",
                );
                self.add(fault);
            }
            return;
        }
        for (index, antenna) in reader.antennas.iter().enumerate() {
            let mut earlier = reader.antennas.iter().take(index);
            let same = earlier.find(|other| other.port.is_some() && other.port == antenna.port);
            let spot = self.spot(&format!("{}.port", antenna.path));
            if let (Some(first), Some(spot)) = (same, spot) {
                let first = format!("{}.port", first.path);
                let message = "two antennas at one port of a reader";
                let help =
                    "give each [[reader.antenna]] its own port: they are numbered on the reader";
                self.again(Code::SamePort, (&spot, &first), message, help);
            }
            let place = format!("{}.reference", antenna.path);
            for epc in &antenna.reference {
                let known = references.iter().find(|(other, _)| other == epc);
                if let (Some((_, first)), Some(spot)) = (known.cloned(), self.spot(&place)) {
                    let message = format!("the reference tag {epc} is fixed to two places");
                    let help = "name it at the antenna that it is nearest to, and nowhere else";
                    self.again(Code::SameReference, (&spot, &first), &message, help);
                }
                references.push((*epc, place.clone()));
            }
        }
    }

    fn again(&mut self, code: Code, (spot, first): (&Spot, &str), message: &str, help: &str) {
        let mut fault = Diagnostic::new(code, spot, message)
            .label("used again")
            .help(help);
        if let Some(first) = self.spot(first) {
            fault = fault.also(&first, "first used here");
        }
        self.add(fault);
    }

    pub(super) fn presence(&mut self, presence: &Presence) {
        let glimpsed = (
            "presence.glimpsed_timeout",
            millis(presence.glimpsed_timeout),
        );
        self.order(
            (
                "presence.observed_time_threshold",
                millis(presence.observed_time_threshold),
            ),
            glimpsed,
            false,
            "a tag would be forgotten before it can be there",
        );
        self.order(
            glimpsed,
            ("presence.lost_timeout", millis(presence.lost_timeout)),
            false,
            "a tag that is there is not given up sooner than one that was glimpsed",
        );
    }
}
