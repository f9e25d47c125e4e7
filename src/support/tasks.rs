//! Named tasks and threads, one stop flag, and a stop that names whoever is late.
//!
//! Nothing in the agent is started any other way, so nothing can be forgotten at the stop. A thread
//! cannot be ended from outside: one that is late is named and left to the end of the process.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// The stop flag as tasks and threads see it; cheap to clone. Once up it stays up.
#[derive(Debug, Clone)]
pub struct Stop {
    shared: Arc<Shared>,
    raised: watch::Receiver<bool>,
}

#[derive(Debug)]
struct Shared {
    raise: watch::Sender<bool>,
    // Beside the watch, because a thread must be able to wait for the flag and a time.
    flag: Mutex<bool>,
    wake: Condvar,
}

impl Stop {
    /// A flag that is down.
    pub fn new() -> Self {
        let (raise, raised) = watch::channel(false);
        let shared = Shared {
            raise,
            flag: Mutex::new(false),
            wake: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
            raised,
        }
    }

    /// Raises it and wakes everyone who waits.
    pub fn raise(&self) {
        *self.locked() = true;
        self.shared.wake.notify_all();
        self.shared.raise.send_replace(true);
    }

    /// Whether it is up.
    pub fn is_raised(&self) -> bool {
        *self.raised.borrow()
    }

    /// Returns when it is up. Safe to cancel.
    pub async fn raised(&self) {
        let mut raised = self.raised.clone();
        // `shared` holds the sender, so this cannot end any other way.
        if raised.wait_for(|up| *up).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// For a thread: waits for at most `time`; true if the flag is up.
    pub fn wait(&self, time: Duration) -> bool {
        let flag = self.locked();
        let (flag, _) = self
            .shared
            .wake
            .wait_timeout_while(flag, time, |up| !*up)
            .unwrap_or_else(PoisonError::into_inner);
        *flag
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, bool> {
        self.shared
            .flag
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

/// Whoever did not end in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("still running at the deadline: {}", .0.join(", "))]
pub struct Late(pub Vec<String>);

/// What was started, by name.
#[derive(Debug, Default)]
pub struct Tasks {
    stop: Stop,
    running: Vec<(String, Running)>,
}

#[derive(Debug)]
enum Running {
    Task(JoinHandle<()>),
    // The thread holds the sender; when it ends, however it ends, this is answered.
    Thread(oneshot::Receiver<()>),
}

impl Tasks {
    /// No tasks, and a flag that is down.
    pub fn new() -> Self {
        Self::default()
    }

    /// The flag that every task here should heed.
    pub fn stop_flag(&self) -> Stop {
        self.stop.clone()
    }

    /// Starts a task on the current runtime.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that starts tasks"
    )]
    pub fn spawn(&mut self, name: &str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(task);
        self.running.push((name.to_owned(), Running::Task(handle)));
    }

    /// Starts a thread of its own, for what blocks. Its stack is small: 256 KiB.
    pub fn spawn_thread(
        &mut self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let (done, ended) = oneshot::channel::<()>();
        // The kernel keeps 15 bytes of a thread's name.
        let short: String = name.chars().take(15).collect();
        thread::Builder::new()
            .name(short)
            .stack_size(256 * 1024)
            .spawn(move || {
                let _done = done;
                work();
            })?;
        self.running.push((name.to_owned(), Running::Thread(ended)));
        Ok(())
    }

    /// Returns the name of the first task that ended although nobody asked it to; waits for ever
    /// while all run. Safe to cancel.
    pub async fn first_ended(&mut self) -> String {
        std::future::poll_fn(|context| {
            let ended = self
                .running
                .iter_mut()
                .position(|(_, running)| match running {
                    Running::Task(handle) => Pin::new(handle).poll(context).is_ready(),
                    Running::Thread(ended) => Pin::new(ended).poll(context).is_ready(),
                });
            match ended {
                // Removed, because a handle that has answered may not be asked again.
                Some(index) => Poll::Ready(self.running.swap_remove(index).0),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Raises the flag and waits until `deadline`. Late tasks are aborted, late threads are left;
    /// both are named.
    pub async fn stop(self, deadline: Instant) -> Result<(), Late> {
        self.stop.raise();
        let mut late = Vec::new();
        for (name, running) in self.running {
            let in_time = match running {
                Running::Task(mut handle) => {
                    let ended = timeout_at(deadline, &mut handle).await.is_ok();
                    handle.abort();
                    ended
                }
                Running::Thread(ended) => timeout_at(deadline, ended).await.is_ok(),
            };
            if !in_time {
                late.push(name);
            }
        }
        if late.is_empty() {
            Ok(())
        } else {
            Err(Late(late))
        }
    }
}

/// A task that ends when this is dropped: for work that belongs to one connection.
#[derive(Debug)]
pub struct Attached(JoinHandle<()>);

/// Starts a task that lives no longer than what is returned.
#[expect(
    clippy::disallowed_methods,
    reason = "tied to its owner and cancelled with it, so it cannot be forgotten at the stop"
)]
pub fn attach(task: impl Future<Output = ()> + Send + 'static) -> Attached {
    Attached(tokio::spawn(task))
}

impl Attached {
    /// Waits until it has ended by itself, at most so long; whether it has.
    pub async fn ended(&mut self, limit: Duration) -> bool {
        tokio::time::timeout(limit, &mut self.0).await.is_ok()
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_heeds_the_flag_is_not_late() {
        let mut tasks = Tasks::new();
        let (stop, thread_stop) = (tasks.stop_flag(), tasks.stop_flag());
        tasks.spawn("task", async move { stop.raised().await });
        tasks
            .spawn_thread("thread", move || {
                while !thread_stop.wait(Duration::from_secs(60)) {}
            })
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        assert_eq!(tasks.stop(deadline).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_late_are_named() {
        let mut tasks = Tasks::new();
        let stop = tasks.stop_flag();
        tasks.spawn("good", async move { stop.raised().await });
        tasks.spawn("deaf", std::future::pending());
        let deadline = Instant::now() + Duration::from_secs(10);
        let late = tasks.stop(deadline).await.unwrap_err();
        assert_eq!(late, Late(vec!["deaf".to_owned()]));
        assert_eq!(late.to_string(), "still running at the deadline: deaf");
    }

    #[tokio::test]
    async fn a_task_that_ends_by_itself_is_named() {
        let mut tasks = Tasks::new();
        tasks.spawn("runs", std::future::pending());
        tasks.spawn("ends", std::future::ready(()));
        assert_eq!(tasks.first_ended().await, "ends");
        let late = tasks.stop(Instant::now()).await.unwrap_err();
        assert_eq!(late, Late(vec!["runs".to_owned()]));
    }

    #[tokio::test]
    async fn an_attached_task_ends_with_its_owner() {
        let (alive, mut gone) = tokio::sync::mpsc::channel::<()>(1);
        let task = attach(async move {
            let _alive = alive;
            std::future::pending::<()>().await;
        });
        drop(task);
        assert_eq!(gone.recv().await, None);
    }
}
