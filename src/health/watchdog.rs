//! The watchdog is fed by progress, never by a bare timer.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::notify;
use crate::support::tasks::Stop;

/// How often progress is looked for where systemd asks for none.
const IDLE_EVERY: Duration = Duration::from_secs(10);
/// A question that takes longer than this is no progress.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What makes no progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// A no-op did not get through the writer's queue.
    Writer,
    /// The session did not complete a tick.
    Session,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Writer => "the journal's writer makes no progress",
            Self::Session => "the uplink's session makes no progress",
        })
    }
}

/// How often systemd wants to hear of us, if it does: half of `WatchdogSec`.
pub fn wanted() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

/// Asks for progress again and again, and tells systemd when there was some.
pub async fn run<F, A>(every: Option<Duration>, mut progress: F, stop: Stop)
where
    F: FnMut() -> A + Send,
    A: Future<Output = Result<(), Stuck>> + Send,
{
    let mut ticks = interval(every.unwrap_or(IDLE_EVERY).max(Duration::from_millis(10)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stuck_since = None;
    loop {
        tokio::select! {
            () = stop.raised() => return,
            _ = ticks.tick() => {}
        }
        match timeout(ANSWER_MAX, progress())
            .await
            .unwrap_or(Err(Stuck::Writer))
        {
            Ok(()) => {
                notify::alive();
                if stuck_since.take().is_some() {
                    tracing::warn!("progress again");
                }
            }
            Err(stuck) => {
                let since = *stuck_since.get_or_insert_with(Instant::now);
                let seconds = since.elapsed().as_secs();
                tracing::error!(
                    seconds,
                    "{stuck}; without progress systemd restarts the agent"
                );
                notify::status(&stuck.to_string());
            }
        }
    }
}
