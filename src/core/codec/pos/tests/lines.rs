//! What a line says: exact quantities, kinds, and every fault under its field.

use super::*;

#[test]
fn quantities_are_exact_and_floats_are_refused() {
    for (value, milli) in [
        (json!(3), 3_000),
        (json!("3"), 3_000),
        (json!("0.125"), 125),
        (json!(1_000_000), 1_000_000_000),
    ] {
        assert_eq!(understood(&json!({"qty": value})).qty, Milli(milli));
    }
    // Written as text, since a JSON library could turn them into something else on the way.
    for number in [
        "1.0",
        "1e3",
        "1E0",
        "0.5",
        "-1.5",
        "18446744073709551616",
        "9223372036854775808",
    ] {
        let text = message(&json!([{"id": "1", "code": "4011", "qty": "@", "kind": "sale"}]))
            .to_string()
            .replace("\"@\"", number);
        let Request::Transaction(decoded) = decode(text.as_bytes()).unwrap() else {
            panic!()
        };
        let Line::Unclear(unclear) = &decoded.lines[0] else {
            panic!("{number} was understood")
        };
        assert_eq!(
            unclear.reason, "qty: is an integer or a decimal string",
            "{number}"
        );
    }
    for value in [
        json!("1e3"),
        json!("1,5"),
        json!("0.0001"),
        json!(" 1"),
        json!(1_000_001),
        json!(true),
        json!([1]),
    ] {
        assert!(
            reason(&json!({"qty": value})).starts_with("qty: "),
            "{value}"
        );
    }
}

#[test]
fn r6_the_kind_says_the_direction() {
    for kind in ["sale", "return", "hold", "release"] {
        let negative = json!({"kind": kind, "qty": -1});
        if matches!(kind, "hold" | "release") {
            assert!(reason(&negative).starts_with("qty: is positive"), "{kind}");
        } else {
            // Whether the till signs its voids is not known here.
            assert_eq!(understood(&negative).qty, Milli(-1_000));
        }
        assert_eq!(reason(&json!({"kind": kind, "qty": 0})), "qty: is not zero");
        assert_eq!(
            reason(&json!({"kind": kind, "qty": null, "weight": "0.000"})),
            "weight: is not zero"
        );
    }
    assert_eq!(
        understood(&json!({"kind": "void", "qty": -1})).qty,
        Milli(-1_000)
    );
    assert_eq!(
        understood(&json!({"kind": "void", "qty": 1})).qty,
        Milli(1_000)
    );
    assert_eq!(
        reason(&json!({"kind": "void", "qty": 0})),
        "qty: is not zero"
    );
    assert_eq!(
        understood(&json!({"voided": true, "qty": -1})).qty,
        Milli(-1_000)
    );
}

#[test]
fn every_fault_of_a_line_names_its_field() {
    let there = json!({"till": "t2", "business_day": "2026-11-20", "transaction": "7"});
    for (changes, field) in [
        (json!({"id": null}), "id"),
        (json!({"id": ""}), "id"),
        (json!({"id": -1}), "id"),
        (json!({"id": "x".repeat(65)}), "id"),
        (json!({"kind": null}), "kind"),
        (json!({"kind": "Sale"}), "kind"),
        (json!({"code": null}), "code"),
        (json!({"code": 5_901_234_123_457_u64}), "code"),
        (json!({"code": "x".repeat(65)}), "code"),
        (json!({"code": "]E05901234123458"}), "code"),
        (json!({"code": null, "item": "code:1"}), "item"),
        (json!({"code": null, "item": "a b"}), "item"),
        (json!({"item": "a"}), "item"),
        (json!({"qty": null}), "qty"),
        (json!({"weight": 1}), "weight"),
        (json!({"qty": null, "weight": 1, "uom": "EA"}), "uom"),
        (json!({"uom": "pcs"}), "uom"),
        (json!({"voided": "no"}), "voided"),
        (json!({"voids": there}), "voids.line"),
        (json!({"kind": "void", "voids": "7"}), "voids"),
        (
            json!({"kind": "void", "voids": {"till": "t 2"}}),
            "voids.till",
        ),
        (json!({"disposal": "restock"}), "disposal"),
        (json!({"order_ref": "x".repeat(65)}), "order_ref"),
        (json!({"order_ref": "a\nb"}), "order_ref"),
        (json!({"original": []}), "original"),
        (json!({"components": {}}), "components"),
        (
            json!({"components": vec![json!({"code": "1", "qty": 1}); 33]}),
            "components",
        ),
        (
            json!({"components": [{"code": "1", "qty": 1}, {"code": "1"}]}),
            "components[1].qty",
        ),
        (
            json!({"kind": "hold", "components": [{"code": "1", "qty": -1}]}),
            "components[0].qty",
        ),
        (json!({"epc": "xyz"}), "epc"),
        (json!({"epc": "ab".repeat(63)}), "epc"),
    ] {
        let reason = reason(&changes);
        assert!(
            reason.starts_with(&format!("{field}: ")),
            "{changes} said {reason}"
        );
    }
}
