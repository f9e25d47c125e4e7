//! R3, R5: what a till's lines mean where tills differ. Each till has its rules in the
//! configuration; a `[[test]]` stanza pins them.

use serde::{Deserialize, Serialize};

use super::till::raw;
use crate::domain::numbers::Numbering;
use crate::domain::observation::{
    ItemLine, Line, LineKind, NOT_NEGATIVE, Transaction, UnclearLine,
};
use crate::domain::quantity::{Milli, Uom};

/// How a till takes a line back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoidStyle {
    /// A line of kind `void` names the line that it undoes.
    #[default]
    Reverses,
    /// A negative `sale` or `return` undoes so much of one, without naming a line; so does a
    /// negative `void` without `voids`, of a sale.
    Signed,
    /// The line itself is sent as `voided`. Void lines of the same transaction only document it.
    FlagsOriginal,
}

/// What is agreed with one till.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TillRules {
    /// It sends a transaction again when it has changed: the difference is booked (R3).
    pub versioned: bool,
    /// How it takes a line back (R5).
    pub void_style: VoidStyle,
    /// How it numbers its transactions (R19).
    pub numbering: Numbering,
}

impl VoidStyle {
    /// Every style with its word in the configuration.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("reverses", Self::Reverses),
        ("signed", Self::Signed),
        ("flags-original", Self::FlagsOriginal),
    ];
}

/// Lines whose sign this till does not use are not understood. Before the content is digested: a
/// line that was not understood counts with its id alone.
pub(super) fn refuse_signs(style: VoidStyle, sale: &mut Transaction) {
    for line in &mut sale.lines {
        let Line::Understood(understood) = line else {
            continue;
        };
        if let Some(reason) = wrong_sign(style, understood) {
            *line = Line::Unclear(unclear(understood, reason));
        }
    }
}

fn wrong_sign(style: VoidStyle, line: &ItemLine) -> Option<String> {
    if line.voided || !matches!(line.kind, LineKind::Sale | LineKind::Return) {
        return None;
    }
    let negative = line.qty < Milli::ZERO;
    let is_signed = style == VoidStyle::Signed;
    if negative && !is_signed {
        let name = match line.uom {
            Some(Uom::Kilogram) => "weight",
            _ => "qty",
        };
        return Some(format!("{name}: {NOT_NEGATIVE}"));
    }
    let mut signs = line.components.iter().map(|part| part.qty < Milli::ZERO);
    let other = signs.position(|sign| sign != negative)?;
    let why = if is_signed {
        "has the sign of its line"
    } else {
        NOT_NEGATIVE
    };
    Some(format!("components[{other}].qty: {why}"))
}

/// What a void line means to this till.
pub(super) enum VoidMeans {
    /// It undoes something.
    Undoes,
    /// The flagged line says it already.
    Documents,
    /// Nobody can tell what it undoes.
    Unclear(UnclearLine),
}

/// Of a line of kind `void`, in its transaction; `None` for any other line.
pub(super) fn void_means(
    style: VoidStyle,
    line: &ItemLine,
    is_own: impl Fn(&ItemLine) -> bool,
) -> Option<VoidMeans> {
    if line.kind != LineKind::Void {
        return None;
    }
    let why = match (style, &line.voids) {
        (VoidStyle::FlagsOriginal, None) => return Some(VoidMeans::Documents),
        (VoidStyle::FlagsOriginal, Some(_)) if is_own(line) => return Some(VoidMeans::Documents),
        (_, Some(_)) => return Some(VoidMeans::Undoes),
        (VoidStyle::Signed, None) if line.qty < Milli::ZERO => return Some(VoidMeans::Undoes),
        (VoidStyle::Signed, None) => {
            "voids: is missing, and a void without it is negative: it undoes so much of a sale"
        }
        (VoidStyle::Reverses, None) => "voids: is missing: a void names the line that it undoes",
    };
    Some(VoidMeans::Unclear(unclear(line, why.to_owned())))
}

fn unclear(line: &ItemLine, reason: String) -> UnclearLine {
    UnclearLine {
        id: Some(line.id.clone()),
        raw: raw(line),
        reason,
    }
}
