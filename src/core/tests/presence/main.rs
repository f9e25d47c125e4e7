//! Presence against simulated shelves: how often it is wrong, and how soon it is right. Figures are
//! always printed together with those of the rival's rule on the same reads, since a rule that never
//! moves a tag would make no false moves.
//!
//! `SEEDS=20` plays the whole table (2 unless told), `TAG_HOURS=100000` the whole of the departures.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::panic,
    unreachable_pub,
    reason = "a test of statistics, which prints what it found"
)]

mod absence;
mod moves;
mod often;
mod outages;
mod rival;
mod stage;

fn asked(name: &str, unless: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(unless, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number"))
    })
}

/// The value below which so many of a hundred are.
fn percentile(values: &mut [u64], of_100: usize) -> u64 {
    values.sort_unstable();
    values[(values.len() - 1) * of_100 / 100]
}
