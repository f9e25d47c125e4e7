//! Whatever a till may send: no panic, nothing invented, and what was written is read back.

use proptest::prelude::*;

use super::*;

/// Any JSON, with the names of real fields often enough to get deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        Just(json!("sale")),
        Just(json!("2026-11-22")),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        let name = prop_oneof![
            "[a-z]{1,6}",
            prop_oneof![
                Just("till"),
                Just("lines"),
                Just("id"),
                Just("qty"),
                Just("kind"),
                Just("code"),
                Just("voids"),
                Just("components"),
                Just("stock")
            ]
            .prop_map(str::to_owned),
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..6).prop_map(Value::from_iter),
        ]
    })
}

fn any_line() -> impl Strategy<Value = LineMessage> {
    let qty = prop_oneof![
        (1_i64..1_000_000).prop_map(Number::Whole),
        (0_u32..1_000, 1_u32..1_000).prop_map(|(a, b)| Number::Decimal(format!("{a}.{b:03}"))),
    ];
    let kind = prop_oneof![
        Just(LineKind::Sale),
        Just(LineKind::Return),
        Just(LineKind::Void),
        Just(LineKind::Hold),
        Just(LineKind::Release)
    ];
    let code = prop_oneof!["[0-9]{1,14}", "[ -\\\\^-~]{1,20}"];
    (code, qty, kind, any::<bool>()).prop_map(|(code, qty, kind, voided)| LineMessage {
        qty: Some(qty),
        voided,
        ..LineMessage::new("", kind, &code, 1)
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(refusal) = decode(&bytes) {
            prop_assert!(!refusal.retry);
        }
    }

    #[test]
    fn arbitrary_json_is_refused_or_bounded(lines in any_json(), whole in any_json()) {
        prop_assert!(decode(whole.to_string().as_bytes()).is_err() || whole.get("stock").is_some());
        if let Ok(Request::Transaction(decoded)) = decode(message(&lines).to_string().as_bytes()) {
            for line in &decoded.lines {
                if let Line::Unclear(unclear) = line {
                    prop_assert!(unclear.raw.len() <= RAW_MAX_BYTES && !unclear.reason.is_empty());
                }
            }
        }
    }

    #[test]
    fn a_message_cut_anywhere_is_refused(at in 0_usize..200) {
        let text = message(&json!([{"id": "1", "code": "4011", "qty": 1, "kind": "sale"}])).to_string();
        let cut = &text.as_bytes()[..at.min(text.len() - 1)];
        prop_assert!(decode(cut).is_err());
    }

    #[test]
    fn what_a_well_made_till_sends_is_understood(lines in proptest::collection::vec(any_line(), 0..8)) {
        let lines: Vec<LineMessage> = lines.into_iter().enumerate()
            .map(|(at, line)| LineMessage { id: at.to_string(), ..line }).collect();
        let sent = TransactionMessage {
            till: "t1".parse().unwrap(),
            business_day: "2026-11-22".to_owned().try_into().unwrap(),
            transaction: "1".to_owned(),
            mode: Mode::Live,
            status: Status::Completed,
            time: None,
            lines,
        };
        let Ok(Request::Transaction(decoded)) = decode(serde_json::to_string(&sent).unwrap().as_bytes()) else {
            return Err(TestCaseError::fail("refused"));
        };
        prop_assert_eq!(decoded.lines.len(), sent.lines.len());
        for (decoded, sent) in decoded.lines.iter().zip(&sent.lines) {
            let Line::Understood(decoded) = decoded else {
                return Err(TestCaseError::fail(format!("{decoded:?}")));
            };
            let qty = match sent.qty.as_ref().unwrap() {
                Number::Whole(units) => Milli(units * 1_000),
                Number::Decimal(text) => text.parse().unwrap(),
            };
            prop_assert_eq!((&decoded.id, decoded.kind, decoded.qty, decoded.voided), (&sent.id, sent.kind, qty, sent.voided));
        }
    }
}
