//! Sockets and time for the machine: one thread, one client.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::machine::{Machine, Seen, Verdict};
use super::settings::Settings;
use crate::support::clock;

/// A peer that does not take its last bytes within this is given up.
const PARTING: Duration = Duration::from_secs(1);
/// Switching it on or off takes no longer.
const SWITCHED: Duration = Duration::from_secs(5);
/// Pause before it connects to its client again.
const CALL_AGAIN: Duration = Duration::from_millis(100);
/// Bytes of one read.
const READ_BYTES: usize = 16 << 10;

/// The machine, between its thread and whoever commands it.
#[derive(Debug)]
pub(super) struct Shared {
    machine: Mutex<Machine>,
    /// Wakes the thread.
    wake: Notify,
    /// Wakes those who wait for something to happen.
    changed: Condvar,
    begun: Instant,
    stopped: AtomicBool,
    /// Its port is open, as far as the thread has come.
    listening: AtomicBool,
    callee: Mutex<Option<SocketAddr>>,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        let wall_us = u64::try_from(clock::wall_ms()).unwrap_or(0) * 1_000;
        Self {
            machine: Mutex::new(Machine::new(settings, wall_us)),
            wake: Notify::new(),
            changed: Condvar::new(),
            begun: Instant::now(),
            stopped: AtomicBool::new(false),
            listening: AtomicBool::new(true),
            callee: Mutex::new(None),
        }
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn locked(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From outside: does something to the machine, and wakes its thread.
    pub(super) fn act(&self, what: impl FnOnce(&mut Machine, u64)) {
        self.within(what);
        self.wake.notify_one();
    }

    /// From the thread itself.
    fn within<T>(&self, what: impl FnOnce(&mut Machine, u64) -> T) -> T {
        let done = what(&mut self.locked(), self.now_us());
        self.changed.notify_all();
        done
    }

    pub(super) fn look(&self) -> Seen {
        self.locked().seen()
    }

    pub(super) fn wait(&self, limit: Duration, so: impl Fn(&Seen) -> bool) -> bool {
        let not_yet = |machine: &mut Machine| !so(&machine.seen());
        let waited = self
            .changed
            .wait_timeout_while(self.locked(), limit, not_yet);
        let (machine, _) = waited.unwrap_or_else(PoisonError::into_inner);
        so(&machine.seen())
    }

    /// Waits until its port is open, or shut, after it was switched on or off.
    pub(super) fn until_listening(&self, wanted: bool) {
        let not_yet = |_: &mut Machine| self.listening.load(Ordering::SeqCst) != wanted;
        let machine = self.locked();
        drop(self.changed.wait_timeout_while(machine, SWITCHED, not_yet));
    }

    fn listens(&self, listening: bool) {
        let machine = self.locked();
        self.listening.store(listening, Ordering::SeqCst);
        drop(machine);
        self.changed.notify_all();
    }

    pub(super) fn call(&self, client: SocketAddr) {
        *self.callee.lock().unwrap_or_else(PoisonError::into_inner) = Some(client);
        self.wake.notify_one();
    }

    fn callee(&self) -> Option<SocketAddr> {
        *self.callee.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }
}

/// Listens, and serves from a thread of its own.
pub(super) fn start(
    shared: Arc<Shared>,
    tls: Option<Arc<rustls::ServerConfig>>,
) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Bound without the runtime: whoever starts a reader may be inside one of their own.
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let thread = std::thread::Builder::new().name("simulated-reader".to_owned());
    let thread = thread.spawn(move || {
        let serving = Serving {
            shared,
            address,
            tls: tls.map(TlsAcceptor::from),
            listener: None,
            line: None,
        };
        runtime.block_on(serving.run(listener));
    })?;
    Ok((address, thread))
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The connection to the client.
struct Line {
    from: ReadHalf<Box<dyn Stream>>,
    to: WriteHalf<Box<dyn Stream>>,
    out: BytesMut,
}

/// What came of waiting.
enum Came {
    Nothing,
    Caller(TcpStream),
    Callee(TcpStream),
    Bytes(usize),
    HungUp,
}

struct Serving {
    shared: Arc<Shared>,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    listener: Option<TcpListener>,
    line: Option<Line>,
}

impl Serving {
    async fn run(mut self, listener: std::net::TcpListener) {
        self.listener = TcpListener::from_std(listener).ok();
        let mut bytes = vec![0; READ_BYTES];
        while !self.shared.stopped.load(Ordering::SeqCst) {
            let frozen = self.follow().await;
            let came = self.wait(frozen, &mut bytes).await;
            // What was ordered meanwhile comes first: it may have ended the connection.
            self.follow().await;
            match came {
                Came::Nothing => self.shared.within(Machine::tick),
                Came::Caller(stream) => self.meet(stream, false).await,
                Came::Callee(stream) => self.meet(stream, true).await,
                Came::Bytes(count) if self.line.is_some() => {
                    let read = bytes.get(..count).unwrap_or_default();
                    self.shared
                        .within(|machine, now_us| machine.bytes(now_us, read));
                }
                Came::HungUp if self.line.is_some() => {
                    self.line = None;
                    self.shared.within(Machine::closed);
                }
                Came::Bytes(_) | Came::HungUp => {}
            }
        }
    }

    /// Brings sockets to where the machine is; says whether it is frozen.
    async fn follow(&mut self) -> bool {
        let (powered, frozen) = self.shared.locked().is();
        if !powered {
            (self.listener, self.line) = (None, None);
        } else if self.listener.is_none() {
            // The port is free: it was just given up. If somebody has taken it, the next turn tries
            // again.
            self.listener = TcpListener::bind(self.address).await.ok();
        }
        self.shared.listens(self.listener.is_some());
        if let Some(line) = self.line.as_mut().filter(|_| !frozen)
            && line.out.is_empty()
        {
            let (bytes, close) = self.shared.within(|machine, _| machine.take_out());
            line.out.extend_from_slice(&bytes);
            if close && let Some(mut line) = self.line.take() {
                part(&mut line.to, &line.out).await;
            }
        }
        frozen
    }

    /// Waits for the first of everything that can happen.
    async fn wait(&mut self, frozen: bool, bytes: &mut [u8]) -> Came {
        let shared = &self.shared;
        let wake_us = shared.locked().wake_us();
        let calls = shared.callee().filter(|_| self.line.is_none() && !frozen);
        // Waited for by itself: a call that is given up half way is a caller who hangs up.
        if let Some(stream) = dial(calls).await {
            return Came::Callee(stream);
        }
        let again = calls.map(|_| Instant::now() + CALL_AGAIN);
        let listener = self.listener.as_ref().filter(|_| !frozen);
        let (from, to) = match self.line.as_mut().filter(|_| !frozen) {
            Some(line) => (Some(&mut line.from), Some((&mut line.to, &mut line.out))),
            None => (None, None),
        };
        tokio::select! {
            () = shared.wake.notified() => Came::Nothing,
            () = until(wake_us.map(|us| shared.begun + Duration::from_micros(us)), frozen) => {
                Came::Nothing
            }
            caller = accept(listener) => caller.map_or(Came::Nothing, Came::Caller),
            () = until(again, frozen) => Came::Nothing,
            read = read(from, bytes) => match read {
                Ok(0) | Err(_) => Came::HungUp,
                Ok(count) => Came::Bytes(count),
            },
            wrote = write(to) => wrote.map_or(Came::HungUp, |()| Came::Nothing),
        }
    }

    /// A connection: the client's, or one too many.
    async fn meet(&mut self, stream: TcpStream, dialled: bool) {
        let plain = stream.set_nodelay(true).map(|()| stream);
        let Ok(plain) = plain else { return };
        let mut stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(plain),
            Some(tls) => match timeout(PARTING, tls.accept(plain)).await {
                Ok(Ok(stream)) => Box::new(stream),
                Ok(Err(_)) | Err(_) => return,
            },
        };
        let verdict = self
            .shared
            .within(|machine, now_us| machine.connected(now_us, dialled));
        match verdict {
            Verdict::Taken => {
                let (from, to) = tokio::io::split(stream);
                let out = BytesMut::new();
                self.line = Some(Line { from, to, out });
            }
            Verdict::Refused(bytes) => part(&mut stream, &bytes).await,
        }
    }
}

/// The last bytes of a connection. Whether they arrive is the peer's affair.
async fn part(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    let last = async {
        stream.write_all(bytes).await?;
        stream.shutdown().await
    };
    drop(timeout(PARTING, last).await);
}

async fn until(moment: Option<Instant>, frozen: bool) {
    match moment.filter(|_| !frozen) {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.ok().map(|(stream, _)| stream),
        None => pending().await,
    }
}

async fn dial(client: Option<SocketAddr>) -> Option<TcpStream> {
    let connecting = timeout(PARTING, TcpStream::connect(client?));
    connecting.await.ok()?.ok()
}

async fn read(from: Option<&mut ReadHalf<Box<dyn Stream>>>, bytes: &mut [u8]) -> io::Result<usize> {
    match from {
        Some(from) => from.read(bytes).await,
        None => pending().await,
    }
}

async fn write(to: Option<(&mut WriteHalf<Box<dyn Stream>>, &mut BytesMut)>) -> io::Result<()> {
    match to {
        Some((to, out)) if !out.is_empty() => {
            to.write_buf(out).await?;
            to.flush().await
        }
        _ => pending().await,
    }
}
