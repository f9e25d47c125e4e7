//! Every bound of the system, with its unit in its name, and how the bounds relate.
//!
//! What happens *at* a bound stands beside it (J8).

mod readers;

pub use readers::*;

/// Longest name of a store, gateway, till or device, in bytes (`[A-Za-z0-9_-]`; a topic level).
pub const NAME_MAX_BYTES: usize = 32;
/// Longest item key of the catalogue, in bytes. Longer: the catalogue row is refused with its line.
pub const ITEM_MAX_BYTES: usize = 64;
/// Longest code as read, percent-encoded, in bytes. Longer: the scan is refused and counted.
pub const CODE_MAX_BYTES: usize = 64;
/// Longest transaction number or line id of a till, in bytes. Longer: the message is refused.
pub const SOURCE_ID_MAX_BYTES: usize = 64;
/// Longest opaque reference (order, reservation), in bytes. Longer: the line is not understood.
pub const REF_MAX_BYTES: usize = 64;
/// Longest EPC in hexadecimal digits (496 bits, SGTIN-198 rounded up and more).
pub const EPC_MAX_HEX: usize = 124;
/// Most zones an item may have a balance in. Beyond it the movement goes to no zone and is alerted.
pub const ZONES_PER_ITEM_MAX: usize = 16;
/// Longest raw text kept of a line that could not be understood, in bytes; cut there.
pub const RAW_MAX_BYTES: usize = 1024;
/// Longest human text in an entry (alert, loss), in bytes; cut there.
pub const TEXT_MAX_BYTES: usize = 256;

/// Greatest quantity of one movement, in thousandths of the unit (one million units).
pub const QTY_MAX_MILLI: i64 = 1_000_000_000;
/// Greatest balance, in thousandths; a movement that would pass it is not understood.
pub const BALANCE_MAX_MILLI: i64 = 1_000_000_000_000_000;
/// Greatest catalogue factor, in thousandths.
pub const FACTOR_MAX_MILLI: i64 = 1_000_000_000;
/// Most components of a virtual bundle.
pub const COMPONENTS_MAX: usize = 32;

/// Largest catalogue file, in bytes. Larger: refused, the catalogue in use stays.
pub const CATALOGUE_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Longest line of a catalogue file, in bytes. Longer: the file is refused with the line.
pub const CATALOGUE_LINE_MAX_BYTES: usize = 16 * 1024;
/// Most rows of a catalogue (16 bytes of memory each, 12 and its key for an item). More: refused.
pub const CATALOGUE_ROWS_MAX: usize = 250_000;
/// Faults of a catalogue that are told at once; reading stops there.
pub const CATALOGUE_FAULTS_MAX: usize = 20;

/// Most patterns of its own that a store may have for labels; more: the configuration is refused.
pub const LABEL_PATTERNS_MAX: usize = 32;

/// Most lines in one till transaction. More: the message is refused, not to be retried.
pub const LINES_PER_TRANSACTION_MAX: usize = 1_000;
/// Most rows that one command books, so that `n` stays small; a line that would pass it is not
/// understood.
pub const ROWS_PER_COMMAND_MAX: usize = 10_000;
/// Of them, kept free for alerts: two for each line, one for the transaction, the rest for items
/// that fell below zero (further ones of the same command are not alerted).
pub const ALERT_ROWS_PER_COMMAND_MAX: usize = 2_500;
/// Most lines of one opening; more: refused, to be cut by whoever reads the file.
pub const OPENING_LINES_MAX: usize = 1_000;
/// How near a till's time may be to a cutoff before nobody can say which came first, either way, in
/// milliseconds; such a movement is booked and a recount is asked for (R11).
pub const CUTOFF_NEAR_MS: i64 = 2 * 60 * 1_000;
/// How far ahead of now a cutoff may be, in milliseconds: clocks differ. Further: refused.
pub const CUTOFF_AHEAD_MAX_MS: i64 = 2 * 60 * 1_000;
/// Rows taken up to this long before a cutoff, in milliseconds, are looked at too when an opening is
/// booked: a till's last number says more than the time.
pub const CUTOFF_MARGIN_MS: i64 = 24 * 60 * 60 * 1_000;
/// Tills whose last number an opening may name; more: refused.
pub const CUTOFF_TILLS_MAX: usize = SOURCES_MAX;
/// A till's clock is measured anew after this, in milliseconds.
pub const TILL_CLOCK_WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;
/// Differences this near to each other say the same of a till's clock, in milliseconds.
pub const TILL_CLOCK_AGREE_MS: i64 = 60 * 1_000;
/// How many receipts must agree that a till's clock was set right before it is believed.
pub const TILL_CLOCK_SET_TIMES: u32 = 5;
/// How long a till's difference must stay the same before it is believed, in milliseconds.
pub const TILL_CLOCK_SPAN_MS: i64 = 10 * 60 * 1_000;
/// Voids without a line that one look at them tells; the next look tells the next.
pub const UNMATCHED_VOIDS_TOLD_MAX: usize = 100;
/// Rows of voids that wait for their lines; beyond it the oldest wait no longer, and an alert names
/// them (`voids_forgotten`).
pub const WAITING_VOIDS_MAX: u64 = 10_000;
/// References under which nothing is held: sales of orders, and layaways that ended, are forgotten
/// beyond so many; layaways beyond ten times as many, and their sale then does not release them.
pub const LAYAWAYS_MAX: u64 = 10_000;
/// Tags that the journal knows, on shelves, gone or sold. Beyond it a further one is journalled and
/// not remembered: a restart tells its arrival again.
pub const TAGS_MAX: u64 = 200_000;
/// Pieces sold, set aside or come back without their tags named, a row for each line; beyond it the
/// oldest are forgotten: they explain no departure any more.
pub const UNBOUND_MAX: u64 = 50_000;
/// Tags that one close of day tells as suspect; the next close judges the others.
pub const SUSPECTS_PER_CLOSE_MAX: usize = 2_000;
/// A line this near to a departure may explain it also where they are of different business days,
/// and is kept so long for it after the close, in milliseconds.
pub const TAG_LINE_NEAR_MS: i64 = 2 * 3_600_000;
/// A return without its tag named expects a sold tag of its item back for so long, in milliseconds.
pub const RETURN_EXPECTED_MS: i64 = 7 * 86_400_000;
/// The digest of a sold tag is kept for so long, in milliseconds; seen later, it is goods again.
pub const SOLD_TAG_KEPT_MS: i64 = 30 * 86_400_000;
/// Largest till message, in bytes. Larger: refused with 413 or WebSocket 1009.
pub const POS_MESSAGE_MAX_BYTES: usize = 256 * 1024;
/// Most messages of one till connection not yet answered; reading stops until one is.
pub const POS_UNANSWERED_MAX: usize = 64;
/// Bytes of messages of one till connection not yet answered; reading stops until one is.
pub const POS_UNANSWERED_MAX_BYTES: usize = 512 * 1024;
/// Most open till connections; the next is refused with 503.
pub const POS_CONNECTIONS_MAX: usize = 32;

/// Bytes taken from a serial line at a time. What was read and is not yet committed is lost with
/// the process; the kernel keeps the rest, so this is about one scan.
pub const SERIAL_READ_MAX_BYTES: usize = 16;
/// Longest serial frame (a GS1 `DataMatrix` symbol), in bytes; longer is dropped to its end, counted.
pub const FRAME_MAX_BYTES: usize = 3_116;

/// Longest EPC that is kept, in bytes (512 bits; a tag holds 496). Longer: the tag is refused and
/// counted.
pub const EPC_MAX_BYTES: usize = 64;
/// Longest serial number in an EPC, in characters (GS1 AI 21). Longer: no SGTIN.
pub const EPC_SERIAL_MAX_CHARS: usize = 20;

/// What readers tell and presence has not heard yet. Full: reads are dropped and counted, since they
/// are samples; words about a reader's health wait.
pub const HEARD_QUEUE_MAX: usize = 8_192;
/// What presence hears before it tells the journal what came of it.
pub const HEARD_AT_ONCE_MAX: usize = 256;
/// Tags that presence knows at a time, on shelves and glimpsed. Reads of others are counted and not
/// taken.
pub const PRESENCE_TAGS_MAX: usize = 100_000;
/// Shelves whose reads of one tag are kept. The one that hears least gives way.
pub const SHELVES_PER_TAG: usize = 3;
/// A shelf without proof that its antennas work is unobservable after this long, in milliseconds;
/// later where its readers hear little.
pub const SHELF_BLIND_AFTER_MS: u64 = 30_000;
/// Tags that must fall silent together for a shelf to be swept or blind.
pub const SWEPT_TAGS_MIN: u32 = 3;
/// A shelf that is silent for this long may be swept or blind, in milliseconds: a person who stands
/// before it is not taken for that.
pub const SWEPT_AFTER_MS: u64 = 30_000;
/// Shortest silence after which a tag departs, in milliseconds of observed time.
pub const TAG_SILENCE_MIN_MS: u64 = 45_000;

/// First wait before a device that is out is tried again, in milliseconds; doubled each time.
pub const DEVICE_RETRY_FIRST_MS: u64 = 200;
/// Longest wait before a device that is out is tried again, in milliseconds.
pub const DEVICE_RETRY_LAST_MS: u64 = 1_000;
/// One loss entry for each device and cause in this time, in milliseconds; it carries the count.
pub const LOSS_WINDOW_MS: u64 = 10 * 60 * 1_000;
/// Codes read from the journal at once to be explained by a new catalogue; the next page follows.
pub const UNEXPLAINED_PAGE_MAX: usize = 256;
/// Remaps in the writer's queue at once, so that devices find room between them.
pub const REMAPS_AT_ONCE_MAX: usize = 64;

/// Most files of a drop folder that are kept in mind at once; the others are found when these are
/// read.
pub const DROP_FILES_MAX: usize = 1_000;
/// Largest file of a drop folder, in bytes. Larger: refused whole, with the reason beside it.
pub const DROP_FILE_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Refused lines of one file whose reasons are written down; further ones are only counted.
pub const DROP_REASONS_MAX: usize = 1_000;
/// Words of the kernel about a drop folder that are looked at in one go; the others wait.
pub const DROP_EVENTS_MAX: usize = 4_096;
/// How long a file that was closed in a drop folder is left there, in milliseconds: a till that opens
/// and closes it for each sale writes many into one file.
pub const DROP_GATHER_MS: u64 = 250;
/// How long a file rests that was written to while it was read, in milliseconds.
pub const DROP_WRITTEN_REST_MS: u64 = 1_000;
/// Files moved out of a drop folder before `done` and `refused` are gone through again: by so many
/// they may be beyond their bounds.
pub const DROP_MOVED_MAX: u64 = 500;
/// Most bytes that are read of what is noted about the files of `done` and `refused`: 70 a file.
pub const DROP_READ_MARKS_MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Files kept in a drop folder's `done`; the oldest are removed.
pub const DROP_DONE_MAX_FILES: usize = 10_000;
/// Longest time a file is kept in `done`, in milliseconds (30 days: tills write personal data into
/// their files); removed then.
pub const DROP_DONE_MAX_MS: u64 = 30 * 86_400_000;
/// Files kept in a drop folder's `refused`; the oldest are removed, each a loss entry's count.
pub const DROP_REFUSED_MAX_FILES: usize = 1_000;
/// First wait before a file is tried again that the journal could not take, in milliseconds; doubled
/// each time.
pub const DROP_RETRY_FIRST_MS: u64 = 500;
/// Longest wait before a file is tried again, in milliseconds.
pub const DROP_RETRY_LAST_MS: u64 = 30_000;

/// Rows looked back over for the last entries of an item, newest first; older ones are not shown.
pub const ITEM_LOOK_BACK_ROWS: u64 = 100_000;
/// Entries of an item that `shelfwire stock` shows.
pub const ITEM_ENTRIES_TOLD_MAX: usize = 10;
/// Open alerts that status shows, newest first; the others are counted.
pub const OPEN_ALERTS_TOLD_MAX: usize = 50;
/// Events that a listener of `shelfwire tail` may be behind; a slower one loses the oldest, counted.
pub const TAP_EVENTS_MAX: usize = 1_024;
/// Lines that wait for one listener's socket; then it is behind.
pub const TAIL_LINES_MAX: usize = 64;
/// Entries that a listener of `shelfwire tail` may be behind; a slower one loses the oldest, counted.
pub const TAIL_BEHIND_MAX: u64 = 2_000;
/// Listeners of `shelfwire tail` at once; the next is refused with 503.
pub const TAIL_LISTENERS_MAX: usize = 4;
/// Free bytes of the disk below which status raises an alarm.
pub const DISK_LOW_BYTES: u64 = 64 << 20;

/// Greatest seq: JSON numbers stay exact below 2^53.
pub const SEQ_MAX: u64 = (1 << 53) - 1;
/// Commands waiting for the journal's writer; the sender waits.
pub const WRITER_QUEUE_MAX: usize = 1_024;
/// Commands in one commit.
pub const COMMANDS_PER_COMMIT_MAX: usize = 256;
/// Commands of the inbox that are booked in one commit: more than can come in meanwhile, so that an
/// inbox empties however fast tills are.
pub const INBOX_PER_COMMIT_MAX: usize = 2 * COMMANDS_PER_COMMIT_MAX;
/// Rows folded into the base, checked or erased in one step of the journal's own upkeep.
pub const UPKEEP_ROWS_MAX: usize = 500;
/// Keys looked at in one step of the upkeep.
pub const UPKEEP_KEYS_MAX: usize = 5_000;
/// Free pages left in the journal's file, to be used again; more are given back to the disk.
pub const FREE_PAGES_MAX: u64 = 1_024;
/// Pages given back in one step of the upkeep.
pub const VACUUM_PAGES_MAX: u64 = 256;
/// Pages in the write-ahead log from which on the checkpointer copies them into the file.
pub const CHECKPOINT_PAGES: u64 = 1_000;
/// The log's bound, as a multiple of the pages from which on it is copied: a writer that never pauses
/// does not let the log begin anew, so here it copies the rest itself.
pub const WAL_MAX_TIMES: u64 = 4;
/// Newest rows whose hashes are checked at a start after an unclean stop.
pub const START_CHECK_ROWS: u64 = 1_000;
/// Alerts that are known, open or over since the last close of day. Beyond it the one told longest ago
/// is forgotten, those that are over first; it is raised again when it is met again, and the end of
/// an item's is told all the same.
pub const OPEN_ALERTS_MAX: u64 = 1_000;
/// Journals set aside in one state directory; the next one stops the process, since a disk that
/// damages so many has to be looked at by a person.
pub const SET_ASIDE_MAX: usize = 16;
/// Damaged rows that `verify` tells one by one; further ones are only counted.
pub const DAMAGE_TOLD_MAX: usize = 100;
/// Runs kept and told in hello; the oldest are forgotten.
pub const RUNS_MAX: usize = 1_000;

/// Entries in one frame.
pub const FRAME_ENTRIES_MAX: usize = 200;
/// Payload of any message, in bytes. A row that alone is larger travels as `withheld`.
pub const PAYLOAD_MAX_BYTES: usize = 32 * 1024;
/// Inflated size of a deflated payload, in bytes; larger is refused.
pub const INFLATED_MAX_BYTES: usize = 256 * 1024;
/// Frames in flight: sent, PUBACK not yet received.
pub const INFLIGHT_MAX_FRAMES: usize = 20;
/// Byte window at the start of a connection.
pub const WINDOW_START_BYTES: usize = 64 * 1024;
/// Byte window at the most.
pub const WINDOW_MAX_BYTES: usize = 640 * 1024;
/// Byte window at the least (one frame is always allowed).
pub const WINDOW_MIN_BYTES: usize = 16 * 1024;
/// A byte window with less room than this waits, rather than cut a small frame.
pub const FRAME_ROOM_MIN_BYTES: usize = 4 * 1024;
/// What envelope, frame fields and the packet's own header may take of a payload, beside rows and
/// boots.
pub const FRAME_FIELDS_MAX_BYTES: usize = 1_024;
/// A broker whose Maximum Packet Size is below this is refused with an alarm.
pub const PACKET_MIN_BYTES: usize = 4 * 1024;
/// Rows read ahead of the stream; reading waits.
pub const READ_AHEAD_MAX_ROWS: usize = 2 * FRAME_ENTRIES_MAX;
/// Alerts read ahead of the backlog at once; the next are read when these are sent.
pub const ALERTS_PER_READ_MAX: usize = 50;
/// Replies to commands waiting to be sent. The oldest is dropped: the centre sends its command again.
pub const REPLIES_WAITING_MAX: usize = 64;
/// Commands of the centre whose replies are remembered; the oldest are forgotten.
pub const COMMANDS_DONE_MAX: usize = 1_000;
/// Ranges that wait to be sent again in smaller frames; beyond it the connection is dropped, and
/// hello's answer is the resume point.
pub const AGAIN_MAX_RANGES: usize = 64;

/// Body of one opening handed to the daemon, in bytes; larger is refused with 413.
pub const OPENING_MAX_BYTES: usize = 512 * 1024;
/// Messages handed to one connection and not yet taken by the socket, and packet ids of it; beyond,
/// the connection is dropped. Frames in flight are fewer; the rest is for hello, notes and replies.
pub const LINK_QUEUE_MAX: u16 = 64;
/// Largest packet that the broker may send to the box, in bytes (told in CONNECT).
pub const PACKET_IN_MAX_BYTES: u32 = 64 * 1024;
/// The socket's send buffer, in bytes: small, so that the kernel holds no queue of its own.
pub const SEND_BUFFER_BYTES: u32 = 32 * 1024;
/// Entries sent and neither in `applied` nor in `have`; the feeder waits (the credit).
pub const CREDIT_MAX_ENTRIES: u64 = 10_000;
/// Newly taken entries after which the centre publishes `applied` without waiting.
pub const APPLIED_EVERY_ENTRIES: u64 = 2_000;
/// The longest that newly taken entries wait for their `applied`, in milliseconds.
pub const APPLIED_AFTER_MS: u64 = 1_000;
/// An unanswered seed is sent again after this, in milliseconds.
pub const SEED_AGAIN_MS: i64 = 30_000;
/// Words of a store whose head the balances do not hold yet; the newest one is replaced.
pub const WORDS_MAX: usize = 16;
/// Tills whose words the centre keeps for a store: those that are named no more go first, the one
/// heard longest ago before the others.
pub const TILL_WORDS_MAX: usize = 2 * SOURCES_MAX;
/// How old a store's numbers may be and still be promised unasked, in seconds, where a caller does
/// not say.
pub const FRESH_MAX_AGE_S: u64 = 120;
/// Most stores in a list of stores; more: the list is refused and changes nothing.
pub const STORES_MAX: usize = 20_000;
/// Largest list of stores, in bytes; larger: refused, and changes nothing.
pub const STORES_FILE_MAX_BYTES: u64 = 64 << 20;
/// Faults told of one list of stores; the rest is found when these are mended.
pub const STORES_FAULTS_MAX: usize = 20;
/// Differences between ledger and balances alerted at once; the rest is found by the next audit.
pub const DIFFERENCES_MAX: usize = 100;
/// Longest id of a command or a seed, in bytes; a longer one is no command.
pub const COMMAND_ID_MAX_BYTES: usize = 64;
/// Entries behind up to which the stream is plain, without `levels`.
pub const PLAIN_MAX_ENTRIES: u64 = 2_000;
/// Ranges the centre keeps per set and journal; the farthest is forgotten and comes again.
pub const RANGES_MAX: usize = 64;
/// Ranges told in one `applied`.
pub const HAVE_MAX_RANGES: usize = 16;
/// Frames in one commit of the centre.
pub const CENTRE_FRAMES_PER_COMMIT_MAX: usize = 256;
/// Messages that wait for the centre's writer; the broker is not read from until there is room.
pub const CENTRE_QUEUE_MAX: usize = 512;
/// Messages of the centre that wait for the broker; further ones are not told, a hello asks again.
pub const CENTRE_DOWN_MAX: usize = 4_096;
/// Rows of a `levels` chunk read in one short transaction.
pub const LEVELS_PER_READ_MAX: usize = 300;

/// Stretches of transaction numbers kept for a till's day. More: the till evidently does not number;
/// it is told once, and the day is not watched.
pub const NUMBER_SPANS_MAX: usize = 16;
/// Holes in the transaction numbers of a till's day. More: as above.
pub const NUMBER_HOLES_MAX: usize = 128;
/// Greatest step of a transaction number that leaves a hole; a greater one is a new start, told once.
pub const NUMBER_JUMP_MAX: u64 = 5_000;
/// So near to the end of a counter, and to its beginning, a step back is a wrap.
pub const NUMBER_WRAP_NEAR: u64 = 10;
/// Business days of a till whose numbers are kept; the oldest is given up.
pub const NUMBER_DAYS_MAX: usize = 64;
/// Entries that one tick of time writes; what is left is due at once again.
pub const ROWS_PER_TICK_MAX: usize = 1_000;
/// Days after which missing transactions are given up, in milliseconds.
pub const GAP_GIVEN_UP_MS: u64 = 35 * 86_400_000;
/// Days by which a closed business day may be ahead of one that is over: more, and the clock that
/// closed it was wrong.
pub const CLOSED_AHEAD_MAX_DAYS: i64 = 7;
/// Alerts sent ahead of the backlog in one hour; further ones are journalled and quiet, and one
/// `digest` says so.
pub const ALERTS_PER_HOUR_MAX: u32 = 20;

/// Days a transaction's digests are remembered (R3).
pub const KEY_DAYS: u32 = 400;
/// Days that a till's business day may be away from this box's (five years: a till may have been
/// offline for weeks, a calendar that lost its battery is wrong by more). Further: refused.
pub const BUSINESS_DAYS_OFF_MAX: u32 = 1_826;

/// Largest configuration file, in bytes. Larger: refused, nothing starts.
pub const CONFIG_MAX_BYTES: usize = 1024 * 1024;
/// Most files in `conf.d`. More: refused, nothing starts.
pub const CONFIG_FILES_MAX: usize = 100;
/// Most scanners, and most tills, in a configuration. More: refused, nothing starts.
pub const SOURCES_MAX: usize = 100;
/// Most opening hours of one weekday; more: refused.
pub const OPENING_SPANS_PER_DAY_MAX: usize = 4;
/// Most messages of one `[[test]]` stanza; more: refused, to be cut into several.
pub const TEST_MESSAGES_MAX: usize = 100;
/// Longest time that a watched state may last before it is told, in milliseconds (30 days).
pub const WATCH_MAX_MS: u64 = 30 * 86_400_000;
/// Greatest number of alerts in an hour that may be asked for before the digest.
pub const DIGEST_ABOVE_MAX: u64 = 10_000;
/// Largest file of a secret or certificate, in bytes. Larger: not used, with that reason.
pub const SECRET_MAX_BYTES: usize = 64 * 1024;
/// Shortest token of a till, in bytes: shorter ones can be guessed. Shorter: refused.
pub const TOKEN_MIN_BYTES: usize = 16;
/// Least of any timer in the configuration, in milliseconds. Beyond: refused, nothing starts.
pub const TIMER_MIN_MS: u64 = 1;
/// Greatest of any timer in the configuration, in milliseconds (a day). Beyond: refused.
pub const TIMER_MAX_MS: u64 = 86_400_000;
/// Least MQTT keep-alive, in milliseconds: the client library ends the process below it.
pub const KEEP_ALIVE_MIN_MS: u64 = 5_000;
/// Greatest MQTT keep-alive, in milliseconds: the least that the large brokers allow.
pub const KEEP_ALIVE_MAX_MS: u64 = 1_160_000;
/// Longest wait of a commit for company, in milliseconds. Beyond: refused.
pub const COMMIT_WINDOW_MAX_MS: u64 = 1_000;
/// Longest retention of applied rows, in milliseconds: as long as digests are remembered.
pub const RETENTION_MAX_MS: u64 = KEY_DAYS as u64 * 86_400_000;
/// Least disk budget of the journal, in bytes. Less: refused, nothing starts.
pub const DISK_BUDGET_MIN_BYTES: u64 = 16 << 20;
/// Greatest disk budget of the journal, in bytes. More: refused.
pub const DISK_BUDGET_MAX_BYTES: u64 = 1 << 40;
/// Slowest serial line, in baud.
pub const BAUD_MIN: u64 = 300;
/// Fastest serial line, in baud.
pub const BAUD_MAX: u64 = 4_000_000;

const _: () = assert!(KEEP_ALIVE_MIN_MS < KEEP_ALIVE_MAX_MS);
const _: () = assert!(INFLIGHT_MAX_FRAMES < LINK_QUEUE_MAX as usize);
const _: () = assert!(PAYLOAD_MAX_BYTES < PACKET_IN_MAX_BYTES as usize);
const _: () = assert!(WINDOW_MIN_BYTES <= WINDOW_START_BYTES);
const _: () = assert!(WINDOW_START_BYTES <= WINDOW_MAX_BYTES);
const _: () = assert!(WINDOW_MAX_BYTES >= INFLIGHT_MAX_FRAMES * PAYLOAD_MAX_BYTES);
const _: () = assert!(CREDIT_MAX_ENTRIES >= (INFLIGHT_MAX_FRAMES * FRAME_ENTRIES_MAX) as u64);
const _: () = assert!(APPLIED_EVERY_ENTRIES < CREDIT_MAX_ENTRIES);
const _: () = assert!(COMMANDS_PER_COMMIT_MAX <= WRITER_QUEUE_MAX);
const _: () = assert!(POS_MESSAGE_MAX_BYTES <= POS_UNANSWERED_MAX_BYTES);
const _: () = assert!(REMAPS_AT_ONCE_MAX < WRITER_QUEUE_MAX);
const _: () = assert!(DEVICE_RETRY_FIRST_MS < DEVICE_RETRY_LAST_MS);
const _: () = assert!(PAYLOAD_MAX_BYTES <= INFLATED_MAX_BYTES);
const _: () = assert!(ROWS_PER_COMMAND_MAX <= u16::MAX as usize);
const _: () = assert!(2 * LINES_PER_TRANSACTION_MAX + 1 < ALERT_ROWS_PER_COMMAND_MAX);
const _: () = assert!(ALERT_ROWS_PER_COMMAND_MAX < ROWS_PER_COMMAND_MAX);
const _: () = assert!(2 * OPENING_LINES_MAX <= ROWS_PER_COMMAND_MAX);
const _: () = assert!(FACTOR_MAX_MILLI <= u32::MAX as i64 && FACTOR_MAX_MILLI <= QTY_MAX_MILLI);
const _: () = assert!(ITEM_MAX_BYTES <= u8::MAX as usize && CODE_MAX_BYTES <= u8::MAX as usize);
const _: () = assert!(COMPONENTS_MAX <= u8::MAX as usize);
const _: () = assert!(CATALOGUE_MAX_BYTES <= u32::MAX as u64);
const _: () = assert!(QTY_MAX_MILLI < BALANCE_MAX_MILLI);
const _: () = assert!(FRAME_FIELDS_MAX_BYTES < PACKET_MIN_BYTES);
const _: () = assert!(AGAIN_MAX_RANGES > INFLIGHT_MAX_FRAMES);
const _: () = assert!(SWEPT_AFTER_MS < TAG_SILENCE_MIN_MS);
