use proptest::prelude::*;

use super::*;

fn line(end: FrameEnd) -> Framer {
    Framer::new(
        FramingRules {
            end,
            ..FramingRules::default()
        },
        0,
    )
}

/// A line that was silent long enough after its opening.
fn quiet() -> Framer {
    let mut framer = line(FrameEnd::Line);
    framer.idle(500, &mut Vec::new());
    framer
}

fn texts(frames: &[Frame]) -> Vec<String> {
    frames
        .iter()
        .map(|f| String::from_utf8_lossy(&f.bytes).into_owned())
        .collect()
}

#[test]
fn every_usual_suffix_ends_a_frame_once() {
    let (mut framer, mut out) = (quiet(), Vec::new());
    framer.push(
        b"one\rtwo\nthree\r\nfour\x03\r\n\x02five\x03\r\n\r\n  \rsix\r",
        501,
        &mut out,
    );
    assert_eq!(texts(&out), ["one", "two", "three", "four", "five", "six"]);
    assert!(out.iter().all(|frame| frame.start_seen));
    assert_eq!(
        framer.counts(),
        FramingCounts {
            frames: 6,
            ..FramingCounts::default()
        }
    );
}

#[test]
fn tab_eot_and_space_are_data_unless_configured() {
    for (end, byte) in [
        (FrameEnd::Tab, b'\t'),
        (FrameEnd::Eot, 0x04),
        (FrameEnd::Space, b' '),
    ] {
        let bytes = [b'a', byte, b'b', b'\r'];
        let mut out = Vec::new();
        line(FrameEnd::Line).push(&bytes, 0, &mut out);
        assert_eq!(out.len(), 1, "{end:?}");
        out.clear();
        line(end).push(&bytes, 0, &mut out);
        assert_eq!(texts(&out), ["a", "b"], "{end:?}");
    }
}

#[test]
fn an_unended_frame_is_a_half_scan_after_the_inter_byte_time() {
    let (mut framer, mut out) = (quiet(), Vec::new());
    framer.push(b"590123", 1_000, &mut out);
    assert_eq!(framer.deadline(), Some(1_100));
    framer.idle(1_099, &mut out);
    assert_eq!(framer.counts().half_scans, 0);
    framer.idle(1_100, &mut out);
    assert_eq!((framer.counts().half_scans, out.len()), (1, 0));
    // What follows may be its rest: handed out as doubtful.
    framer.push(b"4123457\r5901234123457\r", 1_200, &mut out);
    assert_eq!(texts(&out), ["4123457", "5901234123457"]);
    assert_eq!([out[0].start_seen, out[1].start_seen], [false, true]);
}

#[test]
fn time_that_nobody_listened_is_no_silence() {
    let (mut framer, mut out) = (quiet(), Vec::new());
    framer.push(b"590123", 1_000, &mut out);
    framer.push(b"4123457\r", 9_000, &mut out);
    assert_eq!(texts(&out), ["5901234123457"]);
    assert_eq!(framer.counts().half_scans, 0);
}

#[test]
fn silence_ends_a_frame_only_where_it_is_told_to() {
    let (mut framer, mut out) = (line(FrameEnd::Silence), Vec::new());
    framer.idle(100, &mut out);
    framer.push(b"59012341", 200, &mut out);
    framer.push(b"23457", 250, &mut out);
    framer.idle(349, &mut out);
    assert_eq!(out.len(), 0);
    framer.idle(350, &mut out);
    assert_eq!(texts(&out), ["5901234123457"]);
    assert!(out[0].start_seen);
    assert_eq!(framer.counts().half_scans, 0);
}

#[test]
fn the_first_bytes_after_opening_may_be_the_rest_of_a_scan() {
    let (mut framer, mut out) = (line(FrameEnd::Line), Vec::new());
    framer.push(b"4123457\rA1\r", 5, &mut out);
    assert_eq!([out[0].start_seen, out[1].start_seen], [false, true]);
    framer.opened(10);
    framer.push(b"\x02A2\x03", 11, &mut out);
    assert!(out[2].start_seen, "an STX is a beginning");
    framer.opened(20);
    assert_eq!(framer.deadline(), Some(520));
    framer.idle(520, &mut out);
    assert_eq!(framer.deadline(), None);
    framer.push(b"A3\r", 521, &mut out);
    assert!(out[3].start_seen, "so is a long silence");
}

#[test]
fn nothing_read_before_a_hang_up_is_handed_out_half() {
    let (mut framer, mut out) = (quiet(), Vec::new());
    framer.push(b"whole\r590123", 600, &mut out);
    assert!(framer.hang_up());
    assert!(!framer.hang_up(), "counted once");
    framer.opened(700);
    framer.push(b"4123457\r", 701, &mut out);
    assert_eq!(texts(&out), ["whole", "4123457"]);
    assert!(!out[1].start_seen);
    assert_eq!(framer.counts().half_scans, 1);
}

#[test]
fn j8_a_frame_too_long_is_dropped_to_its_end_and_counted() {
    let (mut framer, mut out) = (quiet(), Vec::new());
    framer.push(&vec![b'x'; FRAME_MAX_BYTES], 600, &mut out);
    framer.push(b"\r", 600, &mut out);
    assert_eq!(out.len(), 1, "the longest that fits");
    framer.push(&vec![b'x'; 5 * FRAME_MAX_BYTES], 601, &mut out);
    assert!(framer.partial.is_empty());
    framer.push(b"yy\rnext\r", 602, &mut out);
    assert_eq!(texts(&out[1..]), ["next"]);
    assert_eq!(framer.counts().overflows, 1);
}

#[test]
fn a_no_read_and_the_lines_own_bytes_are_no_scans() {
    let (mut framer, mut out) = (quiet(), Vec::new());
    framer.push(b"NR\r\x06\r\x15\x07\x00A1\r", 600, &mut out);
    assert_eq!(texts(&out), ["A1"]);
    let counts = framer.counts();
    assert_eq!(
        (counts.no_reads, counts.control_bytes, counts.frames),
        (1, 4, 1)
    );
}

#[test]
fn an_stx_inside_a_frame_begins_another() {
    let (mut framer, mut out) = (quiet(), Vec::new());
    framer.push(b"\x025901\x025901234123457\x03\r", 600, &mut out);
    assert_eq!(texts(&out), ["5901234123457"]);
    assert_eq!(framer.counts().half_scans, 1);
}

/// Bytes as lines carry them: mostly codes and terminators, sometimes anything.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[0-9A-Z]{1,20}".prop_map(String::into_bytes),
        4 => prop_oneof![Just(b"\r".to_vec()), Just(b"\n".to_vec()), Just(b"\r\n".to_vec()), Just(vec![3, 13])],
        1 => Just(b"\x02".to_vec()),
        1 => Just(b"NR\r".to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
        1 => Just(vec![b'x'; FRAME_MAX_BYTES + 7]),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn the_same_bytes_give_the_same_frames_however_they_are_cut(
        bytes in stream(),
        cuts in proptest::collection::vec(0_usize..8_000, 0..12),
        end in prop_oneof![Just(FrameEnd::Line), Just(FrameEnd::Tab), Just(FrameEnd::Silence)],
    ) {
        let mut whole = Vec::new();
        let mut at_once = line(end);
        at_once.push(&bytes, 1, &mut whole);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut cut_up = line(end);
        for pair in cuts.windows(2) {
            cut_up.push(&bytes[pair[0]..pair[1]], 1, &mut pieces);
        }
        prop_assert_eq!(whole, pieces);
        prop_assert_eq!(at_once.counts(), cut_up.counts());
    }

    /// A hang-up at any byte: every frame handed out is one that was sent, or proves nothing.
    #[test]
    fn a_hang_up_at_any_byte_halves_no_code(
        codes in proptest::collection::vec("[A-Z][0-9]{3,12}", 1..8), at in 0_usize..120,
    ) {
        let bytes = codes.iter().flat_map(|code| format!("{code}\r").into_bytes()).collect::<Vec<_>>();
        let at = at.min(bytes.len());
        let (mut framer, mut out) = (quiet(), Vec::new());
        framer.push(&bytes[..at], 600, &mut out);
        framer.hang_up();
        framer.opened(601);
        framer.push(&bytes[at..], 602, &mut out);
        for frame in out.iter().filter(|frame| frame.start_seen) {
            prop_assert!(codes.iter().any(|code| code.as_bytes() == frame.bytes));
        }
        let unsure = out.iter().filter(|frame| !frame.start_seen).count();
        prop_assert!(unsure <= 1 && out.len() >= codes.len() - 1);
    }
}
