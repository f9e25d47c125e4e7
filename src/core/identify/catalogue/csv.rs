//! One line of a CSV file (RFC 4180, without line breaks inside a field), with the column of each
//! field as the file has it, so that a fault can be pointed at.

use std::borrow::Cow;

/// A field and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// Byte of the line it begins at, from 1.
    pub column: usize,
    /// Its text without quotes and outer spaces.
    pub text: Cow<'a, str>,
}

/// A quote that does not close, or text after one that does; where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuoteFault {
    /// Byte of the line at which its field begins, from 1.
    pub column: usize,
}

/// The fields of a line.
pub fn fields(line: &str) -> Result<Vec<Field<'_>>, QuoteFault> {
    let mut fields = Vec::with_capacity(8);
    let mut rest = Some(line);
    while let Some(text) = rest {
        let column = line.len() - text.len() + 1;
        let (field, after) = match text.strip_prefix('"') {
            Some(quoted) => unquote(quoted).ok_or(QuoteFault { column })?,
            None => match text.split_once(',') {
                Some((field, after)) => (Cow::Borrowed(field), Some(after)),
                None => (Cow::Borrowed(text), None),
            },
        };
        fields.push(Field {
            column,
            text: trimmed(field),
        });
        rest = after;
    }
    Ok(fields)
}

fn trimmed(field: Cow<'_, str>) -> Cow<'_, str> {
    match field {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(' ')),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(' ').to_owned()),
    }
}

/// The field after an opening quote, and what follows its comma.
fn unquote(text: &str) -> Option<(Cow<'_, str>, Option<&str>)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        field.push_str(part);
        if let Some(more) = after.strip_prefix('"') {
            field.push('"');
            rest = more;
        } else if after.is_empty() {
            return Some((Cow::Owned(field), None));
        } else {
            return Some((Cow::Owned(field), Some(after.strip_prefix(',')?)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_columns_also_behind_quotes() {
        let got = fields("a, b ,\"c,\"\"d\",,e").unwrap();
        let got: Vec<_> = got.iter().map(|f| (f.column, &*f.text)).collect();
        assert_eq!(got, [(1, "a"), (3, "b"), (7, "c,\"d"), (15, ""), (16, "e")]);
        assert_eq!(fields("a,\"b"), Err(QuoteFault { column: 3 }));
        assert_eq!(fields("\"a\"b,c"), Err(QuoteFault { column: 1 }));
        assert_eq!(fields("").unwrap().len(), 1);
    }
}
