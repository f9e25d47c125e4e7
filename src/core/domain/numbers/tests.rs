use super::*;
use crate::domain::ids::BootId;
use crate::domain::time::ClockQuality;

fn at(boot_ms: u64) -> Stamp {
    Stamp {
        wall_ms: 0,
        boot_ms,
        boot: BootId([1; 16]),
        quality: ClockQuality::Synced,
    }
}

/// A day with these numbers, in this order.
fn day(numbering: Numbering, before: Option<u64>, numbers: &[u64]) -> DayNumbers {
    let mut day = DayNumbers::new(at(0));
    for number in numbers {
        day.take(*number, numbering, before, &at(*number));
    }
    day
}

fn holes(day: &DayNumbers) -> Vec<(u64, u64)> {
    day.holes()
        .iter()
        .map(|hole| (hole.first, hole.last))
        .collect()
}

#[test]
fn r19_a_hole_is_what_lies_between_two_numbers_and_is_filled_one_by_one() {
    let mut record = day(Numbering::Continuous, None, &[10, 11, 15]);
    assert_eq!(holes(&record), [(12, 14)]);
    assert_eq!(record.holes()[0].since, at(15));
    assert_eq!(record.fill(13), Some(false));
    assert_eq!(holes(&record), [(12, 12), (14, 14)]);
    assert_eq!(record.fill(13), None);
    for number in [12, 14] {
        record.take(number, Numbering::Continuous, None, &at(99));
    }
    assert!(record.holes().is_empty());
    assert_eq!(record.end(), Some(15));
}

#[test]
fn r19_a_number_that_comes_again_changes_nothing() {
    let mut record = day(Numbering::Continuous, None, &[1, 2, 3]);
    let before = record.clone();
    assert_eq!(
        record.take(2, Numbering::Continuous, None, &at(9)),
        Took::default()
    );
    assert_eq!(record, before);
}

#[test]
fn r19_numbers_in_any_order_leave_the_same_holes() {
    for order in [[5, 3, 9, 4], [9, 5, 4, 3], [3, 4, 5, 9]] {
        assert_eq!(holes(&day(Numbering::Continuous, None, &order)), [(6, 8)]);
    }
}

#[test]
fn r19_a_day_goes_on_where_the_day_before_ended() {
    assert!(holes(&day(Numbering::Continuous, Some(100), &[101, 102])).is_empty());
    let record = day(Numbering::Continuous, Some(100), &[104]);
    assert_eq!(holes(&record), [(101, 103)]);
}

#[test]
fn r19_a_daily_till_begins_with_1() {
    assert!(holes(&day(Numbering::Daily, Some(300), &[1, 2])).is_empty());
    assert_eq!(holes(&day(Numbering::Daily, Some(300), &[3])), [(1, 2)]);
}

#[test]
fn r19_a_till_said_to_run_on_that_begins_anew_with_1_is_no_hole() {
    let mut record = DayNumbers::new(at(0));
    let took = record.take(1, Numbering::Continuous, Some(300), &at(1));
    assert!(!took.jumped && !took.opened);
    let mut other = DayNumbers::new(at(0));
    let took = other.take(40, Numbering::Continuous, Some(300), &at(1));
    assert!(took.jumped && !took.opened);
}

#[test]
fn r19_a_counter_that_wraps_goes_on() {
    let mut record = day(Numbering::Continuous, None, &[9_997, 9_998, 9_999]);
    for number in [1, 2, 3] {
        let took = record.take(number, Numbering::Continuous, None, &at(1));
        assert!(!took.jumped && !took.opened, "{number}");
    }
    // What is missing at both ends of the wrap is missing.
    let mut record = day(Numbering::Continuous, None, &[9_996, 9_997]);
    let took = record.take(3, Numbering::Continuous, None, &at(1));
    assert!(took.opened && !took.jumped);
    assert_eq!(holes(&record), [(1, 2), (9_998, 9_999)]);
    // Over the night, too.
    let record = day(Numbering::Continuous, Some(65_534), &[2]);
    assert_eq!(holes(&record), [(1, 1), (65_535, 65_535)]);
}

#[test]
fn r19_an_absurd_jump_is_a_new_start_and_no_hole() {
    let mut record = day(Numbering::Continuous, None, &[1, 2]);
    let took = record.take(1_000_000, Numbering::Continuous, None, &at(1));
    assert!(took.jumped && !took.opened);
    // Both stretches go on.
    for number in [3, 1_000_001] {
        let took = record.take(number, Numbering::Continuous, None, &at(1));
        assert!(!took.jumped && !took.opened);
    }
    assert!(record.holes().is_empty());
}

#[test]
fn r19_j8_a_till_that_evidently_does_not_number_is_not_watched() {
    let mut record = DayNumbers::new(at(0));
    let mut gave_up = 0;
    for step in 0..1_000_u64 {
        let number = step * 1_000_003;
        let took = record.take(number, Numbering::Continuous, None, &at(1));
        gave_up += u32::from(took.gave_up);
    }
    assert_eq!(gave_up, 1);
    assert!(record.unwatched() && record.holes().is_empty());
    assert_eq!(record.end(), None);
    // Every second number: as many holes as numbers.
    let mut record = DayNumbers::new(at(0));
    for step in 0..1_000_u64 {
        record.take(step * 2, Numbering::Continuous, None, &at(1));
        assert!(record.holes().len() <= NUMBER_HOLES_MAX + 1);
    }
    assert!(record.unwatched());
}

#[test]
fn r19_a_day_report_names_the_start_the_end_and_the_middle() {
    let mut record = day(Numbering::Continuous, None, &[12, 13, 15]);
    let total = DayTotal { last: 17, count: 8 };
    record.close(total, Numbering::Continuous, &at(50)).unwrap();
    assert_eq!(holes(&record), [(10, 11), (14, 14), (16, 17)]);
    assert_eq!(record.end(), Some(17));
    assert_eq!(record.name(99, |_| true).len(), 3);
    // The same word again names nothing new.
    record.close(total, Numbering::Continuous, &at(60)).unwrap();
    assert!(record.name(99, |_| true).is_empty());
}

#[test]
fn r19_a_day_report_of_a_till_that_was_never_heard_names_its_whole_day() {
    let mut record = DayNumbers::new(at(0));
    let total = DayTotal {
        last: 40,
        count: 40,
    };
    record.close(total, Numbering::Daily, &at(1)).unwrap();
    assert_eq!(holes(&record), [(1, 40)]);
    let mut empty = DayNumbers::new(at(0));
    let none = DayTotal { last: 40, count: 0 };
    empty.close(none, Numbering::Continuous, &at(1)).unwrap();
    assert!(empty.holes().is_empty() && empty.reported());
}

#[test]
fn r19_a_day_report_that_cannot_be_is_not_believed() {
    let mut record = day(Numbering::Continuous, None, &[1, 2]);
    let before = record.clone();
    let absurd = DayTotal {
        last: 1_000_000_000,
        count: 1_000_000_000,
    };
    let refused = record.close(absurd, Numbering::Continuous, &at(1));
    assert_eq!(refused, Err(Unbelievable(999_999_998)));
    assert_eq!(record, before);
    // A counter that wrapped within the day: only its end is known.
    let mut wrapped = day(Numbering::Continuous, None, &[9_998, 9_999, 1, 2]);
    let total = DayTotal { last: 4, count: 9 };
    wrapped.close(total, Numbering::Continuous, &at(1)).unwrap();
    assert_eq!(holes(&wrapped), [(3, 4)]);
}

#[test]
fn r19_holes_at_the_greatest_numbers_do_not_overflow() {
    let mut record = day(Numbering::Continuous, None, &[u64::MAX - 2, u64::MAX]);
    assert_eq!(holes(&record), [(u64::MAX - 1, u64::MAX - 1)]);
    assert_eq!(record.fill(u64::MAX - 1), Some(false));
    let total = DayTotal {
        last: u64::MAX,
        count: 5,
    };
    record.close(total, Numbering::Continuous, &at(1)).unwrap();
    assert_eq!(holes(&record), [(u64::MAX - 4, u64::MAX - 3)]);
    assert_eq!(
        day(Numbering::Continuous, Some(u64::MAX), &[1]).end(),
        Some(1)
    );
}

#[test]
fn r19_what_the_next_day_missed_before_its_start_is_the_day_befores() {
    let mut before = day(Numbering::Continuous, None, &[1, 2]);
    let mut after = day(Numbering::Continuous, Some(2), &[9, 11]);
    assert_eq!(holes(&after), [(3, 8), (10, 10)]);
    before.take(5, Numbering::Continuous, None, &at(1));
    assert_eq!(after.fill_before(5), Some(false));
    assert!(after.forget_before(&before));
    assert_eq!(holes(&before), [(3, 4)]);
    assert_eq!(holes(&after), [(6, 8), (10, 10)]);
    // A number inside the day is its own: the day before has another 10.
    assert_eq!(after.fill_before(10), None);
    after.name(99, |_| true);
    before.take(9, Numbering::Continuous, None, &at(1));
    assert!(before.forget_named(&after));
    assert_eq!(holes(&before), [(3, 4)]);
}

#[test]
fn a_number_is_digits_alone() {
    assert_eq!(number("0042"), Some(42));
    for text in ["", "A-7", "-1", "1.0", "99999999999999999999999", "4 2"] {
        assert_eq!(number(text), None, "{text}");
    }
}

#[test]
fn r19_any_numbers_leave_what_a_plain_set_says() {
    use proptest::prelude::*;
    proptest!(|(numbers in prop::collection::vec(1_u64..120, 1..80))| {
        let record = day(Numbering::Continuous, None, &numbers);
        let set: std::collections::BTreeSet<u64> = numbers.into_iter().collect();
        let (first, last) = (*set.first().unwrap(), *set.last().unwrap());
        for number in 0..130 {
            prop_assert_eq!(record.has(number), set.contains(&number), "{}", number);
            let missing = (first..=last).contains(&number) && !set.contains(&number);
            let hole = record.holes().iter().any(|hole| within(hole, number));
            prop_assert_eq!(hole, missing, "{}", number);
        }
        let text = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(serde_json::from_str::<DayNumbers>(&text).unwrap(), record);
    });
}

#[test]
fn r19_day_reports_leave_no_more_holes_than_a_day_may_have() {
    let mut record = DayNumbers::new(at(0));
    let mut gave_up = 0;
    for last in 1..=1_000 {
        let total = DayTotal { last, count: 1 };
        gave_up += usize::from(record.close(total, Numbering::Continuous, &at(1)).unwrap());
        record.name(usize::MAX, |_| true);
        assert!(record.holes().len() <= NUMBER_HOLES_MAX, "{last}");
    }
    assert_eq!(gave_up, 1);
    assert!(record.unwatched());
}

#[test]
fn r19_a_catch_up_out_of_order_gives_the_day_up_at_its_own_number() {
    let mut record = day(Numbering::Continuous, None, &[1, 1_000]);
    let mut gave_up = Vec::new();
    for number in (2..1_000).step_by(2) {
        if record
            .take(number, Numbering::Continuous, None, &at(1))
            .gave_up
        {
            gave_up.push(number);
        }
        assert!(record.holes().len() <= NUMBER_HOLES_MAX, "{number}");
    }
    assert_eq!(gave_up.len(), 1);
    assert!(
        !record
            .take(1_001, Numbering::Continuous, None, &at(1))
            .gave_up
    );
}
