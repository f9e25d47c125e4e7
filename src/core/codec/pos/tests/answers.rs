//! Questions and answers, and what the document shows of both.

use super::*;

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
        Answer::from(PosRefusal::foreign("till", Some(sale.key_text()))).to_json(),
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
