//! A fault with its place, the line shown, and a way to fix it; and how a person sees it.

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use super::code::Code;
use super::mask::mask;
use super::node::Spot;

/// One file that was read. Its text is only ever shown masked.
#[derive(Debug)]
pub(crate) struct Source {
    /// The path as given, or derived from it.
    pub(crate) path: String,
    /// The text with secrets covered: the same length as the file.
    masked: String,
}

impl Source {
    pub(crate) fn new(path: String, text: &str) -> Self {
        Self {
            path,
            masked: mask(text),
        }
    }
}

/// What is wrong, where, and what to do about it.
#[derive(Debug, Clone)]
pub(crate) struct Diagnostic {
    pub(crate) code: Code,
    /// One sentence without the place: shown, and given in JSON.
    pub(crate) message: String,
    /// Where.
    pub(crate) spot: Spot,
    /// The file as a whole is meant: there is no line to show.
    pub(crate) whole_file: bool,
    /// What is wrong right there.
    pub(crate) label: String,
    /// The other place, where two do not agree.
    pub(crate) also: Option<(Spot, String)>,
    /// How to fix it.
    pub(crate) help: String,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, spot: &Spot, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            spot: spot.clone(),
            whole_file: false,
            label: String::new(),
            also: None,
            help: String::new(),
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn also(mut self, spot: &Spot, label: impl Into<String>) -> Self {
        self.also = Some((spot.clone(), label.into()));
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// A fault in plain values, for programs and for the log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// Its number.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The pass that found it.
    pub layer: super::code::Layer,
    /// The file.
    pub file: String,
    /// Line from 1; 0 where the file has none.
    pub line: usize,
    /// Column from 1, in characters; 0 where there is no line.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to fix it.
    pub help: String,
}

/// The fault in plain values. Every spot points into the sources.
pub(crate) fn plain(fault: &Diagnostic, sources: &[Source]) -> Fault {
    let source = sources.get(fault.spot.file);
    let (line, column) = match source {
        Some(source) if !fault.whole_file => position(&source.masked, fault.spot.start),
        _ => (0, 0),
    };
    let error = if fault.code.is_warning() {
        "warning"
    } else {
        "error"
    };
    Fault {
        code: fault.code.id(),
        severity: error,
        layer: fault.code.layer(),
        file: source.map_or_else(String::new, |source| source.path.clone()),
        line,
        column,
        message: fault.message.clone(),
        help: fault.help.clone(),
    }
}

/// File, line and column of a place.
pub(crate) fn place(spot: &Spot, sources: &[Source]) -> Option<(String, usize, usize)> {
    let source = sources.get(spot.file)?;
    let (line, column) = position(&source.masked, spot.start);
    Some((source.path.clone(), line, column))
}

fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// The fault as a person sees it, without a line end.
pub(crate) fn render(fault: &Diagnostic, sources: &[Source], colour: bool) -> String {
    let level = if fault.code.is_warning() {
        Level::WARNING
    } else {
        Level::ERROR
    };
    let title = level.primary_title(&fault.message).id(fault.code.id());
    let mut group = Group::with_title(title);
    let snippet = |spot: &Spot| {
        let source = sources.get(spot.file)?;
        Some(Snippet::source(&source.masked).path(&source.path))
    };
    if fault.whole_file {
        let path = sources.get(fault.spot.file).map(|source| &source.path);
        group = group.element(Origin::path(path.map_or("", String::as_str)));
    } else if let Some(mut first) = snippet(&fault.spot) {
        first = first.annotation(mark(&fault.spot, AnnotationKind::Primary, &fault.label));
        let mut second = None;
        if let Some((also, label)) = &fault.also {
            let note = mark(also, AnnotationKind::Context, label);
            if also.file == fault.spot.file {
                first = first.annotation(note);
            } else {
                second = snippet(also).map(|snippet| snippet.annotation(note));
            }
        }
        group = group.element(first);
        if let Some(second) = second {
            group = group.element(second);
        }
    }
    let report = [group.element(Level::HELP.message(normalize_untrusted_str(&fault.help)))];
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.render(&report)
}

fn mark<'a>(spot: &Spot, kind: AnnotationKind, label: &'a str) -> Annotation<'a> {
    let annotation = kind.span(spot.start..spot.end);
    if label.is_empty() {
        annotation
    } else {
        annotation.label(label)
    }
}
