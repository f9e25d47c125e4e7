//! How many bytes a value takes as JSON, without writing them anywhere.

use std::io;

use serde::Serialize;

/// The length of `value` as JSON, in bytes; `usize::MAX` if it cannot be written.
pub fn json_len<T: Serialize>(value: &T) -> usize {
    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        Err(_) => usize::MAX,
    }
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_that_of_the_text() {
        for value in [
            serde_json::json!({"a": [1, "é\n", null]}),
            serde_json::json!("x"),
        ] {
            assert_eq!(json_len(&value), value.to_string().len());
        }
    }
}
