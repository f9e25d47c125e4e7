//! Readers that tell of every single read: several a second for each tag, not one for each dwell.

use shelfwire_core::domain::presence::{Antenna, Change, Heard, Reader, TagSeen};
use shelfwire_core::presence::{AntennaAt, Layout, Output, Presence, Settings};
use shelfwire_core::sim::shelf::epc;

const EVERY_MS: u64 = 250;

#[test]
fn a_tag_that_is_read_many_times_a_second_arrives_and_departs_as_any_other() {
    let antenna = AntennaAt {
        reader: Reader(0),
        shelf: 0,
    };
    let layout = Layout {
        shelves: vec!["shelf".parse().unwrap()],
        antennas: vec![antenna],
        readers: 1,
        reference: vec![epc(9)],
    };
    let mut presence = Presence::new(layout, Settings::default(), 0);
    let reader = Reader(0);
    let mut out = Vec::new();
    presence.hear(&Heard::Reading { reader, at: 0 }, &mut out);
    let mut changes = Vec::new();
    for at in (0..120_000).step_by(usize::try_from(EVERY_MS).unwrap()) {
        // The tag stands there for a minute; the reference tag stays.
        let tags = if at < 60_000 { &[9, 1][..] } else { &[9] };
        for tag in tags {
            let seen = TagSeen {
                epc: epc(*tag),
                antenna: Antenna(0),
                rssi_cdbm: Some(-5_500),
                count: 1,
                at,
            };
            presence.hear(&Heard::Tag(seen), &mut out);
        }
        if at % 1_000 == 0 {
            presence.tick(at, &mut out);
        }
        for output in out.drain(..) {
            if let Output::Change(change) = output {
                changes.push((change.change, at));
            }
        }
    }
    let [(Change::Arrived, arrived), (Change::Departed, departed)] = changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!(arrived, Settings::default().observed_time_threshold_ms);
    assert!(
        (104_000..=108_000).contains(&departed),
        "departed at {departed} ms"
    );
}
