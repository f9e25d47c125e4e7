//! A TCP proxy that breaks the line on command: cut after so many bytes, stall, half-close, slow
//! down, refuse. It counts what passes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// "Never" for a byte count.
const NEVER: u64 = u64::MAX;
/// How much is copied at once.
const PIECE_BYTES: usize = 4096;

/// One direction of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Client to server.
    Up,
    /// Server to client.
    Down,
}

#[derive(Default)]
struct Direction {
    passed: AtomicU64,
    cut_at: AtomicU64,
    cut_half: AtomicBool,
    rate_bytes_s: AtomicU64,
}

struct Line {
    target: Mutex<SocketAddr>,
    up: Direction,
    down: Direction,
    refuse: AtomicBool,
    connections: AtomicU64,
    cuts: AtomicU64,
    stalled: Mutex<bool>,
    changed: Condvar,
    open: Mutex<Vec<TcpStream>>,
}

/// A running proxy.
pub struct Proxy {
    addr: SocketAddr,
    line: Arc<Line>,
}

impl Proxy {
    /// Listens on a free port and passes everything on to `127.0.0.1:port`.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let line = Arc::new(Line {
            target: Mutex::new(SocketAddr::from(([127, 0, 0, 1], port))),
            up: Direction::default(),
            down: Direction::default(),
            refuse: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            stalled: Mutex::new(false),
            changed: Condvar::new(),
            open: Mutex::new(Vec::new()),
        });
        line.up.cut_at.store(NEVER, SeqCst);
        line.down.cut_at.store(NEVER, SeqCst);
        let accepting = Arc::clone(&line);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                accepting.take(&client);
            }
        });
        Self { addr, line }
    }

    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    pub fn url(&self) -> String {
        format!("mqtt://{}", self.addr)
    }

    /// Where new connections go from now on.
    pub fn retarget(&self, port: u16) {
        *self.line.target.lock().unwrap() = SocketAddr::from(([127, 0, 0, 1], port));
    }

    /// Closes what is open, now.
    pub fn cut(&self) {
        self.line.cut_all();
    }

    /// Cuts, once, when `bytes` more have passed that way.
    pub fn cut_after(&self, way: Way, bytes: u64) {
        let direction = self.line.direction(way);
        direction.cut_half.store(false, SeqCst);
        let at = direction.passed.load(SeqCst) + bytes;
        direction.cut_at.store(at, SeqCst);
    }

    /// Closes only that direction, once, when `bytes` more have passed that way.
    pub fn half_close_after(&self, way: Way, bytes: u64) {
        let direction = self.line.direction(way);
        let at = direction.passed.load(SeqCst) + bytes;
        direction.cut_half.store(true, SeqCst);
        direction.cut_at.store(at, SeqCst);
    }

    /// Whether bytes stand still in both directions; connections stay open.
    pub fn stall(&self, stalled: bool) {
        *self.line.stalled.lock().unwrap() = stalled;
        self.line.changed.notify_all();
    }

    /// At most so many bytes a second that way; `None` for as fast as it goes.
    pub fn rate(&self, way: Way, bytes_s: Option<u64>) {
        let rate = bytes_s.unwrap_or(0);
        self.line.direction(way).rate_bytes_s.store(rate, SeqCst);
    }

    /// Whether new connections are closed at once.
    pub fn refuse(&self, refuse: bool) {
        self.line.refuse.store(refuse, SeqCst);
    }

    /// Connections accepted so far, refused ones too.
    pub fn connections(&self) -> u64 {
        self.line.connections.load(SeqCst)
    }

    /// Times that it cut because of a byte count.
    pub fn cuts(&self) -> u64 {
        self.line.cuts.load(SeqCst)
    }

    /// Bytes that passed that way so far.
    pub fn passed(&self, way: Way) -> u64 {
        self.line.direction(way).passed.load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.refuse(true);
        self.stall(false);
        self.cut();
    }
}

impl Line {
    fn direction(&self, way: Way) -> &Direction {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }

    fn cut_all(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
        self.changed.notify_all();
    }

    fn take(self: &Arc<Self>, client: &TcpStream) {
        self.connections.fetch_add(1, SeqCst);
        if self.refuse.load(SeqCst) {
            return;
        }
        let target = *self.target.lock().unwrap();
        let Ok(server) = TcpStream::connect(target) else {
            return;
        };
        client.set_nodelay(true).ok();
        server.set_nodelay(true).ok();
        {
            let mut open = self.open.lock().unwrap();
            // A cut closes all that is open, so what is listed here is the present connections.
            open.retain(|stream| stream.peer_addr().is_ok());
            open.push(client.try_clone().unwrap());
            open.push(server.try_clone().unwrap());
        }
        for (way, from, to) in [(Way::Up, client, &server), (Way::Down, &server, client)] {
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let line = Arc::clone(self);
            std::thread::spawn(move || line.copy(way, from, to));
        }
    }

    fn copy(&self, way: Way, mut from: TcpStream, mut to: TcpStream) {
        let direction = self.direction(way);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let rate = direction.rate_bytes_s.load(SeqCst);
            let most = if rate == 0 {
                PIECE_BYTES
            } else {
                usize::try_from(rate / 20).unwrap().clamp(1, PIECE_BYTES)
            };
            let read = match from.read(&mut piece[..most]) {
                Ok(read) if read > 0 => read,
                _ => break,
            };
            self.wait_while_stalled(rate, read);
            let passed = direction.passed.load(SeqCst);
            let room = direction.cut_at.load(SeqCst).saturating_sub(passed);
            let pass = usize::try_from(room).map_or(read, |room| room.min(read));
            if to.write_all(&piece[..pass]).is_err() {
                break;
            }
            let passed = direction.passed.fetch_add(pass as u64, SeqCst) + pass as u64;
            if passed >= direction.cut_at.load(SeqCst) {
                direction.cut_at.store(NEVER, SeqCst);
                self.cuts.fetch_add(1, SeqCst);
                if !direction.cut_half.swap(false, SeqCst) {
                    self.cut_all();
                }
                break;
            }
        }
        to.shutdown(Shutdown::Write).ok();
        from.shutdown(Shutdown::Read).ok();
    }

    /// Stands still while stalled, and long enough to keep to the rate.
    fn wait_while_stalled(&self, rate: u64, bytes: usize) {
        let mut stalled = self.stalled.lock().unwrap();
        while *stalled {
            stalled = self.changed.wait(stalled).unwrap();
        }
        if let Some(micros) = (bytes as u64 * 1_000_000).checked_div(rate) {
            let pause = Duration::from_micros(micros);
            drop(self.changed.wait_timeout(stalled, pause).unwrap());
        }
    }
}
