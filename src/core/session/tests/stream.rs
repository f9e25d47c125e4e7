//! The stream: where frames are cut, what is withheld, how much goes out.

use super::*;
use crate::limits::{CREDIT_MAX_ENTRIES, PAYLOAD_MAX_BYTES};
use crate::wire::FrameRow;

fn withheld(frame: &Frame) -> Vec<(Seq, Seq, String)> {
    let gap = |row: &FrameRow| match row {
        FrameRow::Withheld(gap) => Some((gap.first, gap.last, gap.reason.clone())),
        FrameRow::Entry(_) | FrameRow::Unknown(_) => None,
    };
    frame.entries.iter().filter_map(gap).collect()
}

#[test]
fn j8_frames_have_200_entries_and_32_kib_at_the_most() {
    let mut rig = Rig::new(facts(1_000));
    rig.row = |seq, facts| {
        let SendRow::Entry { mut entry, chain } = row(seq, facts) else {
            unreachable!()
        };
        entry.body.detail.text = Some("\u{1}".repeat(usize::from(seq.to_be_bytes()[7])));
        SendRow::Entry { entry, chain }
    };
    rig.connect();
    let nonce = rig.hello().nonce;
    rig.answer(nonce, Verdict::Accepted, 0);
    let mut next = 1;
    while next <= 1_000 {
        let frames = rig.frames();
        assert!(!frames.is_empty(), "stuck at {next}");
        for (_, frame) in frames {
            assert_eq!(frame.first, next);
            assert_eq!(frame.chain, Some(chain(frame.first - 1)));
            assert_eq!(frame.chain_after, Some(chain(frame.last)));
            assert!(frame.entries.len() <= 200);
            next = frame.last + 1;
            let store = "0042".parse().unwrap();
            let bytes = Message::Delta(Box::new(frame)).encode(&store).unwrap();
            assert!(bytes.len() <= PAYLOAD_MAX_BYTES, "{}", bytes.len());
        }
        rig.puback_all(0);
    }
}

#[test]
fn a_frame_is_of_one_run() {
    let mut facts = facts(50);
    facts.runs = vec![(RunId([5; 8]), 1), (RunId([6; 8]), 11), (RUN, 12)];
    let rig = Rig::accepted(facts, 0);
    assert_eq!(rig.spans(), [(1, 10), (11, 11), (12, 50)]);
    let runs: Vec<RunId> = rig.frames().into_iter().map(|(_, f)| f.run).collect();
    assert_eq!(runs, [RunId([5; 8]), RunId([6; 8]), RUN]);
}

#[test]
fn new_rows_go_out_as_they_are_committed() {
    let mut rig = Rig::accepted(facts(5), 5);
    rig.take();
    rig.commit(6);
    rig.commit(9);
    assert_eq!(rig.spans(), [(6, 6), (7, 9)]);
}

#[test]
fn rows_pruned_before_they_were_sent_travel_as_withheld() {
    let mut facts = facts(50);
    facts.min = 31;
    let rig = Rig::accepted(facts, 10);
    assert_eq!(rig.spans(), [(11, 30), (31, 50)]);
    let (_, first) = rig.frames().remove(0);
    assert_eq!(withheld(&first), [(11, 30, "pruned".to_owned())]);
    assert_eq!((first.chain, first.chain_after), (None, None));
}

#[test]
fn j9_a_row_too_large_for_the_broker_is_withheld_and_the_rows_behind_it_go_on() {
    let mut rig = Rig::new(facts(10));
    rig.row = |seq, facts| {
        let SendRow::Entry { mut entry, chain } = row(seq, facts) else {
            unreachable!()
        };
        if seq == 4 {
            entry.body.detail.raw = Some("x".repeat(40_000));
        }
        SendRow::Entry { entry, chain }
    };
    rig.connect();
    let nonce = rig.hello().nonce;
    rig.answer(nonce, Verdict::Accepted, 0);
    assert_eq!(rig.spans(), [(1, 10)]);
    let (_, frame) = rig.frames().remove(0);
    assert_eq!(withheld(&frame), [(4, 4, "too_large".to_owned())]);
    assert_eq!(rig.raised(), [AlarmCode::RowsWithheld]);
}

#[test]
fn a_refused_frame_is_split_and_the_row_that_is_refused_alone_is_withheld() {
    let mut rig = Rig::accepted(facts(16), 0);
    let mut taken = std::collections::BTreeSet::new();
    let mut gaps = Vec::new();
    for _ in 0..20 {
        for (token, message) in rig.take().into_iter().filter_map(|action| match action {
            Action::Publish(publish) => Some((publish.token, publish.message)),
            _ => None,
        }) {
            let mut reason = 0;
            if let Message::Delta(frame) = message {
                gaps.extend(withheld(&frame));
                let poison = frame
                    .entries
                    .iter()
                    .any(|row| matches!(row, FrameRow::Entry(entry) if entry.seq == 7));
                if poison {
                    reason = 0x99;
                } else {
                    taken.extend(frame.first..=frame.last);
                }
            }
            rig.give(Input::PubAck { token, reason });
        }
    }
    assert_eq!(gaps, [(7, 7, "refused".to_owned())]);
    assert_eq!(
        taken.into_iter().collect::<Vec<_>>(),
        (1..=16).collect::<Vec<_>>()
    );
}

#[test]
fn a_broker_that_is_full_is_given_a_pause_and_then_the_same_rows() {
    let mut rig = Rig::accepted(facts(50), 0);
    rig.puback_all(0x97);
    assert_eq!(rig.raised(), [AlarmCode::PublishRefused]);
    assert_eq!((rig.spans(), rig.session.status().outstanding), (vec![], 0));
    rig.pass(999);
    assert_eq!(rig.spans(), []);
    rig.pass(1);
    assert_eq!(rig.spans(), [(1, 50)]);
    rig.puback_all(0);
    assert!(rig.seen.contains(&Action::Clear(AlarmCode::PublishRefused)));
}

#[test]
fn nobody_listening_is_an_alarm_until_somebody_does() {
    let mut rig = Rig::accepted(facts(5), 0);
    rig.puback_all(0x10);
    assert_eq!(rig.raised(), [AlarmCode::NobodyListens]);
    rig.commit(6);
    rig.puback_all(0);
    assert!(rig.seen.contains(&Action::Clear(AlarmCode::NobodyListens)));
}

#[test]
fn j8_no_more_than_the_credit_is_outstanding_however_much_is_pubacked() {
    let mut rig = Rig::accepted(facts(40_000), 0);
    let mut sent = 0;
    for _ in 0..1_000 {
        let spans = rig.spans();
        sent = spans.last().map_or(sent, |(_, last)| *last);
        rig.puback_all(0);
    }
    let alerts_ahead = 400;
    assert_eq!(sent, CREDIT_MAX_ENTRIES - alerts_ahead);
    assert_eq!(rig.session.status().outstanding, CREDIT_MAX_ENTRIES);
    rig.take();
    rig.applied(2_000);
    assert!(!rig.spans().is_empty());
}

#[test]
fn alerts_leave_ahead_of_the_backlog_and_come_once_more_in_it() {
    let rig = Rig::accepted(facts(2_000), 1_150);
    let mut alerts = Vec::new();
    let mut rows_before = 0;
    for (_, message) in rig.published() {
        match message {
            Message::Alert(frame) => alerts.push(frame.first),
            Message::Delta(frame) if alerts.len() < 9 => rows_before += frame.entries.len(),
            _ => {}
        }
    }
    assert_eq!(alerts, (12..=20).map(|n| n * 100).collect::<Vec<Seq>>());
    assert_eq!(rows_before, 0);
    assert_eq!(rig.spans().first().map(|(first, _)| *first), Some(1_151));
}
