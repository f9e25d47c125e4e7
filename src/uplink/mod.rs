//! The way to the centre: performs what the session decides.

pub mod link;
pub mod mqtt;
