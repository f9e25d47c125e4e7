//! The check digit of a price, weight or count of four or five digits inside a label (GS1 General
//! Specifications 7.9.2 to 7.9.4). Each digit is weighted by a table, written `2-`, `3`, `5+` and
//! `5-` in the standard.

/// Twice the digit, less its tens.
const TWO_MINUS: [u8; 10] = [0, 2, 4, 6, 8, 9, 1, 3, 5, 7];
/// Three times the digit.
const THREE: [u8; 10] = [0, 3, 6, 9, 2, 5, 8, 1, 4, 7];
/// Five times the digit, and its tens.
const FIVE_PLUS: [u8; 10] = [0, 5, 1, 6, 2, 7, 3, 8, 4, 9];
/// Five times the digit, less its tens.
const FIVE_MINUS: [u8; 10] = [0, 5, 9, 4, 8, 3, 7, 2, 6, 1];

/// The check digit of a value, as a number; `None` unless it has four or five digits. `value` is
/// ASCII digits.
pub(super) fn digit(value: &[u8]) -> Option<u8> {
    let sum = |weights: &[[u8; 10]]| {
        let pairs = weights.iter().zip(value);
        let weighted = pairs.map(|(weight, digit)| weighted(weight, *digit));
        weighted.sum::<u8>()
    };
    match value.len() {
        4 => Some(sum(&[TWO_MINUS, TWO_MINUS, THREE, FIVE_MINUS]) * 3 % 10),
        5 => {
            let sum = sum(&[FIVE_PLUS, TWO_MINUS, FIVE_MINUS, FIVE_PLUS, TWO_MINUS]);
            let wanted = (10 - sum % 10) % 10;
            // The digit whose own weight makes the sum a whole ten.
            (0..10).find(|digit| weighted(&FIVE_MINUS, b'0' + digit) == wanted)
        }
        _ => None,
    }
}

fn weighted(weight: &[u8; 10], digit: u8) -> u8 {
    let at = usize::from(digit.wrapping_sub(b'0'));
    weight.get(at).copied().unwrap_or_default()
}
