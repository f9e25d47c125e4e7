//! Text to tree. What the TOML library says about a mistake is put into a technician's words: the
//! first row of [`WORDS`] with a fragment of the library's message wins.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::node::{self, Spot, Table};

/// Fragments of what the library says, and what it means to the person who wrote the file.
const WORDS: [(&[&str], Code, &str, &str); 10] = [
    (
        &["duplicate key"],
        Code::Twice,
        "the same key or table stands here twice",
        "keep one of the two; several scanners are several [[scanner]] tables, several tills several [[till]]",
    ),
    (
        &["escape", "unicode value"],
        Code::Escape,
        "a backslash that means nothing in a text",
        "put the text in single quotes, or write each backslash twice",
    ),
    (
        &["basic string", "literal string"],
        Code::OpenString,
        "a text without its closing quote",
        "end the text with the quote it begins with, on the same line",
    ),
    (
        &[
            "array table",
            "unclosed table",
            "invalid table",
            "table open",
        ],
        Code::Header,
        "a table header that is not complete",
        "write [uplink] for a table there is one of, [[scanner]] for one of several",
    ),
    (
        &["missing value", "extra `=`"],
        Code::NoValue,
        "a key without a value",
        "write one value after `=`, or put # before the line to keep the default",
    ),
    (
        &["array", "inline table"],
        Code::OpenBracket,
        "a list or a table in braces that is not complete",
        "close it with ] or }, and put commas between its parts",
    ),
    (
        &["key with no value", "missing assignment", "unquoted key"],
        Code::NoEquals,
        "a key without `=`",
        "write key = value, one on a line; put # before what is only a remark",
    ),
    (
        &[
            "quote",
            "zero",
            "number",
            "sign",
            "radix",
            "invalid float",
            "digits",
            "boolean",
        ],
        Code::BadValue,
        "a value that is neither a text in quotes nor a number",
        "put the value in double quotes: key = \"value\"",
    ),
    (
        &["unexpected key or value", "unexpected content"],
        Code::Syntax,
        "something stands after the end of the line",
        "write one key = value on a line; put # before a remark",
    ),
    (
        &[""],
        Code::Syntax,
        "this cannot be read as TOML",
        "write key = value, one on a line; [table] or [[table]] on a line of its own",
    ),
];

/// The keys of one file; with faults, as far as they could be made out.
pub(crate) fn parse(file: usize, text: &str, faults: &mut Vec<Diagnostic>) -> Table {
    let (root, mut errors) = DeTable::parse_recoverable(text);
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    let mut last_line = None;
    for error in errors {
        if faults.iter().any(|fault| fault.code == Code::OpenBracket) {
            // What follows an open bracket is read as part of it, and only seems wrong.
            break;
        }
        let span = error.span().unwrap_or(text.len()..text.len());
        // One mistake makes the parser stumble several times in its line; the first says enough.
        let line = text.get(..span.start).map(|t| t.matches('\n').count());
        if last_line.is_some() && last_line == line {
            continue;
        }
        last_line = line;
        faults.push(fault(file, root.get_ref(), text, span, error.message()));
    }
    node::table(file, root.get_ref())
}

fn fault(
    file: usize,
    root: &DeTable<'_>,
    text: &str,
    span: Range<usize>,
    said: &str,
) -> Diagnostic {
    // After the comma the library lists what it would have liked better.
    let said = said.split(", expected").next().unwrap_or(said);
    let said = if nothing_after_equals(text, span.start) {
        "missing value"
    } else {
        said
    };
    let (code, message, help) = WORDS
        .iter()
        .find(|(fragments, ..)| fragments.iter().any(|fragment| said.contains(fragment)))
        .map_or((Code::Syntax, "", ""), |(_, code, message, help)| {
            (*code, *message, *help)
        });
    let spot = Spot::new(file, span.clone());
    let fault = Diagnostic::new(code, &spot, message).help(help);
    if code == Code::OpenBracket
        && let Some(at) = opening(text.get(..span.start).unwrap_or_default())
    {
        let mut fault = fault.label("opened here");
        fault.spot = Spot::new(file, at..at + 1);
        return fault;
    }
    if code != Code::Twice {
        return fault;
    }
    let key = text.get(span.clone()).unwrap_or_default();
    let key = key.trim_matches(['"', '\'']);
    match earlier(root, key, span.start) {
        Some(first) => fault
            .label(format!("`{key}` again"))
            .also(&Spot::new(file, first), "it stands here first"),
        None => fault.label(format!("`{key}` again")),
    }
}

fn nothing_after_equals(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or_default();
    let rest = after.lines().next().unwrap_or_default().trim();
    before.trim_end().ends_with('=') && (rest.is_empty() || rest.starts_with('#'))
}

/// The last bracket that is not closed again. Brackets within texts are taken for brackets: the
/// mark may then stand beside the mistake, within the same value.
fn opening(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' => open.push(at),
            ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// The nearest place before `before` where a key of that name stands.
fn earlier(table: &DeTable<'_>, name: &str, before: usize) -> Option<Range<usize>> {
    let inner = |value: &DeValue<'_>| {
        let items = value.as_array().into_iter().flat_map(|items| items.iter());
        items
            .filter_map(|item| item.get_ref().as_table())
            .chain(value.as_table())
            .filter_map(|table| earlier(table, name, before))
            .max_by_key(|span| span.start)
    };
    table
        .iter()
        .flat_map(|(key, value)| {
            let own = (key.get_ref() == name && key.span().start < before).then(|| key.span());
            [own, inner(value.get_ref())]
        })
        .flatten()
        .max_by_key(|span| span.start)
}
