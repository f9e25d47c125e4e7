//! What belongs together in a store: tills and its time, drop folders and tests and their tills.

use shelfwire_core::domain::ids::Name;

use super::Cross;
use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::Draft;
use crate::config::value::Value as _;
use crate::config::value::secret::Source;
use crate::config::value::time::{TimeOfDay, Zone};

impl Cross<'_> {
    /// R21: business days end by the store's own clock, once there is anything that has them.
    pub(super) fn time(&mut self, draft: &Draft) {
        let till = draft.tills.first().map(|till| ("tills", &till.path));
        let reader = draft
            .readers
            .first()
            .map(|reader| ("readers", &reader.path));
        let Some((sources, path)) = till.or(reader) else {
            return;
        };
        let Some(spot) = self.spot(path) else { return };
        for (key, missing, example) in [
            ("timezone", draft.timezone.is_none(), Zone::EXAMPLE),
            ("day_end", draft.day_end.is_none(), TimeOfDay::EXAMPLE),
        ] {
            if missing && !self.is_wrong(key) {
                let message =
                    format!("a store with {sources} needs `{key}`, and it has no default");
                let fault = Diagnostic::new(Code::Missing, &spot, message)
                    .label("its business days end by the store's clock")
                    .help(format!(
                        "add the line {key} = {example} before the first table"
                    ));
                self.add(fault);
            }
        }
    }

    /// A till calls with its token, or its files are dropped.
    pub(super) fn tokens(&mut self, draft: &Draft) {
        for till in &draft.tills {
            let token = format!("{}.token", till.path);
            let wrong = self.is_wrong(&token) || self.is_wrong("drop");
            let mut drops = draft.drops.iter();
            let dropped = drops.any(|drop| match (&drop.tills, &till.name) {
                (Some(names), Some(name)) => names.contains(name),
                _ => true,
            });
            if let (None, false, false, Some(spot)) =
                (&till.token, wrong, dropped, self.spot(&till.path))
            {
                let message = "[[till]] has no `token`, and no [[drop]] names it";
                let fault = Diagnostic::new(Code::Missing, &spot, message).help(format!(
                    "add the line token = {}; or name it in the tills of a [[drop]]",
                    Source::EXAMPLE
                ));
                self.add(fault);
            }
        }
    }

    pub(super) fn drops(&mut self, draft: &Draft) {
        for (index, drop) in draft.drops.iter().enumerate() {
            let earlier = || draft.drops.iter().take(index);
            let tills = self.spot(&format!("{}.tills", drop.path));
            for name in drop.tills.iter().flatten() {
                let Some(spot) = &tills else { continue };
                self.known_till(draft, name, spot);
                let taken = |other: &&_| -> bool {
                    let other: &crate::config::read::DropDraft = other;
                    other.tills.iter().flatten().any(|other| other == name)
                };
                if let Some(first) = earlier().find(taken) {
                    let message = format!("\"{name}\" drops its files into two folders");
                    self.twice(spot, &format!("{}.tills", first.path), &message);
                }
            }
            let folder = self.spot(&format!("{}.folder", drop.path));
            let same =
                earlier().find(|other| other.folder.is_some() && other.folder == drop.folder);
            if let (Some(spot), Some(first)) = (folder, same) {
                let path = format!("{}.folder", first.path);
                self.twice(&spot, &path, "two drop folders are the same folder");
            }
        }
    }

    fn twice(&mut self, spot: &super::Spot, first: &str, message: &str) {
        let mut fault = Diagnostic::new(Code::DropTwice, spot, message)
            .label("used again")
            .help("keep one of the two: one [[drop]] may name several tills");
        if let Some(first) = self.spot(first) {
            fault = fault.also(&first, "first used here");
        }
        self.add(fault);
    }

    pub(super) fn tests(&mut self, draft: &Draft) {
        for (index, test) in draft.tests.iter().enumerate() {
            let spot = self.spot(&format!("{}.till", test.path));
            if let (Some(till), Some(spot)) = (&test.till, spot) {
                self.known_till(draft, till, &spot);
            }
            let mut earlier = draft.tests.iter().take(index);
            let same = earlier.find(|other| other.name.is_some() && other.name == test.name);
            let spot = self.spot(&format!("{}.name", test.path));
            if let (Some(first), Some(spot)) = (same, spot) {
                let mut fault = Diagnostic::new(Code::SameTest, &spot, "two tests with one name")
                    .label("used again")
                    .help("say in the name of each what it shows");
                if let Some(first) = self.spot(&format!("{}.name", first.path)) {
                    fault = fault.also(&first, "first used here");
                }
                self.add(fault);
            }
        }
    }

    fn known_till(&mut self, draft: &Draft, name: &Name, spot: &super::Spot) {
        let names: Vec<&str> = draft
            .tills
            .iter()
            .filter_map(|till| till.name.as_ref().map(Name::as_str))
            .collect();
        // Where a till's own name is wrong, it may be the one that is meant.
        if names.contains(&name.as_str())
            || names.len() < draft.tills.len()
            || self.is_wrong("till")
        {
            return;
        }
        let near = crate::config::value::choice::nearest(name.as_str(), names.iter().copied());
        let help = match (near, names.is_empty()) {
            (Some(near), _) => format!("did you mean \"{near}\"?"),
            (None, true) => format!("add a [[till]] with name = \"{name}\""),
            (None, false) => format!(
                "the tills are {}; or add a [[till]] with name = \"{name}\"",
                names.join(", ")
            ),
        };
        let message = format!("no [[till]] is called \"{name}\"");
        let fault = Diagnostic::new(Code::NoSuchTill, spot, message).help(help);
        self.add(fault);
    }
}
