//! The only place that reads clocks. Wall time orders nothing (J11); timers are monotonic.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use shelfwire_core::domain::ids::BootId;
use shelfwire_core::domain::time::{ClockQuality, MonoMs, Stamp, WallMs};

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
