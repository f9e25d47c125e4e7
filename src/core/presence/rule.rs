//! The two decisions that need arithmetic: which of two shelves hears a tag better, and which
//! silence is too long. Figures are of signals and reads, never of stock.
#![expect(
    clippy::float_arithmetic,
    reason = "means and likelihoods of radio signals"
)]

/// Reads that a window holds of a tag: it is as long as that needs.
pub(super) const WINDOW_READS: f32 = 12.0;
/// Shortest and longest window, in seconds.
pub(super) const WINDOW_MIN_S: f32 = 50.0;
pub(super) const WINDOW_MAX_S: f32 = 2_000.0;
/// Standard deviation of one signal, in dB.
const NOISE_DB: f32 = 3.0;
/// What fading leaves in a window's mean, in dB: no number of reads makes it smaller.
const FADING_DB: f32 = 2.0;
/// By how much the logarithm of the read rate falls with each dB of signal.
const RATE_PER_DB: f32 = 0.1;
/// Standard deviations by which another shelf must be heard better.
const MOVE_Z: f32 = 1.5;
/// Reads of the other shelf below which nothing is said.
const MOVE_READS: f32 = 1.5;
/// False departures that are accepted, in each hour of a tag.
const FALSE_PER_HOUR: f32 = 0.0007;
/// A tag that was heard a few times only was watched for at least this long, in seconds.
pub(super) const RATE_PRIOR_S: f32 = 20.0;
/// Silence of a group of tags that does not happen by chance, in expected reads.
const GROUP_READS: f32 = 14.0;

/// What a shelf heard of a tag within the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    /// Reads, older ones counting less.
    pub(super) reads: f32,
    /// Their mean signal, in dB; not a number where no signal was told.
    pub(super) mean: f32,
}

/// How much better `there` hears a tag than `here`, in standard deviations.
///
/// Two measurements of the same difference in dB, weighed by their variance: that of the mean
/// signals, and that of the read rates. Where a shelf hears nothing, only the second one speaks.
pub(super) fn better(here: Level, there: Level) -> f32 {
    let here_reads = here.reads.max(0.001);
    let (level, level_weight) = if here.mean.is_nan() || there.mean.is_nan() {
        (0.0, 0.0)
    } else {
        let variance = NOISE_DB * NOISE_DB * (1.0 / here_reads + 1.0 / there.reads.max(0.001));
        (there.mean - here.mean, 1.0 / variance)
    };
    let (a, b) = (here.reads + 0.5, there.reads + 0.5);
    let rate = (b / a).ln() / RATE_PER_DB;
    let rate_weight = RATE_PER_DB * RATE_PER_DB / (1.0 / a + 1.0 / b);
    let weight = level_weight + rate_weight;
    let lead = (level * level_weight + rate * rate_weight) / weight;
    lead / (1.0 / weight + FADING_DB * FADING_DB).sqrt()
}

/// Whether a tag has moved from one shelf to another.
pub(super) fn moved(here: Level, there: Level) -> bool {
    there.reads >= MOVE_READS && better(here, there) > MOVE_Z
}

/// How long a window is for a tag with this read rate, in seconds.
pub(super) fn window_s(rate_per_s: f32) -> f32 {
    (WINDOW_READS / rate_per_s).clamp(WINDOW_MIN_S, WINDOW_MAX_S)
}

/// Silence that says that a tag has gone, in seconds: after `reads` reads in `watched_s` seconds.
///
/// How likely a silence is, when the rate is only known from those reads, is `(T / (T + t))^n`.
/// Every read begins a silence, so the more often a tag is heard, the less likely one may be.
pub(super) fn silence_s(reads: f32, watched_s: f32) -> f32 {
    let watched = watched_s + RATE_PRIOR_S;
    let reads = reads.max(1.0);
    let silences_per_hour = 3_600.0 * reads / watched;
    let chance = (FALSE_PER_HOUR / silences_per_hour).min(0.5);
    let times = (-chance.ln() / reads).exp() - 1.0;
    watched * times
}

/// Silence that a group of tags, heard this often together, does not make by chance, in seconds.
pub(super) fn group_silence_s(reads_per_s: f32) -> f32 {
    GROUP_READS / reads_per_s.max(0.000_1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(reads: f32, mean: f32) -> Level {
        Level { reads, mean }
    }

    #[test]
    fn a_stronger_signal_and_more_reads_both_speak_and_a_silent_shelf_does_too() {
        assert!(moved(level(20.0, -61.0), level(40.0, -55.0)));
        assert!(!moved(level(40.0, -55.0), level(20.0, -61.0)));
        // Equal signals, and the old shelf hears it no more.
        assert!(moved(level(0.01, -55.0), level(12.0, -55.0)));
        // No signals are told.
        assert!(moved(level(0.1, f32::NAN), level(20.0, f32::NAN)));
        assert!(!moved(level(5.0, f32::NAN), level(9.0, f32::NAN)));
        // One strong read moves nothing.
        assert!(!moved(level(10.0, -60.0), level(1.0, -40.0)));
    }

    #[test]
    fn the_silence_that_counts_follows_from_how_often_a_tag_is_heard() {
        let of = |rate: f32| silence_s(200.0, 200.0 / rate);
        assert!((20.0..60.0).contains(&of(0.5)), "{}", of(0.5));
        assert!((120.0..150.0).contains(&of(0.1)), "{}", of(0.1));
        assert!((240.0..300.0).contains(&of(0.05)), "{}", of(0.05));
        assert!((1_000.0..1_200.0).contains(&of(0.01)), "{}", of(0.01));
        // Whoever is hardly known is waited for longer.
        assert!(silence_s(4.0, 8.0) > 3.0 * silence_s(100.0, 200.0));
    }
}
