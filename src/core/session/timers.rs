//! Every timer of the session, in milliseconds; `[uplink.timers]` has a key for each.

/// How long the session waits for what. All in milliseconds of the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// MQTT keep-alive; performed by the shell.
    pub keep_alive: u64,
    /// A poll of the connection that brings nothing for this long ends it; performed by the shell.
    pub poll: u64,
    /// Connecting, TLS and CONNACK together; performed by the shell.
    pub connect: u64,
    /// A PUBACK is overdue this long after the socket took the frame's last byte, nothing moving.
    pub puback_still: u64,
    /// The same while bytes move.
    pub puback_moving: u64,
    /// A hello without an answer for this long makes the status `centre silent`.
    pub hello_answer: u64,
    /// The next hello is said this long after one without an answer, at the least.
    pub hello_again_min: u64,
    /// And at the most.
    pub hello_again_max: u64,
    /// The next hello is said this long after one that nobody was subscribed to hear, or up to twice
    /// that; doubled each time, up to `hello_again_min` and `hello_again_max`.
    pub hello_unheard: u64,
    /// An entry sent and not applied for this long (+-20 %) makes the box say hello again.
    pub outstanding: u64,
    /// Least gap between hellos that `applied` without a nonce may cause.
    pub foreign_hello: u64,
    /// A box that may not book says hello this often.
    pub fenced_hello: u64,
    /// Upper edge of the first reconnect delay.
    pub reconnect_min: u64,
    /// Upper edge of any reconnect delay.
    pub reconnect_max: u64,
    /// A connection that was up this long, with one PUBACK, resets the delays.
    pub reset_after: u64,
    /// Pause after the session was taken over three times in a minute.
    pub taken_over_pause: u64,
    /// `health` is sent this often.
    pub health: u64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            keep_alive: 20_000,
            poll: 30_000,
            connect: 10_000,
            puback_still: 15_000,
            puback_moving: 60_000,
            hello_answer: 10_000,
            hello_again_min: 30_000,
            hello_again_max: 60_000,
            hello_unheard: 2_000,
            outstanding: 30_000,
            foreign_hello: 30_000,
            fenced_hello: 600_000,
            reconnect_min: 1_000,
            reconnect_max: 20_000,
            reset_after: 30_000,
            taken_over_pause: 60_000,
            health: 60_000,
        }
    }
}
