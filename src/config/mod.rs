//! What a technician writes: TOML files to a checked [`Config`], or to faults with file, line,
//! column and a fix.
//!
//! ```text
//! files -> syntax (tree with places) -> read (each value by itself) -> cross (against each other)
//!       -> environment (against this machine) -> Config
//! ```
//!
//! A new key is one line in `read`, one field in [`checked`], one line in `config/full.toml`; a test
//! compares the three. A new kind of fault is one line in [`code`] and one file below
//! `tests/data/config-faults`.

pub mod checked;
pub mod code;
mod cross;
mod diagnostic;
mod environment;
mod fields;
mod files;
mod layers;
mod load;
mod mask;
mod node;
mod read;
mod readers;
pub mod schema;
pub mod shown;
mod syntax;
mod tables;
mod trial;
mod unknown;
mod value;

pub use checked::{
    Aim, Catalogue, Config, Drop, FrameEnd, Identity, Journal, Log, LogLevel, Numbers, Parity, Pos,
    Presence, Profile, Reader, ReaderAntenna, ReaderTls, ReaderWay, Role, Scanner, Secret,
    SecretError, SecretFile, Test, Till, Timers, Uplink, VoidStyle, Watch,
};
pub use diagnostic::Fault;
pub use environment::Surroundings;
pub use load::{Loaded, Report, load};

/// Where the configuration is, unless said otherwise.
pub const DEFAULT_PATH: &str = "/etc/shelfwire/shelfwire.toml";

#[cfg(test)]
mod tests;
