//! The connection to a reader: TCP, with TLS or without, called or taken.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use shelfwire_core::limits::{LLRP_ANSWER_MS, LLRP_CONNECT_MS};

use super::Way;
use crate::device::source::SourceError;
use crate::support::tasks::Stop;
use crate::support::tls::{TlsFiles, client_config};

/// How long a look at the listener takes at most: how late a stop may be noticed.
const LOOK_MS: u64 = 250;
/// Names that stand for more addresses than these are tried no further.
const ADDRESSES_MAX: usize = 3;

/// An open connection.
pub(super) enum Line {
    /// In clear text.
    Plain(TcpStream),
    /// Through TLS.
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Line {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Waits for bytes, at most so long; `None` if none came, 0 at the end.
    pub(super) fn read(&mut self, most: Duration, into: &mut [u8]) -> io::Result<Option<usize>> {
        self.socket().set_read_timeout(Some(most))?;
        let read = match self {
            Self::Plain(socket) => socket.read(into),
            Self::Tls(stream) => stream.read(into),
        };
        let nothing = [
            io::ErrorKind::WouldBlock,
            io::ErrorKind::TimedOut,
            io::ErrorKind::Interrupted,
        ];
        match read {
            Ok(read) => Ok(Some(read)),
            Err(why) if nothing.contains(&why.kind()) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Sends all of it.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Tls(stream) => {
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }
}

/// How connections come about.
pub(super) struct Dial {
    way: Way,
    listener: Option<TcpListener>,
}

impl Dial {
    pub(super) fn new(way: Way) -> Self {
        Self {
            way,
            listener: None,
        }
    }

    /// Whether the reader calls, so that there is no reason to wait between two looks.
    pub(super) fn is_called(&self) -> bool {
        matches!(self.way, Way::Listen(_))
    }

    /// The next connection.
    pub(super) fn next_line(&mut self, stop: &Stop) -> Result<Line, SourceError> {
        match &self.way {
            Way::Call { host, port, tls } => call(host, *port, tls.as_ref()),
            Way::Listen(address) => {
                let address = *address;
                let listener = match self.listener.take() {
                    Some(listener) => listener,
                    None => TcpListener::bind(address).map_err(|why| {
                        SourceError::Fault(format!(
                            "cannot listen on {address}: {why}; is the port in use?"
                        ))
                    })?,
                };
                let taken = take(self.listener.insert(listener), stop);
                taken
                    .map_err(|why| SourceError::Gone(why.to_string()))?
                    .ok_or_else(|| SourceError::Gone(format!("no reader has called {address} yet")))
            }
        }
    }

    /// Whether the reader calls anew: then the connection that stands is a dead one.
    pub(super) fn is_waiting(&self) -> bool {
        let listener = self.listener.as_ref();
        listener.is_some_and(|listener| ready(listener, Duration::ZERO).unwrap_or(false))
    }
}

/// Takes what waits, after a short while at most.
fn take(listener: &TcpListener, stop: &Stop) -> io::Result<Option<Line>> {
    if stop.is_raised() || !ready(listener, Duration::from_millis(LOOK_MS))? {
        return Ok(None);
    }
    let (socket, _) = listener.accept()?;
    settle(&socket)?;
    Ok(Some(Line::Plain(socket)))
}

fn ready(listener: &TcpListener, most: Duration) -> io::Result<bool> {
    let most = Timespec::try_from(most).map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&most)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(why) => Err(why.into()),
    }
}

fn call(host: &str, port: u16, tls: Option<&TlsFiles>) -> Result<Line, SourceError> {
    let gone = |why: &dyn std::fmt::Display| SourceError::Gone(format!("{host}:{port}: {why}"));
    let found = (host, port).to_socket_addrs().map_err(|why| gone(&why))?;
    let mut last = gone(&"no address has that name");
    for address in found.take(ADDRESSES_MAX) {
        match reach(address) {
            Ok(socket) => {
                return match tls {
                    None => Ok(Line::Plain(socket)),
                    Some(files) => secure(host, files, socket),
                };
            }
            Err(why) => last = gone(&why),
        }
    }
    Err(last)
}

fn reach(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect_timeout(&address, Duration::from_millis(LLRP_CONNECT_MS))?;
    settle(&socket)?;
    Ok(socket)
}

/// Each request goes out by itself and at once, and a reader that takes nothing in is left.
fn settle(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_write_timeout(Some(Duration::from_millis(LLRP_ANSWER_MS)))
}

fn secure(host: &str, files: &TlsFiles, socket: TcpStream) -> Result<Line, SourceError> {
    let fault = |why: &dyn std::fmt::Display| SourceError::Fault(format!("{host}: {why}"));
    let config = client_config(files).map_err(|why| fault(&why))?;
    let name = ServerName::try_from(host.to_owned()).map_err(|why| fault(&why))?;
    let client = ClientConnection::new(config, name).map_err(|why| fault(&why))?;
    Ok(Line::Tls(Box::new(StreamOwned::new(client, socket))))
}
