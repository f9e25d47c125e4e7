//! Covers what looks like a secret in lines that are shown to people, also in files that are not
//! valid TOML. Works on the text alone, and rather covers too much.

/// The same text, byte for byte as long, with the values of secret-looking keys and the users in
/// addresses replaced by asterisks.
pub(crate) fn mask(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('=')) {
        let equals = at + found;
        at = equals + 1;
        let key = word_before(text.get(..equals).unwrap_or_default());
        if looks_secret(key) {
            at = cover_value(&mut bytes, text, at);
        }
    }
    cover_users(&mut bytes, text);
    // Only whole characters were replaced; should that ever fail, nothing is shown.
    String::from_utf8(bytes).unwrap_or_default()
}

fn word_before(text: &str) -> &str {
    let text = text.trim_end_matches([' ', '\t', '"', '\'']);
    let start = text
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
        .map_or(0, |at| {
            at + text
                .get(at..)
                .and_then(|t| t.chars().next())
                .map_or(1, char::len_utf8)
        });
    text.get(start..).unwrap_or_default()
}

/// Whether a key may hold a secret: also when it is written wrongly.
pub(crate) fn looks_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    ["pass", "pwd", "secret", "token"]
        .iter()
        .any(|part| key.contains(part))
        || key == "key"
        || strsim::osa_distance(&key, "password") <= 3
        || strsim::osa_distance(&key, "token") <= 2
}

/// Covers the value that begins at `at`, and answers where to go on. Tables are left as they are:
/// they say where a secret lies, not what it is, and their own keys are looked at next.
fn cover_value(bytes: &mut [u8], text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let gap = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let (start, rest) = (at + gap, rest.get(gap..).unwrap_or_default());
    if rest.starts_with('{') {
        return start;
    }
    let line = rest.find('\n').unwrap_or(rest.len());
    let long = ["\"\"\"", "'''"].iter().find(|q| rest.starts_with(**q));
    // Without a long quote, to the end of the line: a secret may hold a quote itself.
    let length = match long {
        Some(quote) => {
            let end = rest.get(3..).and_then(|r| r.find(quote)).map(|n| n + 6);
            end.unwrap_or(rest.len())
        }
        None => line,
    };
    cover(bytes, start, start + length);
    start + length
}

fn cover_users(bytes: &mut [u8], text: &str) {
    for (at, found) in text.match_indices("://") {
        let start = at + found.len();
        let rest = text.get(start..).unwrap_or_default();
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '"' || c == '\'')
            .unwrap_or(rest.len());
        if let Some(user) = rest.get(..end).and_then(|authority| authority.rfind('@')) {
            cover(bytes, start, start + user);
        }
    }
}

fn cover(bytes: &mut [u8], start: usize, end: usize) {
    for byte in bytes.iter_mut().take(end).skip(start) {
        if *byte != b'\n' {
            *byte = b'*';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn secrets_are_covered_even_where_the_file_is_wrong() {
        for text in [
            "password = \"hunter2\"",
            "pasword = \"hunter2\"",
            "password = \"hunter2",
            "password = hunter2 \n",
            "  [[till]]\ntoken=\"hunter2\" # x",
            "till = [{ name = \"a\", token = 'hunter2' }]",
            "password = \"\"\"\nhunter2\n\"\"\"",
            "url = \"mqtts://user:hunter2@mqtt.example:8883\"",
            "\"password\" = \"a\\\"hunter2\"",
            "password = \"a\"hunter2\" # and hunter2",
            "uplink.password = \"hunter2\"",
            "passwörd = \"hunter2\"",
            "Passwort = \"höhunter2\"",
        ] {
            let masked = mask(text);
            assert_eq!(masked.len(), text.len(), "{text}");
            assert!(!masked.contains("hunter2"), "{masked}");
        }
    }

    #[test]
    fn what_is_no_secret_stays_readable() {
        let text = "store = \"0042\"\npassword = { file = \"/etc/p\" }\nname = \"till-1\"\nurl = \"mqtts://b:1\"\npoll = \"30s\"\nrole = \"adjust\"\n";
        assert_eq!(mask(text), text);
    }
}
