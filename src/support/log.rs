//! Logging to standard error: for the journal of systemd where it listens, else for a person.

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::OnceLock;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Registry, reload};

/// The level in force, once there is one.
static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// Begins to log; the second call does nothing and answers false.
pub fn init(level: Level) -> bool {
    let (filter, handle) = reload::Layer::new(LevelFilter::from_level(level));
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let begun = if journal_listens() {
        let lines = lines.with_ansi(false).event_format(Prioritised::new());
        tracing::subscriber::set_global_default(registry.with(lines)).is_ok()
    } else {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = std::io::stderr().is_terminal() && !no_colour;
        let lines = lines.with_target(false).with_ansi(colour);
        tracing::subscriber::set_global_default(registry.with(lines)).is_ok()
    };
    begun && LEVEL.set(handle).is_ok()
}

/// Another level from now on; false where nothing is logged through [`init`].
pub fn set_level(level: Level) -> bool {
    let set = |handle: &reload::Handle<LevelFilter, Registry>| {
        handle.reload(LevelFilter::from_level(level)).is_ok()
    };
    LEVEL.get().is_some_and(set)
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

impl Prioritised {
    /// The journal keeps time, level and name of the process itself.
    fn new() -> Self {
        Self(
            Format::default()
                .without_time()
                .with_level(false)
                .with_target(false)
                .with_ansi(false),
        )
    }
}

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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_for_the_journal_carry_their_priority_and_no_time() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .event_format(Prioritised::new())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!(rows = 3, "rows lost");
            tracing::warn!("late");
            tracing::info!("started");
            tracing::debug!("step");
        });
        let said = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(said, "<3>rows lost rows=3\n<4>late\n<6>started\n<7>step\n");
    }
}
