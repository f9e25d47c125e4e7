//! Business days that cannot be: a till whose calendar is wrong.

use crate::domain::time::{BusinessDay, ClockQuality, Stamp};
use crate::limits::BUSINESS_DAYS_OFF_MAX;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Why a business day cannot be taken: `None` where it can, and while this box does not know the day
/// itself.
pub fn far_from_today(day: &BusinessDay, stamp: &Stamp) -> Option<String> {
    if stamp.quality != ClockQuality::Synced {
        return None;
    }
    let today = stamp.wall_ms.div_euclid(DAY_MS);
    let off = today.saturating_sub(day.number());
    (off.unsigned_abs() > u64::from(BUSINESS_DAYS_OFF_MAX)).then(|| {
        format!(
            "is more than {BUSINESS_DAYS_OFF_MAX} days from today: correct the till's calendar and \
             send the message with the right day"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::BootId;

    #[test]
    fn r3_a_day_ten_years_off_is_refused_where_the_box_knows_the_day() {
        let day = |day: &str| BusinessDay::try_from(day.to_owned()).unwrap();
        let stamp = |quality| Stamp {
            wall_ms: 20_779 * DAY_MS + 1,
            boot_ms: 1,
            boot: BootId([0; 16]),
            quality,
        };
        let synced = stamp(ClockQuality::Synced);
        for good in ["2026-11-22", "2031-11-22", "2021-11-22"] {
            assert_eq!(far_from_today(&day(good), &synced), None, "{good}");
        }
        for bad in ["2036-11-22", "2016-11-22", "2031-11-23", "2021-11-21"] {
            assert!(far_from_today(&day(bad), &synced).is_some(), "{bad}");
            let unsure = stamp(ClockQuality::Unsynced);
            assert_eq!(far_from_today(&day(bad), &unsure), None, "{bad}");
        }
    }
}
