//! R22: what is told, once, and what is only written.

use super::*;
use crate::domain::command::AlertNote;
use crate::domain::entry::Severity;
use crate::domain::observation::UnclearLine;

fn at(minutes: u64) -> Stamp {
    Stamp {
        boot_ms: stamp().boot_ms + minutes * 60_000,
        ..stamp()
    }
}

fn note(word: &str, dev: &str, cleared: bool) -> Body {
    Body::Alert(AlertNote {
        alert: word.to_owned(),
        severity: Severity::Warning,
        item: None,
        dev: Some(dev.parse().unwrap()),
        text: "something".to_owned(),
        cleared,
    })
}

fn say(journal: &mut Journal, minutes: u64, body: Body) -> usize {
    let stamp = at(minutes);
    journal.take(&Command { stamp, body }).unwrap().rows
}

fn unclear(number: u64) -> Body {
    let line = UnclearLine {
        id: None,
        raw: format!("{{\"n\":{number}}}"),
        reason: "no such line".to_owned(),
    };
    Body::Sale(TillTransaction {
        lines: vec![TillLine::Unclear(line)],
        content: vec![number.to_string()],
        ..sale(&number.to_string(), Vec::new())
    })
}

/// Words of the alerts: those sent ahead, and those that are quiet.
fn told(journal: &Journal) -> (Vec<String>, Vec<String>) {
    let mut told = (Vec::new(), Vec::new());
    for entry in journal.entries().filter(|e| e.body.kind == Kind::Alert) {
        let word = entry.body.detail.alert.clone().unwrap();
        let cleared = if entry.body.detail.cleared { "-" } else { "" };
        let list = if entry.body.detail.quiet {
            &mut told.1
        } else {
            &mut told.0
        };
        list.push(format!("{cleared}{word}"));
    }
    let ahead = journal.alerts(0, usize::MAX).len();
    assert_eq!(ahead, told.0.len());
    told
}

#[test]
fn r22_a_notice_is_told_once_for_each_source_kind_and_day() {
    let mut journal = store();
    for _ in 0..5 {
        say(&mut journal, 0, note("paper_out", "till-1", false));
        say(&mut journal, 0, note("paper_out", "till-2", false));
        say(&mut journal, 0, note("drawer_open", "till-1", false));
    }
    assert_eq!(told(&journal).0.len(), 3);
    assert!(told(&journal).1.is_empty());
    say(&mut journal, 0, Body::DayEnd(day("2026-11-22")));
    assert_eq!(say(&mut journal, 1, note("paper_out", "till-1", false)), 1);
    assert_eq!(say(&mut journal, 1, note("paper_out", "till-1", false)), 0);
    assert_eq!(told(&journal).0.len(), 4);
}

#[test]
fn r22_what_carries_a_line_as_it_came_is_always_written_and_quiet() {
    let mut journal = store();
    for number in 1..=4 {
        say(&mut journal, 0, unclear(number));
    }
    let (sent, quiet) = told(&journal);
    assert_eq!(sent, ["unclear_line"]);
    assert_eq!(quiet.len(), 3);
}

#[test]
fn r22_an_alert_is_cleared_once_and_only_if_it_is_open() {
    let mut journal = store();
    assert_eq!(say(&mut journal, 0, note("till_silent", "till-1", true)), 0);
    say(&mut journal, 0, note("till_silent", "till-1", false));
    assert_eq!(say(&mut journal, 1, note("till_silent", "till-1", true)), 1);
    assert_eq!(say(&mut journal, 1, note("till_silent", "till-1", true)), 0);
    assert_eq!(journal.alerts_open().count(), 0);
    // Again on the same day: it is so again, and everybody has been told.
    say(&mut journal, 2, note("till_silent", "till-1", false));
    assert_eq!(journal.alerts_open().count(), 1);
    say(&mut journal, 3, note("till_silent", "till-1", true));
    let (sent, quiet) = told(&journal);
    assert_eq!(sent, ["till_silent", "-till_silent"]);
    assert_eq!(quiet, ["till_silent", "-till_silent"]);
}

#[test]
fn r22_an_alert_that_outlives_the_day_is_cleared_on_the_next() {
    let mut journal = store();
    say(&mut journal, 0, note("till_silent", "till-1", false));
    say(&mut journal, 0, Body::DayEnd(day("2026-11-22")));
    assert_eq!(say(&mut journal, 1, note("till_silent", "till-1", true)), 1);
}

#[test]
fn r22_above_twenty_in_an_hour_one_digest_says_so_and_how_many() {
    let mut journal = store();
    for source in 0..50 {
        say(
            &mut journal,
            1,
            note("paper_out", &format!("till-{source}"), false),
        );
    }
    let (sent, quiet) = told(&journal);
    assert_eq!((sent.len(), quiet.len()), (21, 30));
    assert_eq!(sent.last().unwrap(), "digest");
    // What is not sent is there all the same, and its end is not sent either.
    assert_eq!(say(&mut journal, 2, note("paper_out", "till-49", true)), 1);
    assert_eq!(told(&journal).1.len(), 31);
    // The hour is over: time says how many, once.
    assert_eq!(say(&mut journal, 60, Body::Tick), 0);
    assert_eq!(say(&mut journal, 61, Body::Tick), 1);
    assert_eq!(say(&mut journal, 62, Body::Tick), 0);
    let last = journal.entries().next_back().unwrap();
    assert_eq!(last.body.detail.times, Some(30));
    assert!(last.body.detail.cleared && !last.body.detail.quiet);
    // And a new one begins.
    say(&mut journal, 63, note("paper_out", "till-77", false));
    assert_eq!(told(&journal).0.last().unwrap(), "paper_out");
}

#[test]
fn r22_twenty_an_hour_make_no_digest_however_long() {
    let mut journal = store();
    for hour in 0..3 {
        for source in 0..20 {
            let dev = format!("till-{hour}-{source}");
            say(&mut journal, hour * 60, note("paper_out", &dev, false));
        }
    }
    let (sent, quiet) = told(&journal);
    assert_eq!((sent.len(), quiet.len()), (60, 0));
}

#[test]
fn r22_the_count_of_the_hour_survives_a_restart() {
    let mut journal = store();
    for source in 0..15 {
        say(
            &mut journal,
            0,
            note("paper_out", &format!("a-{source}"), false),
        );
    }
    journal.restart(RunId([9; 8]), BOOT);
    for source in 0..15 {
        say(
            &mut journal,
            5,
            note("paper_out", &format!("b-{source}"), false),
        );
    }
    let (sent, quiet) = told(&journal);
    assert_eq!((sent.len(), quiet.len()), (21, 10));
}

#[test]
fn r22_r13_an_item_below_zero_is_told_once_a_day_whichever_source_did_it() {
    let mut journal = store();
    open(&mut journal, "A", 1_000);
    for (number, till) in ["till-1", "till-2", "till-1"].iter().enumerate() {
        let sold = vec![line("1", LineKind::Sale, "A", 1_000)];
        let sold = TillTransaction {
            till: till.parse().unwrap(),
            ..sale(&(number + 1).to_string(), sold)
        };
        take(&mut journal, sold);
        let mut receive = scan(ScanKind::Receive, "A", 1_000);
        receive.zone = None;
        if number == 1 {
            journal.take(&of(Body::Scan(receive))).unwrap();
        }
    }
    let (sent, _) = told(&journal);
    assert_eq!(sent.iter().filter(|word| *word == "negative").count(), 1);
}

#[test]
fn r22_each_change_that_was_not_booked_is_written() {
    let mut journal = store();
    let version = |number: &str, lines| TillTransaction {
        versioned: true,
        ..sale(number, lines)
    };
    for number in ["1", "2"] {
        let back = line("1", LineKind::Return, "A", 5_000);
        take(&mut journal, version(number, vec![back]));
    }
    let most = crate::limits::BALANCE_MAX_MILLI;
    let all = line("1", LineKind::Sale, "A", most + 9_000);
    take(&mut journal, sale("3", vec![all]));
    for number in ["1", "2"] {
        take(&mut journal, version(number, Vec::new()));
    }
    let texts: Vec<_> = journal
        .entries()
        .filter(|e| e.body.detail.alert.as_deref() == Some("change_not_booked"))
        .filter_map(|e| e.body.detail.text.clone())
        .collect();
    assert_eq!(texts.len(), 2);
    assert!(texts[1].contains("transaction 2"), "{texts:?}");
}

#[test]
fn r22_a_digest_is_cleared_once_though_its_end_tells_something_itself() {
    let mut journal = store();
    take(
        &mut journal,
        sale("1", vec![void("1", "9", "1", "A", 1_000)]),
    );
    for dev in 0..30 {
        say(
            &mut journal,
            23 * 60,
            note("paper_out", &format!("till-{dev}"), false),
        );
    }
    say(&mut journal, 25 * 60, Body::Tick);
    let (ahead, quiet) = told(&journal);
    let over = ahead.iter().chain(&quiet).filter(|word| *word == "-digest");
    assert_eq!(over.count(), 1);
    assert!(ahead.contains(&"void_unmatched".to_owned()));
    // The hour began anew with it.
    assert_eq!(journal.alert_hour().unwrap().unwrap().sent, 1);
}

#[test]
fn r22_the_end_of_an_alert_that_was_forgotten_is_told_all_the_same() {
    let mut journal = store();
    let items: Vec<String> = (0..=crate::limits::OPEN_ALERTS_MAX)
        .map(|n| format!("I{n}"))
        .collect();
    for key in &items {
        open(&mut journal, key, 0);
    }
    let word = |journal: &Journal, key: &str| {
        let of = journal.entries().filter(|e| e.body.kind == Kind::Alert);
        let of = of.filter(|e| e.body.item == Some(item(key)));
        of.map(|e| e.body.detail.cleared).collect::<Vec<_>>()
    };
    // The first is told again after the others: it is not the oldest.
    let sell = |journal: &mut Journal, number: &str, keys: &[String]| {
        let lines = keys.iter().map(|key| line(key, LineKind::Sale, key, 1_000));
        take(journal, sale(number, lines.collect()));
    };
    sell(&mut journal, "1", &items[..500]);
    sell(&mut journal, "2", &items[500..]);
    assert_eq!(word(&journal, "I0"), [false]);
    let back = |key: &str| vec![line("1", LineKind::Return, key, 1_000)];
    take(&mut journal, sale("3", back("I0")));
    assert_eq!(word(&journal, "I0"), [false, true]);
    take(&mut journal, sale("4", back("I1")));
    assert_eq!(word(&journal, "I1"), [false, true]);
}
