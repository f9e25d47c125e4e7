//! R19, R21: transactions that are missing, and the day that ends.

use super::*;
use crate::book::StockView as _;
use crate::domain::entry::Gap;
use crate::domain::numbers::Numbering;
use crate::domain::observation::DayReport;

const MINUTE: u64 = 60_000;

/// So many milliseconds after the first stamp.
fn later(ms: u64) -> Stamp {
    Stamp {
        boot_ms: stamp().boot_ms + ms,
        wall_ms: stamp().wall_ms + i64::try_from(ms).unwrap(),
        ..stamp()
    }
}

struct Shop {
    journal: Journal,
    numbering: Numbering,
    now: u64,
}

impl Shop {
    fn new(numbering: Numbering) -> Self {
        Self {
            journal: store(),
            numbering,
            now: 0,
        }
    }

    fn body(&mut self, body: Body) -> Taken {
        let stamp = later(self.now);
        self.journal.take(&Command { stamp, body }).unwrap()
    }

    fn sell(&mut self, date: &str, number: u64) -> Taken {
        self.say(date, number, Status::Completed)
    }

    fn say(&mut self, date: &str, number: u64, status: Status) -> Taken {
        let sold = vec![line("1", LineKind::Sale, "A", 1_000)];
        let body = Body::Sale(TillTransaction {
            business_day: day(date),
            status,
            numbering: self.numbering,
            content: vec![format!("{number} {status:?}")],
            ..sale(&number.to_string(), sold)
        });
        self.body(body)
    }

    fn report(&mut self, date: &str, last: u64, count: u64) -> Taken {
        let report = DayReport {
            till: "till-1".parse().unwrap(),
            day: day(date),
            last,
            count,
            numbering: self.numbering,
        };
        self.body(Body::DayReport(report))
    }

    fn wait(&mut self, ms: u64) -> Taken {
        self.now += ms;
        self.body(Body::Tick)
    }

    /// Gaps as `(first, last, cleared)`, of all days.
    fn gaps(&self) -> Vec<(u64, u64, bool)> {
        let gap = |entry: &Entry| {
            let Gap { first, last, .. } = entry.body.detail.gap.clone()?;
            assert_eq!(entry.body.kind, Kind::SourceGap);
            assert_eq!(entry.body.dev.as_ref().unwrap().as_str(), "till-1");
            Some((first, last, entry.body.detail.cleared))
        };
        self.journal.entries().filter_map(gap).collect()
    }
}

const TODAY: &str = "2026-11-22";
const TOMORROW: &str = "2026-11-23";

#[test]
fn r19_a_hole_older_than_fifteen_minutes_is_a_source_gap_and_closes_when_it_is_filled() {
    let mut shop = Shop::new(Numbering::Continuous);
    for number in [1, 2, 5] {
        shop.sell(TODAY, number);
    }
    assert_eq!(shop.wait(15 * MINUTE - 1).rows, 0);
    assert_eq!(shop.wait(1).rows, 1);
    assert_eq!(shop.gaps(), [(3, 4, false)]);
    // Told once, however often time passes.
    assert_eq!(shop.wait(60 * MINUTE).rows, 0);
    shop.sell(TODAY, 4);
    assert_eq!(shop.gaps(), [(3, 4, false), (4, 4, true)]);
    shop.sell(TODAY, 3);
    assert_eq!(shop.gaps()[2], (3, 3, true));
    assert_folds(&shop.journal);
}

#[test]
fn r19_a_hole_that_is_filled_in_time_is_never_told() {
    let mut shop = Shop::new(Numbering::Continuous);
    for number in [1, 4, 3, 2] {
        shop.sell(TODAY, number);
    }
    shop.wait(24 * 60 * MINUTE);
    assert!(shop.gaps().is_empty());
}

#[test]
fn r19_every_transaction_that_is_taken_counts_whatever_became_of_it() {
    let mut shop = Shop::new(Numbering::Continuous);
    shop.sell(TODAY, 1);
    shop.say(TODAY, 2, Status::Cancelled);
    shop.say(TODAY, 3, Status::Suspended);
    shop.sell(TODAY, 4);
    shop.wait(60 * MINUTE);
    assert!(shop.gaps().is_empty());
}

#[test]
fn r19_a_suspended_transaction_that_fills_a_hole_and_is_completed_is_no_reused_key() {
    let mut shop = Shop::new(Numbering::Continuous);
    shop.sell(TODAY, 1);
    shop.sell(TODAY, 3);
    shop.wait(15 * MINUTE);
    let suspended = shop.say(TODAY, 2, Status::Suspended);
    assert_eq!((suspended.rows, suspended.last_seq), (1, None));
    let completed = shop.sell(TODAY, 2);
    assert_eq!(completed.rows, 1);
    assert!(alerts(&shop.journal).is_empty());
    assert_eq!(stock(&shop.journal, "A").0, -3_000);
}

#[test]
fn r19_the_last_of_one_day_and_the_first_of_the_next_are_missed_too() {
    let mut shop = Shop::new(Numbering::Continuous);
    for number in 10..=19 {
        shop.sell(TODAY, number);
    }
    // 20 was the last of the day, 21 the first of the next.
    shop.sell(TOMORROW, 22);
    shop.wait(15 * MINUTE);
    assert_eq!(shop.gaps(), [(20, 21, false)]);
    // The day reports know whose they were, and tell nothing twice.
    shop.report(TODAY, 20, 11);
    shop.report(TOMORROW, 22, 2);
    assert_eq!(shop.gaps().len(), 1);
    shop.sell(TODAY, 20);
    shop.sell(TOMORROW, 21);
    assert_eq!(shop.gaps()[1..], [(20, 20, true), (21, 21, true)]);
}

#[test]
fn r19_a_day_report_names_what_is_missing_at_once_and_on_its_own_day() {
    let mut shop = Shop::new(Numbering::Continuous);
    for number in [12, 13, 15] {
        shop.sell(TODAY, number);
    }
    shop.sell(TOMORROW, 18);
    shop.report(TODAY, 17, 8);
    assert_eq!(
        shop.gaps(),
        [(10, 11, false), (14, 14, false), (16, 17, false)]
    );
    // The report again, and time: nothing new. The next day has lost nothing.
    assert_eq!(shop.report(TODAY, 17, 8).rows, 0);
    shop.wait(60 * MINUTE);
    assert_eq!(shop.gaps().len(), 3);
    for number in [10, 11, 14, 16, 17] {
        shop.sell(TODAY, number);
    }
    assert_eq!(shop.gaps().iter().filter(|gap| gap.2).count(), 5);
}

#[test]
fn r19_a_day_report_of_a_whole_day_says_nothing() {
    for numbering in [Numbering::Continuous, Numbering::Daily] {
        let mut shop = Shop::new(numbering);
        for number in 1..=30 {
            shop.sell(TODAY, number);
        }
        assert_eq!(shop.report(TODAY, 30, 30).rows, 0);
        for number in 1..=5 {
            let number = number + if numbering == Numbering::Daily { 0 } else { 30 };
            shop.sell(TOMORROW, number);
        }
        shop.wait(60 * MINUTE);
        assert!(shop.gaps().is_empty(), "{numbering:?}");
        assert!(alerts(&shop.journal).is_empty());
    }
}

#[test]
fn r19_a_till_that_is_offline_over_midnight_and_catches_up_leaves_no_gap() {
    let mut shop = Shop::new(Numbering::Continuous);
    for number in 1..=50 {
        shop.sell(TODAY, number);
    }
    // The new day is heard first, then 300 of before.
    shop.sell(TOMORROW, 351);
    shop.wait(15 * MINUTE);
    assert_eq!(shop.gaps(), [(51, 350, false)]);
    for number in 51..=300 {
        shop.sell(TODAY, number);
    }
    for number in 301..=350 {
        shop.sell(TOMORROW, number);
    }
    shop.wait(60 * MINUTE);
    let open = shop.gaps().iter().filter(|gap| !gap.2).count();
    let closed = shop.gaps().iter().filter(|gap| gap.2).count();
    assert_eq!((open, closed), (1, 300));
}

#[test]
fn r19_a_till_that_does_not_number_is_told_once_and_left_alone() {
    let mut shop = Shop::new(Numbering::Continuous);
    let sold = || vec![line("1", LineKind::Sale, "A", 1_000)];
    for at in 0..5 {
        take(&mut shop.journal, sale(&format!("T-{at}"), sold()));
    }
    assert_eq!(alerts(&shop.journal), ["not_numbered"]);
    let mut none = Shop::new(Numbering::None);
    for number in [1, 900, 17, 4_000_000] {
        none.sell(TODAY, number);
    }
    none.report(TODAY, 4, 4);
    none.wait(60 * MINUTE);
    assert!(none.gaps().is_empty() && alerts(&none.journal).is_empty());
}

#[test]
fn r19_a_till_that_begins_anew_each_day_is_told_how_to_say_so() {
    for (numbering, told) in [
        (Numbering::Continuous, &["numbers_anew"][..]),
        (Numbering::Daily, &[]),
    ] {
        let mut shop = Shop::new(numbering);
        for day in [TODAY, TOMORROW] {
            for number in [1, 2, 3] {
                shop.sell(day, number);
            }
        }
        shop.wait(60 * MINUTE);
        assert!(shop.gaps().is_empty());
        assert_eq!(alerts(&shop.journal), told);
    }
    // A counter that wraps goes on.
    let mut shop = Shop::new(Numbering::Continuous);
    shop.sell(TODAY, 9_999);
    shop.sell(TOMORROW, 1);
    assert!(alerts(&shop.journal).is_empty());
}

#[test]
fn r19_a_jump_is_told_once_a_day_and_is_no_gap() {
    let mut shop = Shop::new(Numbering::Continuous);
    for number in [1, 2, 1_000_000, 3, 2_000_000] {
        shop.sell(TODAY, number);
    }
    shop.wait(60 * MINUTE);
    assert!(shop.gaps().is_empty());
    assert_eq!(alerts(&shop.journal), ["number_jump"]);
    shop.report(TODAY, 9_000_000_000, 9_000_000_000);
    assert_eq!(alerts(&shop.journal), ["number_jump", "day_report_refused"]);
}

#[test]
fn r19_gaps_that_never_close_are_given_up_after_35_days() {
    let mut shop = Shop::new(Numbering::Continuous);
    shop.sell(TODAY, 1);
    shop.sell(TODAY, 3);
    shop.wait(15 * MINUTE);
    shop.wait(34 * 24 * 60 * MINUTE);
    assert_eq!(shop.gaps(), [(2, 2, false)]);
    shop.wait(24 * 60 * MINUTE);
    assert_eq!(shop.gaps(), [(2, 2, false), (2, 2, true)]);
    let last = shop.journal.entries().next_back().unwrap();
    assert!(last.body.detail.text.as_ref().unwrap().contains("given up"));
}

#[test]
fn r19_time_runs_on_over_a_restart() {
    let mut shop = Shop::new(Numbering::Continuous);
    shop.sell(TODAY, 1);
    shop.sell(TODAY, 3);
    shop.journal.restart(RunId([8; 8]), BootId([5; 16]));
    let tick = |boot_ms, wall_ms, quality| Command {
        stamp: Stamp {
            wall_ms: stamp().wall_ms + wall_ms,
            boot_ms,
            boot: BootId([5; 16]),
            quality,
        },
        body: Body::Tick,
    };
    // A clock that nobody vouches for says nothing about the boot before.
    let early = tick(1_000, 3_600_000, ClockQuality::Unsynced);
    assert_eq!(shop.journal.take(&early).unwrap().rows, 0);
    let synced = tick(1_000, 3_600_000, ClockQuality::Synced);
    assert_eq!(shop.journal.take(&synced).unwrap().rows, 1);
    assert_eq!(shop.gaps(), [(2, 2, false)]);
}

#[test]
fn r21_a_day_is_closed_once_and_a_clock_that_was_far_ahead_holds_nobody_up() {
    let mut shop = Shop::new(Numbering::Continuous);
    assert!(!shop.body(Body::DayEnd(day(TODAY))).repeat);
    assert!(shop.body(Body::DayEnd(day(TODAY))).repeat);
    assert!(shop.body(Body::DayEnd(day("2026-11-20"))).repeat);
    assert!(!shop.body(Body::DayEnd(day(TOMORROW))).repeat);
    assert!(!shop.body(Body::DayEnd(day("2036-01-01"))).repeat);
    assert!(!shop.body(Body::DayEnd(day("2026-11-24"))).repeat);
    assert_eq!(shop.journal.closed_day(), Ok(Some(day("2026-11-24"))));
}

#[test]
fn r19_what_a_till_that_is_not_watched_was_told_to_miss_is_ended() {
    // By the remedy that the alert names, and by the day that is given up itself.
    let mut shop = Shop::new(Numbering::Continuous);
    for number in [1, 5] {
        shop.sell(TODAY, number);
    }
    shop.wait(16 * MINUTE);
    assert_eq!(shop.gaps(), [(2, 4, false)]);
    shop.numbering = Numbering::None;
    shop.sell(TODAY, 6);
    assert_eq!(shop.gaps(), [(2, 4, false), (2, 4, true)]);
    assert!(!shop.journal.misses(&"till-1".parse().unwrap()).unwrap());
    let why = shop.journal.entries().next_back().unwrap();
    assert!(
        why.body
            .detail
            .text
            .as_deref()
            .unwrap()
            .contains("not watched any more")
    );

    let mut shop = Shop::new(Numbering::Continuous);
    for number in [1, 5] {
        shop.sell(TODAY, number);
    }
    shop.wait(16 * MINUTE);
    for number in 2..40 {
        shop.sell(TODAY, number * 10_000);
    }
    assert!(alerts(&shop.journal).contains(&"not_numbered"));
    assert_eq!(shop.gaps(), [(2, 4, false), (2, 4, true)]);
    // A report of a till that is not watched ends it too.
    let mut shop = Shop::new(Numbering::Continuous);
    for number in [1, 5] {
        shop.sell(TODAY, number);
    }
    shop.wait(16 * MINUTE);
    shop.numbering = Numbering::None;
    shop.report(TODAY, 6, 6);
    assert_eq!(shop.gaps(), [(2, 4, false), (2, 4, true)]);
    assert_folds(&shop.journal);
}

#[test]
fn r19_day_reports_without_end_name_no_more_than_a_day_may_miss() {
    let mut shop = Shop::new(Numbering::Continuous);
    for last in 1..=1_000 {
        shop.report(TODAY, last, 1);
    }
    let (named, ended): (Vec<_>, Vec<_>) = shop.gaps().into_iter().partition(|gap| !gap.2);
    assert_eq!(named.len(), crate::limits::NUMBER_HOLES_MAX);
    assert_eq!(ended.len(), named.len());
    assert_eq!(alerts(&shop.journal), ["not_numbered"]);
}
