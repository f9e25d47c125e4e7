//! One word of a few.

use serde_json::{Value as Json, json};

use super::{Value, Wrong, text};
use crate::config::code::Code;
use crate::config::node::Node;

macro_rules! choice {
    ($(#[$doc:meta])+ $name:ident { $($(#[$vdoc:meta])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])+ $variant,)+ }

        impl $name {
            /// The word in the configuration.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl Value for $name {
            const EXAMPLE: &'static str = concat!("one of", $(" \"", $word, "\"",)+);

            fn schema() -> Json {
                json!({ "type": "string", "enum": [$($word,)+] })
            }

            fn read(node: &Node) -> Result<Self, Wrong> {
                match text::<Self>(node)? {
                    $($word => Ok(Self::$variant),)+
                    other => Err(none_of(other, &[$($word,)+])),
                }
            }
        }
    };
}

choice! {
    /// What reading a code with a scanner means.
    Role {
        /// Goods come in.
        Receive = "receive",
        /// Goods come back from a customer.
        Return = "return",
        /// Goods go from one zone to another; the store's stock stays.
        Move = "move",
        /// One unit is taken off, with the configured reason.
        Adjust = "adjust",
        /// Nothing is written; the code is only looked up.
        Lookup = "lookup",
    }
}

choice! {
    /// How a till writes that a line is void (R5).
    VoidStyle {
        /// A void is a line of its own and names the line that it takes back.
        Reverses = "reverses",
        /// A line with the negative quantity takes back so much, and names nothing.
        Signed = "signed",
        /// The line comes once, marked as void; it never counted.
        FlagsOriginal = "flags-original",
    }
}

choice! {
    /// How a till numbers its transactions (R19).
    Numbers {
        /// One after the other, over the days.
        Continuous = "continuous",
        /// One after the other, anew each business day.
        Daily = "daily",
        /// With holes, or not at all: they are not watched.
        None = "none",
    }
}

choice! {
    /// The parity bit of a serial line.
    Parity {
        /// No parity bit.
        None = "none",
        /// Odd.
        Odd = "odd",
        /// Even.
        Even = "even",
    }
}

choice! {
    /// What ends a code on a serial line. CR, LF and ETX do in any case.
    FrameEnd {
        /// CR, LF, CRLF or ETX.
        Line = "line",
        /// TAB too.
        Tab = "tab",
        /// EOT too.
        Eot = "eot",
        /// SPACE too.
        Space = "space",
        /// Silence too: the scanner sends no suffix.
        Silence = "silence",
    }
}

choice! {
    /// Whether a scanner names the symbology in front of each code (its AIM identifier).
    Aim {
        /// As it does it.
        Auto = "auto",
        /// Always: what comes without is not taken.
        Required = "required",
    }
}

choice! {
    /// A broker whose documented limits are kept.
    Profile {
        /// AWS `IoT` Core.
        Aws = "aws",
        /// Azure Event Grid.
        Azure = "azure",
        /// `HiveMQ`.
        Hivemq = "hivemq",
    }
}

choice! {
    /// How much is logged.
    LogLevel {
        /// Data lost, or a person must act.
        Error = "error",
        /// And what recovered by itself.
        Warn = "warn",
        /// And what begins and ends: starts, stops, connections.
        Info = "info",
        /// And every step.
        Debug = "debug",
        /// And every message.
        Trace = "trace",
    }
}

impl From<LogLevel> for tracing::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

pub(super) fn none_of(word: &str, words: &[&str]) -> Wrong {
    let list = words
        .iter()
        .map(|word| format!("\"{word}\""))
        .collect::<Vec<_>>()
        .join(", ");
    let help = match nearest(word, words.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"? The choices are {list}"),
        None => format!("the choices are {list}"),
    };
    Wrong::new(Code::NotAChoice, "is none of the choices", help)
}

/// The known word that was probably meant.
pub(crate) fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_lowercase().replace('-', "_");
    words
        .map(|known| (strsim::osa_distance(&word, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
