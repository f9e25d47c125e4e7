//! What came of taking a number.

/// What a number that was taken did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one number may do several of these at once"
)]
pub struct Took {
    /// The record is another one now.
    pub changed: bool,
    /// A hole is there that was not.
    pub opened: bool,
    /// It filled a hole that an entry had named.
    pub filled: bool,
    /// It stands so far from the others that it is taken as a new start.
    pub jumped: bool,
    /// A day began anew with 0 or 1, though numbers should run on.
    pub anew: bool,
    /// There are too many stretches or holes: from here on the day is not watched.
    pub gave_up: bool,
}
