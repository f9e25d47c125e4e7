//! What a tag costs in memory while it stands on a shelf.
use allocation_counter::measure;
use shelfwire_core::domain::epc::Epc;
use shelfwire_core::domain::presence::{Antenna, Heard, Reader, TagSeen};
use shelfwire_core::presence::{AntennaAt, Layout, Presence, Settings};

const TAGS: u64 = 50_000;
/// All that is held for one tag, in bytes.
const TAG_MAX_BYTES: u64 = 200;

#[test]
fn a_tag_on_a_shelf_takes_no_more_than_200_bytes() {
    let mut kept = None;
    let info = measure(|| {
        let layout = Layout {
            shelves: vec!["shelf".parse().unwrap()],
            antennas: vec![AntennaAt {
                reader: Reader(0),
                shelf: 0,
            }],
            readers: 1,
            reference: Vec::new(),
        };
        let mut presence = Presence::new(layout, Settings::default(), 0);
        let mut out = Vec::new();
        for serial in 0..TAGS {
            for at in [0, 6_000, 12_000] {
                let bytes = (0x3074_257b_f719_4e40_u128 << 32 | u128::from(serial)) << 32;
                let seen = TagSeen {
                    epc: Epc::of_bits(&bytes.to_be_bytes(), 96).unwrap(),
                    antenna: Antenna(0),
                    rssi_cdbm: Some(-5_500),
                    count: 1,
                    at,
                };
                presence.hear(&Heard::Tag(seen), &mut out);
            }
        }
        drop(out);
        kept = Some(presence);
    });
    let each = u64::try_from(info.bytes_current).unwrap() / TAGS;
    println!("{each} bytes for each of {TAGS} tags");
    assert_eq!(kept.unwrap().shelves().first().unwrap().tags, 50_000);
    assert!(each <= TAG_MAX_BYTES, "{each} bytes for each tag");
}
