//! What Shelfwire decides: codecs, stock rules, the wire contract, the session with the centre and
//! the centre's reducer. Nothing here reads a clock, a file or a socket: values and time come in,
//! actions go out.
//!
//! ```text
//! codec/*        identify       book (inside the journal's savepoint)       session
//! bytes in  ->  Observation -> Command  ->  drafts -> entries + levels  ->  frames, hello
//!                                                                              |
//!                                    reducer (the centre)  <-------------------+
//! ```
//!
//! # Invariants
//!
//! - **J1** A source is told "taken" only after the commit that holds its event returned.
//! - **J2** seq has no gap and never repeats within a journal id.
//! - **J3** levels equal the base plus the fold of the entries after it ([`domain::stock`]).
//! - **J4** a source event moves stock once, however often it is sent: natural key ([`domain::key`]).
//! - **J5** a PUBACK frees the window; only `applied` from the centre allows pruning ([`session`]).
//! - **J6** after any crash every acknowledged event is there, and every entry not applied is sent.
//! - **J7** a journal that this binary may not write is never written to.
//! - **J8** every queue, file, table and message has a bound ([`limits`]).
//! - **J9** whatever is lost becomes a loss entry that is itself delivered.
//! - **J10** presence never moves `on_hand`.
//! - **J11** wall time orders nothing; (generation, seq) does.
//! - **J12** at the centre, the balances with the greatest (generation, seq) win ([`reducer`]).
//!
//! # Where do I change ...
//!
//! | what | where |
//! | --- | --- |
//! | a word, a unit, a state of stock | [`domain`] |
//! | what a till, a scanner or a reader may say | [`codec`] |
//! | which item a code is, what a scanner's role means | [`identify`] |
//! | what an event does to stock | [`book`], one file for each rule |
//! | when a tag arrives, moves, departs | [`presence`] |
//! | what a `[[test]]` of the configuration plays | [`trial`] |
//! | a topic or a payload | [`wire`], its golden files, `docs/CONTRACT.md` |
//! | when and what the gateway sends | [`session`] |
//! | what the centre believes | [`reducer`] |
//! | what is said to a reader of tags, and when | [`reader`] |
//! | a bound | [`limits`] |

pub mod book;
pub mod codec;
pub mod domain;
pub mod identify;
pub mod limits;
pub mod presence;
pub mod reader;
pub mod reducer;
pub mod session;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
pub mod trial;
pub mod wire;
