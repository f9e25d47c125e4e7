//! Logging to standard error: for the journal of systemd where it listens, else for a person.

use std::fmt;
use std::io::IsTerminal as _;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::config::LogLevel;

/// Begins to log; the second call does nothing and answers false.
pub fn init(level: LogLevel) -> bool {
    let builder = tracing_subscriber::fmt()
        .with_max_level(tracing_level(level))
        .with_writer(std::io::stderr);
    if journal_listens() {
        let lines = Format::default()
            .without_time()
            .with_level(false)
            .with_target(false)
            .with_ansi(false);
        let builder = builder.with_ansi(false).event_format(Prioritised(lines));
        return tracing::subscriber::set_global_default(builder.finish()).is_ok();
    }
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = std::io::stderr().is_terminal() && !no_colour;
    let builder = builder.with_target(false).with_ansi(colour);
    tracing::subscriber::set_global_default(builder.finish()).is_ok()
}

fn tracing_level(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    }
}

/// Whether standard error is the stream that systemd gave: it says which device and inode that is,
/// because the variable stays set where the output was redirected since.
fn journal_listens() -> bool {
    let Ok(told) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    rustix::fs::fstat(std::io::stderr())
        .is_ok_and(|stat| told == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// Lines with the priority of syslog before them, which the journal takes off again.
struct Prioritised(Format<Full, ()>);

impl<S, N> FormatEvent<S, N> for Prioritised
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        writer.write_str(priority(*event.metadata().level()))?;
        self.0.format_event(context, writer, event)
    }
}

fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        _ => "<7>",
    }
}
