//! The gateway's side of the protocol: connection state, hello, what to send next, credit and window.

pub mod facts;
