//! Bounds of readers of tags: of their messages, of their number, and of the waits for them.

/// Largest LLRP message, in bytes: thousands of tags. Larger: the connection is closed before any of
/// it is kept.
pub const LLRP_FRAME_MAX_BYTES: usize = 4 << 20;
/// Up to here the buffer of a message that is cut by reads grows twofold, in bytes; then it is made
/// as large as the message.
pub const LLRP_GROWN_MAX_BYTES: usize = 1 << 20;
/// Bytes of that buffer that are kept after a message; the rest is given back.
pub const LLRP_BUFFER_KEPT_BYTES: usize = 64 << 10;
/// Longest text of a reader that is kept (status, firmware, exception), in bytes; cut there.
pub const LLRP_TEXT_MAX_BYTES: usize = 1_024;
/// Parameter errors, one inside the other, that are kept of a status; deeper ones are not.
pub const LLRP_DEPTH_MAX: usize = 16;
/// Entries of one table of a reader's capabilities (power levels, modes); a message with more is
/// refused and counted.
pub const LLRP_TABLE_MAX: usize = 1_024;
/// Parts of specifications and configurations that are kept of one message; one with more is refused
/// and counted.
pub const LLRP_PARTS_MAX: usize = 2_048;
/// Bytes of vendors' parameters and lists that are kept of one message; one with more is refused and
/// counted.
pub const LLRP_KEPT_MAX_BYTES: usize = 256 << 10;
/// Events in one notification; one with more is refused and counted.
pub const LLRP_EVENTS_MAX: usize = 64;

/// Most readers of one box; more: the configuration is refused.
pub const READERS_MAX: usize = 32;
/// Most antennas of one reader; more: the configuration is refused.
pub const READER_ANTENNAS_MAX: usize = 64;
/// Most reference tags of one antenna; more: the configuration is refused.
pub const REFERENCE_TAGS_MAX: usize = 8;
/// Most tags that an antenna may be told to expect, in the configuration.
pub const READER_POPULATION_MAX: u64 = 32_767;
/// Greatest index of a reader's modes, in the configuration.
pub const READER_MODE_MAX: u64 = 65_535;
/// Most tags that a reader may gather before it reports, in the configuration.
pub const READER_REPORT_MAX: u64 = 500;
/// Least and most power of a reader, in hundredths of a dBm, in the configuration.
pub const READER_POWER_MIN_CDBM: i16 = 0;
/// Most power of a reader, in hundredths of a dBm, in the configuration.
pub const READER_POWER_MAX_CDBM: i16 = 3_600;
/// Bytes taken from a reader's connection at a time.
pub const LLRP_READ_BYTES: usize = 16 << 10;
/// Longest wait for a TCP connection to a reader, in milliseconds.
pub const LLRP_CONNECT_MS: u64 = 1_000;
/// Longest wait before a reader that is out is tried again, in milliseconds.
pub const LLRP_RETRY_LAST_MS: u64 = 3_000;
/// A reader that does not say within this time whether it takes the connection is left.
pub const LLRP_GREETING_MS: u64 = 5_000;
/// A request that must be answered and is not within this time ends the connection.
pub const LLRP_ANSWER_MS: u64 = 5_000;
/// A request that need not be answered is waited for so long,
pub const LLRP_OPTIONAL_MS: u64 = 1_000;
/// and on later connections, once it was not answered, so long.
pub const LLRP_SILENT_MS: u64 = 200;
/// How long a reader is given to send what it held before its specifications are replaced.
pub const LLRP_DRAIN_MS: u64 = 1_000;
/// After a message that has no answer, so long nothing is sent: readers exist that take one message
/// of what arrives together.
pub const LLRP_PAUSE_MS: u64 = 200;
/// How often a reader is told to say that it is there. After two such times of silence it is asked,
/// after three its connection is given up.
pub const LLRP_KEEPALIVE_MS: u64 = 5_000;
/// At a stop, so long is waited until a reader has closed its end.
pub const LLRP_CLOSE_MS: u64 = 1_000;
/// A reader's clock is compared anew in each such time, in milliseconds, so that it may drift.
pub const READER_CLOCK_WINDOW_MS: u64 = 60_000;
/// A read that seems older than this, in milliseconds, when nothing was held: the reader's clock was
/// set, and the read is taken as of now.
pub const READER_CLOCK_LATE_MS: u64 = 10_000;

const _: () = assert!(LLRP_CONNECT_MS + LLRP_RETRY_LAST_MS <= 4_000);
const _: () = assert!(LLRP_SILENT_MS < LLRP_OPTIONAL_MS && LLRP_OPTIONAL_MS < LLRP_ANSWER_MS);
