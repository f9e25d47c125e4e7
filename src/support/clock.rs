//! The only place that reads clocks. Wall time orders nothing (J11); timers are monotonic.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use shelfwire_core::domain::ids::BootId;
use shelfwire_core::domain::time::{CLOCK_STEP_MS, ClockQuality, MonoMs, Stamp, WallMs};

/// No clock of a box that runs this program can be earlier; moved on with each release.
/// 2026-11-01T00:00:00Z.
pub const BUILT_MS: WallMs = 1_793_491_200_000;

/// Milliseconds since the Unix epoch, as the system says now.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the wall clock"
)]
pub fn wall_ms() -> WallMs {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    WallMs::try_from(since.as_millis()).unwrap_or(WallMs::MAX)
}

/// Whole seconds since a wall time, for a person to read; 0 where it is in the future.
pub fn wall_age_s(then: WallMs) -> u64 {
    u64::try_from(wall_ms().saturating_sub(then) / 1_000).unwrap_or(0)
}

/// `CLOCK_BOOTTIME` in milliseconds: also counts while suspended.
pub fn boot_ms() -> MonoMs {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let millis = u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000_000;
    seconds.saturating_mul(1_000).saturating_add(millis)
}

/// The kernel's id of this boot; zeros where it cannot be read (not Linux, or hidden by a sandbox).
pub fn boot_id() -> BootId {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .ok()
        .and_then(|text| text.trim().replace('-', "").parse().ok())
        .unwrap_or(BootId([0; 16]))
}

/// What the clocks say now.
pub fn stamp(boot: BootId, quality: ClockQuality) -> Stamp {
    Stamp {
        wall_ms: wall_ms(),
        boot_ms: boot_ms(),
        boot,
        quality,
    }
}

/// How far the wall clock may be trusted, as told by the system, by the centre, and by its own
/// steps; cheap to clone.
#[derive(Debug, Clone)]
pub struct Trust(Arc<Mutex<Judged>>);

#[derive(Debug)]
struct Judged {
    quality: ClockQuality,
    /// Wall and boot time of the last look.
    seen: (WallMs, MonoMs),
}

/// A wall clock that agrees with the centre within this is right.
const AGREES_MS: i64 = 2_000;
/// systemd-timesyncd makes it when it has set the clock.
const TIMESYNC: &str = "/run/systemd/timesync/synchronized";

impl Default for Trust {
    fn default() -> Self {
        Self::new()
    }
}

impl Trust {
    /// Nobody has vouched for the clock yet.
    pub fn new() -> Self {
        let judged = Judged {
            quality: ClockQuality::Unsynced,
            seen: (wall_ms(), boot_ms()),
        };
        let trust = Self(Arc::new(Mutex::new(judged)));
        trust.look();
        trust
    }

    /// How far it may be trusted, as last judged.
    pub fn quality(&self) -> ClockQuality {
        self.judged().quality
    }

    /// Looks for steps, and whether the system vouches for the clock.
    pub fn look(&self) {
        let synced = std::path::Path::new(TIMESYNC).exists();
        self.judge((wall_ms(), boot_ms()), synced);
    }

    /// The centre's clock at this moment, known within half of the round trip. Returns how far ours
    /// is ahead.
    pub fn centre_says(&self, centre_ms: WallMs, round_trip_ms: u64) -> i64 {
        let now = wall_ms();
        let ahead = now.saturating_sub(centre_ms);
        let half = i64::try_from(round_trip_ms / 2).unwrap_or(i64::MAX);
        // Two that were never set may well agree.
        if now >= BUILT_MS && ahead.abs().saturating_add(half) <= AGREES_MS {
            self.judged().quality = ClockQuality::Synced;
        }
        ahead
    }

    fn judge(&self, now: (WallMs, MonoMs), synced: bool) {
        let mut judged = self.judged();
        let wall = now.0.saturating_sub(judged.seen.0);
        let boot = now.1.saturating_sub(judged.seen.1);
        let boot = i64::try_from(boot).unwrap_or(i64::MAX);
        let stepped = wall.abs_diff(boot) > CLOCK_STEP_MS;
        judged.seen = now;
        if stepped && judged.quality == ClockQuality::Synced {
            judged.quality = ClockQuality::Stepped;
        } else if now.0 < BUILT_MS {
            judged.quality = ClockQuality::Unsynced;
        } else if synced && !stepped {
            judged.quality = ClockQuality::Synced;
        }
    }

    // The values under the lock are whole at any moment.
    fn judged(&self) -> MutexGuard<'_, Judged> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_ends_trust_until_somebody_vouches_again() {
        let trust = Trust::new();
        trust.judged().quality = ClockQuality::Unsynced;
        trust.judged().seen = (BUILT_MS, 1_000);
        assert_eq!(trust.centre_says(wall_ms(), 100), 0);
        assert_eq!(trust.quality(), ClockQuality::Synced);
        trust.judge((BUILT_MS + 1_000, 2_000), false);
        assert_eq!(trust.quality(), ClockQuality::Synced);
        trust.judge((BUILT_MS + 61_000, 3_000), false);
        assert_eq!(trust.quality(), ClockQuality::Stepped);
        trust.judge((BUILT_MS + 62_000, 4_000), true);
        assert_eq!(trust.quality(), ClockQuality::Synced);
    }

    #[test]
    fn r21_a_clock_from_before_the_program_was_built_is_right_for_nobody() {
        let trust = Trust::new();
        trust.judged().quality = ClockQuality::Unsynced;
        trust.judged().seen = (5_000, 1_000);
        trust.judge((6_000, 2_000), true);
        assert_eq!(trust.quality(), ClockQuality::Unsynced);
        trust.judge((BUILT_MS, 3_000), true);
        trust.judge((BUILT_MS + 1_000, 4_000), true);
        assert_eq!(trust.quality(), ClockQuality::Synced);
    }

    #[test]
    fn a_centre_that_is_far_off_or_far_away_vouches_for_nothing() {
        let trust = Trust::new();
        trust.judged().quality = ClockQuality::Unsynced;
        assert!(trust.centre_says(wall_ms() - 10_000, 0) >= 10_000);
        trust.centre_says(wall_ms(), 5_000);
        assert_eq!(trust.quality(), ClockQuality::Unsynced);
    }
}
