//! The store's line to head office, which can be cut: a forwarder on loopback.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::tasks::Tasks;

/// How long a caller of a cut line waits until it is told so.
const REFUSAL_DELAY: Duration = Duration::from_millis(50);

/// The line; up at first.
#[derive(Debug)]
pub(super) struct Link {
    /// Where the store connects to.
    pub(super) address: SocketAddr,
    up: watch::Sender<bool>,
}

impl Link {
    /// Listens on loopback and forwards to `to` while the line is up.
    pub(super) async fn start(to: SocketAddr, tasks: &mut Tasks) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (up, state) = watch::channel(true);
        tasks.spawn("demo-link", async move { serve(listener, to, state).await });
        Ok(Self { address, up })
    }

    /// Cuts the line, also under open connections, or mends it.
    pub(super) fn set_up(&self, up: bool) {
        self.up.send_replace(up);
    }
}

async fn serve(listener: TcpListener, to: SocketAddr, state: watch::Receiver<bool>) {
    let mut open = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((near, _)) = accepted else { continue };
                open.spawn(forward(near, to, state.clone()));
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn forward(mut near: TcpStream, to: SocketAddr, mut state: watch::Receiver<bool>) {
    if !*state.borrow_and_update() {
        tokio::time::sleep(REFUSAL_DELAY).await;
        return;
    }
    let Ok(mut far) = TcpStream::connect(to).await else {
        return;
    };
    // Either the two sides end it, or the line is cut; both sockets close by being dropped.
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = state.wait_for(|up| !*up) => {}
    }
}
