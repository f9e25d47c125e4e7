use proptest::prelude::*;

use super::*;
use crate::codec::framing::{Framer, FramingRules};

fn scan(bytes: &[u8]) -> Result<(String, Symbology), ScanRefusal> {
    let frame = Frame {
        bytes: bytes.to_vec(),
        start_seen: true,
    };
    read(&frame).map(|code| (code.to_string(), code.symbology))
}

fn text(bytes: &[u8]) -> String {
    scan(bytes).unwrap().0
}

#[test]
fn eight_digits_without_an_identifier_are_gtin_8_or_stay_as_read() {
    assert_eq!(
        scan(b"96385074").unwrap(),
        ("00000096385074".to_owned(), Symbology::EanUpc)
    );
    // A right UPC-E, a wrong GTIN-8: as read.
    assert_eq!(
        scan(b"04252614").unwrap(),
        ("04252614".to_owned(), Symbology::Unknown)
    );
    assert_eq!(text(b"]E004252614"), "00042100005264");
    assert_eq!(text(b"]E0425261"), "00042100005264");
    assert_eq!(text(b"]E096385074"), "00000096385074");
}

#[test]
fn a_wrong_check_digit_is_a_misread_only_where_the_symbol_promises_one() {
    for promised in [
        &b"]E05901234123458"[..],
        b"]E0614141999997",
        b"]E496385075",
        b"]E4963850741",
        b"]E0590123412345",
        b"]E3590123412345812",
        b"]C10105901234123458",
        b"]d20105901234",
        b"]Q1https://x.example/01/05901234123458",
        b"]E059012A4123457",
        b"]E0",
        b"]E01234",
    ] {
        let refused = scan(promised);
        assert!(
            matches!(refused, Err(ScanRefusal::Misread(_))),
            "{refused:?}"
        );
    }
    for plain in [
        "5901234123458",
        "614141999997",
        "96385075",
        "15400141288764",
    ] {
        assert_eq!(text(plain.as_bytes()), plain);
        assert_eq!(text(format!("]C0{plain}").as_bytes()), plain);
    }
}

#[test]
fn one_product_has_one_key_in_every_symbology() {
    for (wire, symbology) in [
        ("]E05901234123457", Symbology::EanUpc),
        ("5901234123457", Symbology::EanUpc),
        ("]C05901234123457", Symbology::Code128),
        ("]I105901234123457", Symbology::Itf),
        ("]C10105901234123457", Symbology::Gs1128),
        ("]e00105901234123457", Symbology::DataBar),
        (
            "]d2\x1d010590123412345710LOT\x1d2112",
            Symbology::Gs1DataMatrix,
        ),
        ("]Q3010590123412345717261231", Symbology::Gs1Qr),
        (
            "]Q1HTTPS://Shop.Example/x/01/05901234123457/10/A?17=261231#y",
            Symbology::Qr,
        ),
        ("]E3590123412345712", Symbology::EanUpc),
        ("]E3590123412345712345", Symbology::EanUpc),
    ] {
        assert_eq!(
            scan(wire.as_bytes()).unwrap(),
            ("05901234123457".to_owned(), symbology),
            "{wire}"
        );
    }
    assert_eq!(
        from_text("5901234123457").unwrap().symbology,
        Symbology::Till
    );
}

#[test]
fn other_codes_stay_as_read() {
    assert_eq!(
        scan(b"]A0ABC 123").unwrap(),
        ("ABC%20123".to_owned(), Symbology::Code39)
    );
    assert_eq!(text(b"4011"), "4011");
    assert_eq!(text(b"5901234123457  "), "05901234123457");
    assert_eq!(text(b"590-1234-12345-7"), "590-1234-12345-7");
    assert_eq!(text(b"]C0(01)09506000134352"), "%2801%2909506000134352");
    assert_eq!(text(b"]C100340123450000000018"), "00340123450000000018");
    assert_eq!(text("]Q1\u{e9}".as_bytes()), "%C3%A9");
    assert_eq!(
        text(b"]d1[)>\x1e06\x1d1PA\x1e\x04"),
        "%5B%29%3E%1E06%1D1PA%1E%04"
    );
    assert_eq!(
        text(b"https://shop.example/01/path"),
        "https%3A%2F%2Fshop.example%2F01%2Fpath"
    );
}

#[test]
fn what_is_no_code_is_refused_with_its_cause() {
    for (wire, cause) in [
        (&b"]E112"[..], "add_on_alone"),
        (b"]X0Voyager", "device_message"),
        (b"\xff\xfe\xf0", "garbage"),
        (b"59\x0112", "garbage"),
        (b"]E05901234123458", "misread"),
        (&[b'A'; 65], "code_too_long"),
        (b"]C0", "code_too_long"),
    ] {
        assert_eq!(scan(wire).map_err(|refusal| refusal.cause()), Err(cause));
    }
}

#[test]
fn a_frame_without_its_beginning_must_prove_itself() {
    let late = |bytes: &[u8]| {
        read(&Frame {
            bytes: bytes.to_vec(),
            start_seen: false,
        })
    };
    assert!(late(b"5901234123457").is_ok());
    assert!(late(b"]A0ABC").is_ok());
    for half in [&b"4123457"[..], b"96385074", b"ABC123", b"5901234123458"] {
        assert_eq!(late(half), Err(ScanRefusal::MaybeHalf));
    }
}

proptest! {
    #[test]
    fn arbitrary_frames_never_panic_and_codes_are_bounded(
        prefix in prop_oneof![Just(""), Just("]E0"), Just("]E4"), Just("]C1"), Just("]Q1https://a/01/"), Just("]d2")],
        bytes in proptest::collection::vec(any::<u8>(), 0..100), start_seen: bool,
    ) {
        let bytes = [prefix.as_bytes(), &bytes].concat();
        if let Ok(code) = read(&Frame { bytes, start_seen }) {
            prop_assert!((1..=64).contains(&code.as_str().len()));
            prop_assert!(code.as_str().bytes().all(|b| b.is_ascii_graphic()));
        }
    }

    #[test]
    fn a_code_read_again_as_text_is_itself(text in "[0-9]{1,15}|[A-Za-z0-9._~-]{1,40}") {
        let code = from_text(&text).unwrap();
        prop_assert_eq!(from_text(code.as_str()).unwrap(), code);
    }

    /// Scanners without identifiers, a hang-up after any byte, the rest of the scan still to come:
    /// what is read was scanned, at most one is missing, and what is missing was counted.
    #[test]
    fn a_hang_up_at_any_byte_invents_no_product(
        bodies in proptest::collection::vec("[0-9]{12}", 1..6), at in 0_usize..90,
    ) {
        let codes: Vec<String> = bodies.iter().map(|body| {
            let fits = |digit: &u8| Gtin::parse(format!("{body}{digit}").as_bytes()).is_ok();
            format!("{body}{}", (0..10).find(fits).unwrap())
        }).collect();
        let bytes = codes.iter().flat_map(|code| format!("{code}\r").into_bytes()).collect::<Vec<u8>>();
        let at = at.min(bytes.len());
        let (mut framer, mut out) = (Framer::new(FramingRules::default(), 0), Vec::new());
        framer.push(&bytes[..at], 1, &mut out);
        framer.hang_up();
        framer.opened(2);
        framer.push(&bytes[at..], 3, &mut out);
        let read: Vec<_> = out.iter().map(read).collect();
        let sent: Vec<String> = codes.iter().map(|code| format!("0{code}")).collect();
        let good: Vec<&str> = read.iter().flatten().map(Code::as_str).collect();
        prop_assert!(good.iter().all(|code| sent.iter().any(|sent| sent == code)), "{good:?} of {sent:?}");
        let refused = u64::try_from(read.len() - good.len()).unwrap();
        let lost = sent.len() - good.len();
        prop_assert!(lost <= 1 && (lost == 0 || framer.counts().half_scans + refused > 0));
    }
}
