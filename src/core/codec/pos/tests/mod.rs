mod answers;
mod any;
mod lines;
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
