mod any;
#[cfg(feature = "schema")]
mod schema;
mod words;

use serde_json::{Value, json};

use super::*;
use crate::domain::observation::{Disposal, Line, LineKind, Mode, Product, Status};
use crate::domain::quantity::{Milli, Uom};
use crate::limits::{LINES_PER_TRANSACTION_MAX, RAW_MAX_BYTES};

fn message(lines: &Value) -> Value {
    json!({
        "till": "t1", "business_day": "2026-11-22", "transaction": "0042",
        "mode": "live", "status": "completed", "time": "2026-11-22T10:00:00Z", "lines": lines,
    })
}

fn transaction(message: &Value) -> Transaction {
    let Request::Transaction(transaction) = decode(message.to_string().as_bytes()).unwrap() else {
        panic!("not a transaction: {message}")
    };
    *transaction
}

fn refused(bytes: &[u8]) -> PosRefusal {
    decode(bytes).unwrap_err()
}

/// A line of a sale with some fields changed; null takes a field away.
fn line(changes: &Value) -> Line {
    let mut line = json!({"id": "1", "code": "5901234123457", "qty": 2, "kind": "sale"});
    for (name, value) in changes.as_object().unwrap() {
        line[name] = value.clone();
    }
    transaction(&message(&json!([line]))).lines.remove(0)
}

fn reason(changes: &Value) -> String {
    match line(changes) {
        Line::Unclear(unclear) => unclear.reason,
        Line::Understood(line) => panic!("understood: {line:?}"),
    }
}

fn understood(changes: &Value) -> crate::domain::observation::ItemLine {
    match line(changes) {
        Line::Understood(line) => *line,
        Line::Unclear(unclear) => panic!("unclear: {unclear:?}"),
    }
}

#[test]
fn a_full_transaction_is_understood() {
    let there = json!({"till": "t2", "business_day": "2026-11-20", "transaction": "7", "line": 3});
    let decoded = transaction(&message(&json!([
        {"id": 1, "code": "5901234123457", "qty": 2, "kind": "sale", "uom": "EA", "order_ref": "W-1"},
        {"id": "2", "item": "4711", "weight": "0.250", "kind": "sale"},
        {"id": "3", "code": "4011", "qty": "1.5", "uom": "KGM", "kind": "return",
         "disposal": "waste", "original": there, "epc": "3074257bf7194e4000001a85"},
        {"id": "4", "code": "4011", "qty": -1, "kind": "void", "voids": there},
        {"id": "5", "item": "set", "qty": 1, "kind": "hold",
         "components": [{"code": "96385074", "qty": 2}, {"item": "b", "qty": "0.5"}]},
        {"id": "6", "item": "x", "qty": 0, "kind": "sale", "voided": true},
    ])));
    assert_eq!(decoded.key_text(), "t1/2026-11-22/0042");
    assert_eq!(
        (decoded.mode, decoded.status),
        (Mode::Live, Status::Completed)
    );
    let lines: Vec<_> = decoded
        .lines
        .iter()
        .map(|line| match line {
            Line::Understood(line) => line,
            Line::Unclear(unclear) => panic!("{unclear:?}"),
        })
        .collect();
    assert_eq!(
        (lines[0].id.as_str(), lines[0].qty, lines[0].uom),
        ("1", Milli(2_000), Some(Uom::Each))
    );
    assert!(matches!(&lines[0].product, Product::Code(code) if code.as_str() == "05901234123457"));
    assert_eq!(lines[0].order_ref.as_deref(), Some("W-1"));
    assert_eq!(
        (lines[1].qty, lines[1].uom),
        (Milli(250), Some(Uom::Kilogram))
    );
    assert_eq!(lines[2].disposal, Some(Disposal::Waste));
    assert_eq!(lines[2].original.as_ref().unwrap().line, "3");
    assert_eq!(lines[2].epc.as_deref(), Some("3074257BF7194E4000001A85"));
    assert_eq!(
        (lines[3].kind, lines[3].qty),
        (LineKind::Void, Milli(-1_000))
    );
    assert_eq!(lines[3].voids.as_ref().unwrap().transaction, "7");
    assert_eq!(lines[4].components[1].qty, Milli(500));
    assert!(lines[5].voided);
}

#[test]
fn what_is_wrong_with_a_line_leaves_its_neighbours() {
    let decoded = transaction(&message(&json!([
        {"id": "1", "code": "4011", "qty": 1, "kind": "sale"},
        {"id": "2", "code": "4011", "qty": 1.0, "kind": "sale"},
        "nonsense",
        {"id": "1", "code": "4012", "qty": 1, "kind": "sale"},
        {"id": "3", "code": "4011", "qty": 1, "kind": "sale"},
    ])));
    let unclear: Vec<&str> = decoded
        .lines
        .iter()
        .map(|line| match line {
            Line::Understood(_) => "",
            Line::Unclear(unclear) => unclear.reason.as_str(),
        })
        .collect();
    assert_eq!(
        unclear,
        [
            "",
            "qty: is an integer or a decimal string",
            "a line is a JSON object",
            "id: stands on an earlier line too",
            "",
        ]
    );
}

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

#[test]
fn only_a_wrong_head_refuses_the_message() {
    for (field, value) in [
        ("till", json!("a b")),
        ("till", Value::Null),
        ("business_day", json!("22.11.2026")),
        ("transaction", json!(42)),
        ("transaction", json!("")),
        ("mode", json!("Live")),
        ("mode", Value::Null),
        ("status", json!("done")),
        ("time", json!("noon PII")),
        ("lines", Value::Null),
        ("lines", json!({})),
        (
            "lines",
            json!(vec![json!({}); LINES_PER_TRANSACTION_MAX + 1]),
        ),
    ] {
        let mut message = message(&json!([]));
        message[field] = value;
        let refusal = refused(message.to_string().as_bytes());
        assert_eq!(refusal.field.as_deref(), Some(field));
        assert!(!refusal.retry && !refusal.to_string().contains("PII"));
        let key_is_whole = !["till", "business_day", "transaction"].contains(&field);
        assert_eq!(refusal.key.is_some(), key_is_whole, "{field}");
    }
    let full = message(&json!(vec![json!({}); LINES_PER_TRANSACTION_MAX]));
    assert_eq!(transaction(&full).lines.len(), LINES_PER_TRANSACTION_MAX);
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let refusal = refused(b"{\"till\": \"t1\",\n \"mode\": live}");
    assert_eq!(
        (refusal.line, refusal.column, refusal.retry),
        (Some(2), Some(10), false)
    );
    for bytes in [
        &b""[..],
        b"[]",
        b"null",
        b"\"PII\"",
        b"{} {}",
        b"{\"till\":\"\xff\"}",
        b"{\"till\":\"t1\"",
        b"{\"till\":\"a\",\"till\":\"a\"}",
        &vec![b' '; POS_MESSAGE_MAX_BYTES + 1],
    ] {
        let refusal = refused(bytes);
        assert!(!refusal.reason.is_empty() && !refusal.to_string().contains("PII"));
    }
    let deep = "[".repeat(100_000);
    assert!(!refused(deep.as_bytes()).retry);
    let deep = format!("{{\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(
        refused(deep.as_bytes()).reason,
        "not JSON: the message ends too early"
    );
}

#[test]
fn a_field_that_stands_twice_is_not_understood() {
    let text = message(&json!([{"id": "1", "code": "4011", "qty": 1, "kind": "sale"}])).to_string();
    let twice = text.replace("\"qty\":1", "\"qty\":1,\"qty\":5");
    let Request::Transaction(decoded) = decode(twice.as_bytes()).unwrap() else {
        panic!()
    };
    assert!(
        matches!(&decoded.lines[0], Line::Unclear(u) if u.reason == "qty: the field stands there twice")
    );
    let twice = text.replace("\"mode\":", "\"mode\":\"training\",\"mode\":");
    assert_eq!(refused(twice.as_bytes()).field.as_deref(), Some("mode"));
}

#[test]
fn nothing_personal_survives_the_decoder() {
    let personal = json!({
        "customer": {"name": "PII-name", "lines": [{"id": "PII-a"}], "code": "PII-b"},
        "cashier": "PII-cashier", "price": "PII-9.99", "tender": [{"card": "PII-card"}],
        "note": "PII-note", "loyalty": ["PII-1", {"qty": "PII-2"}], "PII-key": 1,
    });
    let add = |target: &mut Value| {
        for (name, value) in personal.as_object().unwrap() {
            target[name] = value.clone();
        }
    };
    let there =
        json!({"till": "t2", "business_day": "2026-11-20", "transaction": "7", "line": "1"});
    let mut good = json!({"id": "1", "code": "4011", "qty": 1, "kind": "return", "original": there,
        "components": [{"code": "1", "qty": 1}]});
    add(&mut good);
    add(&mut good["original"]);
    add(&mut good["components"][0]);
    let mut bad = good.clone();
    bad["id"] = json!("2");
    bad["qty"] = json!(0.5);
    let mut odd = good.clone();
    odd["id"] = json!("3");
    odd["code"] = personal.clone();
    odd["uom"] = json!(["PII-uom"]);
    odd["order_ref"] = json!({"PII": "PII"});
    let mut secret = bad.clone();
    secret["id"] = json!("4");
    secret["order_ref"] = json!("PII-order");
    secret["epc"] = json!("PII-epc");
    let mut message = message(&json!([good, bad, odd, secret, "PII-line", ["PII"]]));
    add(&mut message);
    let decoded = transaction(&message);
    assert_eq!(
        decoded
            .lines
            .iter()
            .filter(|l| matches!(l, Line::Unclear(_)))
            .count(),
        5
    );
    let kept = serde_json::to_string(&decoded).unwrap() + &decoded.content();
    assert!(!kept.contains("PII"), "{kept}");
}

#[test]
fn an_unclear_line_keeps_its_fields_as_they_came_and_bounded() {
    let Line::Unclear(unclear) = line(&json!({"qty": 0.5, "voids": {"line": "9", "x": 1}})) else {
        panic!()
    };
    let raw: Value = serde_json::from_str(&unclear.raw).unwrap();
    assert_eq!(
        raw,
        json!({"id": "1", "code": "5901234123457", "qty": 0.5, "kind": "sale", "voids": {"line": "9"}})
    );
    assert_eq!(unclear.id.as_deref(), Some("1"));
    let Line::Unclear(unclear) = line(&json!({"code": "\u{e9}".repeat(3_000)})) else {
        panic!()
    };
    assert!((RAW_MAX_BYTES - 1..=RAW_MAX_BYTES).contains(&unclear.raw.len()));
}

#[test]
fn r3_a_repeat_has_the_same_content_and_another_sale_has_not() {
    let first = json!({"id": "1", "code": "5901234123457", "qty": 2, "kind": "sale"});
    let second = json!({"id": "2", "item": "x", "weight": "0.25", "kind": "sale"});
    let content = |lines: Value| transaction(&message(&lines)).content();
    let original = content(json!([first, second]));
    let mut same = message(&json!([
        {"id": 2, "item": "x", "weight": "0.250", "kind": "sale", "voided": false, "note": "again"},
        {"id": 1, "code": "05901234123457", "qty": "2.000", "kind": "sale", "order_ref": "W-1", "epc": "3000"},
    ]));
    same["time"] = json!("2026-11-22T11:00:00Z");
    assert_eq!(transaction(&same).content(), original);
    let mut changed = Vec::new();
    for (name, value) in [
        ("id", json!("3")),
        ("code", json!("96385074")),
        ("qty", json!(3)),
        ("kind", json!("return")),
        ("voided", json!(true)),
        ("uom", json!("EA")),
        ("disposal", json!("waste")),
        ("components", json!([{"code": "1", "qty": 1}])),
        ("qty", json!(0.5)),
    ] {
        let mut other = first.clone();
        other[name] = value;
        changed.push(content(json!([other, second])));
    }
    changed.push(content(json!([first])));
    changed.push(content(json!([first, second, {"id": "3"}])));
    changed.push(original);
    let count = changed.len();
    changed.sort();
    changed.dedup();
    assert_eq!(changed.len(), count, "each differs from each");
}

#[test]
fn a_question_is_answered_in_its_own_words() {
    let Request::Stock(question) =
        decode(br#"{"stock": "5901234123457", "customer": "PII"}"#).unwrap()
    else {
        panic!()
    };
    assert_eq!(
        (question.asked.as_str(), question.code.as_str()),
        ("5901234123457", "05901234123457")
    );
    for bad in [
        r#"{"stock": ""}"#,
        r#"{"stock": 1}"#,
        r#"{"stock": "1", "lines": []}"#,
    ] {
        assert_eq!(
            refused(bad.as_bytes()).field.as_deref(),
            Some("stock"),
            "{bad}"
        );
    }
    let balance = crate::domain::stock::Balance {
        on_hand: Milli(-1_500),
        known: true,
        ..Default::default()
    };
    assert_eq!(
        Answer::Stock(StockAnswer::new(&question.asked, &balance, 3)).to_json(),
        r#"{"stock":"5901234123457","known":true,"on_hand":"-1.5","sellable":"0","age_s":3}"#
    );
}

#[test]
fn answers_are_written_as_documented() {
    let sale = transaction(&message(&json!([])));
    assert_eq!(
        Answer::taken(&sale, Some(7)).to_json(),
        r#"{"taken":"t1/2026-11-22/0042","seq":7}"#
    );
    assert_eq!(
        Answer::taken(&sale, None).to_json(),
        r#"{"taken":"t1/2026-11-22/0042","seq":null}"#
    );
    assert_eq!(
        Answer::from(PosRefusal::later(Some(sale.key_text()), "the disk is full")).to_json(),
        r#"{"refused":{"reason":"the disk is full","retry":true,"key":"t1/2026-11-22/0042"}}"#
    );
    assert_eq!(
        Answer::from(PosRefusal::foreign_till(&sale)).to_json(),
        r#"{"refused":{"field":"till","reason":"is not the till of this connection's token","retry":false,"key":"t1/2026-11-22/0042"}}"#
    );
}

/// Every example of the document is what it says it is: transactions without an unclear line,
/// questions, answers.
#[test]
fn the_examples_of_the_document_are_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/POS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut requests, mut answers) = (0, 0);
    for block in text.split("```json").skip(1) {
        let json = block.split("```").next().unwrap();
        if let Ok(answer) = serde_json::from_str::<Answer>(json) {
            assert_eq!(
                serde_json::from_str::<Value>(&answer.to_json()).unwrap(),
                serde_json::from_str::<Value>(json).unwrap()
            );
            answers += 1;
            continue;
        }
        match decode(json.as_bytes()).unwrap() {
            Request::Transaction(transaction) => {
                assert!(
                    transaction
                        .lines
                        .iter()
                        .all(|l| matches!(l, Line::Understood(_))),
                    "{json}"
                );
                serde_json::from_str::<TransactionMessage>(json).unwrap();
            }
            Request::Stock(_) => {
                serde_json::from_str::<Question>(json).unwrap();
            }
            Request::Day(_) => {
                serde_json::from_str::<DayMessage>(json).unwrap();
            }
            Request::Alive(_) => {
                serde_json::from_str::<AliveMessage>(json).unwrap();
            }
        }
        requests += 1;
    }
    assert!(
        requests >= 4 && answers >= 4,
        "{requests} requests, {answers} answers"
    );
}
