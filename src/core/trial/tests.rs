use super::*;
use crate::domain::code::{Code, Symbology};
use crate::domain::quantity::Milli;
use crate::identify::VoidStyle;

fn catalogue() -> Catalogue {
    let text = "# version 1\nitem,unit,code,factor,stock,components,rfid,return_to\n\
                MILK,EA,CASE,12,,,,\nMILK,EA,ONE,1,,,,\n";
    let normalise = |text: &str| Code::from_bytes(text.as_bytes(), Symbology::Till).ok();
    Catalogue::read(text.as_bytes(), &normalise).unwrap()
}

fn message(number: &str, lines: &str) -> String {
    format!(
        r#"{{"till": "till-1", "business_day": "2026-03-02", "transaction": "{number}",
            "mode": "live", "status": "completed", "lines": [{lines}]}}"#
    )
}

fn played(rules: TillRules, messages: &[String]) -> Result<Outcome, TrialError> {
    let till = "till-1".parse().unwrap();
    play(
        &catalogue(),
        &Labels::default(),
        &till,
        rules,
        messages.iter().map(String::as_str),
    )
}

fn on_hand(outcome: &Outcome, item: &str) -> Milli {
    let item = ItemId::try_from(item.to_owned()).unwrap();
    outcome.stock[&item].on_hand
}

const VOID: &str = r#"{"id": "2", "code": "CASE", "qty": 1, "kind": "void", "voids":
    {"till": "till-1", "business_day": "2026-03-02", "transaction": "1", "line": "1"}}"#;

#[test]
fn r5_messages_come_to_what_the_store_would_hold_in_any_order() {
    let sale = message(
        "1",
        r#"{"id": "1", "code": "CASE", "qty": 2, "kind": "sale"}"#,
    );
    let void = message("2", VOID);
    for messages in [[sale.clone(), void.clone()], [void.clone(), sale]] {
        let outcome = played(TillRules::default(), &messages).unwrap();
        assert_eq!(on_hand(&outcome, "MILK"), Milli(-12_000));
        assert_eq!((outcome.waiting, outcome.alerts.len()), (0, 0));
    }
    let alone = played(TillRules::default(), &[void]).unwrap();
    assert_eq!((alone.waiting, alone.stock.len()), (1, 0));
}

#[test]
fn r5_the_till_s_rules_decide_and_what_is_not_understood_is_told() {
    let signed = message(
        "1",
        r#"{"id": "1", "item": "MILK", "qty": -2, "kind": "sale"}"#,
    );
    let rules = TillRules {
        void_style: VoidStyle::Signed,
        ..TillRules::default()
    };
    let outcome = played(rules, std::slice::from_ref(&signed)).unwrap();
    assert_eq!(on_hand(&outcome, "MILK"), Milli(2_000));
    let outcome = played(TillRules::default(), &[signed]).unwrap();
    assert!(outcome.stock.is_empty());
    let (word, text) = &outcome.alerts[0];
    assert!(
        word == "unclear_line" && text.starts_with("qty: is positive"),
        "{text}"
    );
}

#[test]
fn r3_versions_are_played_too() {
    let of = |qty: u8| {
        message(
            "1",
            &format!(r#"{{"id": "1", "item": "MILK", "qty": {qty}, "kind": "sale"}}"#),
        )
    };
    let rules = TillRules {
        versioned: true,
        ..TillRules::default()
    };
    let outcome = played(rules, &[of(3), of(1), of(3)]).unwrap();
    assert_eq!(on_hand(&outcome, "MILK"), Milli(-1_000));
}

#[test]
fn a_message_that_a_till_could_not_send_is_named() {
    let good = message("1", "");
    let cases = [
        ("{", "message 2: not JSON"),
        (r#"{"stock": "1"}"#, "message 2: is no transaction"),
        (r#"{"till": "till-1"}"#, "message 2: business_day: "),
    ];
    for (bad, says) in cases {
        let error = played(TillRules::default(), &[good.clone(), bad.to_owned()]).unwrap_err();
        assert!(error.to_string().starts_with(says), "{error}");
    }
    let foreign = good.replace("till-1", "till-2");
    let error = played(TillRules::default(), &[foreign]).unwrap_err();
    assert_eq!(error.nth, 1);
}
