//! One WebSocket of a till: messages in, answers out in the same order.
//!
//! A message goes to the journal when it is read, not when the one before it is answered: up to
//! [`POS_UNANSWERED_MAX`] share commits. Then reading stops until one is answered.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use shelfwire_core::limits::{POS_MESSAGE_MAX_BYTES, POS_UNANSWERED_MAX, POS_UNANSWERED_MAX_BYTES};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tracing::info;

use super::Hub;
use super::access::Till;
use super::message::{self, Reply};
use super::refusals::Cause;
use crate::device::state::State;

/// How long the other side may take to answer a close.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// Why a session ends.
enum End {
    /// The other side is gone, or does not read.
    Gone,
    /// The other side has asked to close.
    Asked,
    /// It is told why and closed.
    Close(CloseCode, &'static str),
}

/// Serves an upgraded connection to its end.
pub(super) async fn serve(
    io: impl AsyncRead + AsyncWrite + Unpin,
    hub: &Hub,
    till: &Till,
    leave: &Arc<Notify>,
) {
    // Small buffers: a till costs kilobytes, not the 256 KiB of the defaults.
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(4 * 1024)
        .max_write_buffer_size(256 * 1024)
        .max_message_size(Some(POS_MESSAGE_MAX_BYTES))
        .max_frame_size(Some(POS_MESSAGE_MAX_BYTES));
    let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
    if till.become_state(State::Reading) {
        info!(till = %till.name, "till connected");
    }
    till.state.count(|counters| counters.reconnects += 1);
    let close = match talk(&mut socket, hub, till, leave).await {
        End::Gone => return,
        End::Asked => None,
        End::Close(code, reason) => Some(CloseFrame {
            code,
            reason: reason.into(),
        }),
    };
    let closing = async {
        if socket.close(close).await.is_ok() {
            // Until the other side has answered too, so that our close is not lost in a reset.
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    if timeout(CLOSE_WAIT, closing).await.is_err() {
        hub.refusals.count(Cause::NotReading);
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    hub: &Hub,
    till: &Till,
    leave: &Arc<Notify>,
) -> End {
    let mut answers = FuturesOrdered::new();
    let mut unanswered_bytes = 0_usize;
    let mut heard = Instant::now();
    let mut ping_at = heard + hub.settings.ping;
    let mut stopping = false;
    loop {
        let room = answers.len() < POS_UNANSWERED_MAX
            && unanswered_bytes < POS_UNANSWERED_MAX_BYTES
            && !stopping;
        if stopping && answers.is_empty() {
            return End::Close(CloseCode::Away, "the agent is stopping");
        }
        if !room {
            // Not reading is our own choice: its silence means nothing meanwhile.
            heard = Instant::now();
        }
        tokio::select! {
            message = socket.next(), if room => {
                heard = Instant::now();
                till.state.heard();
                if till.is_outdated() {
                    return End::Close(CloseCode::Policy, "the token of this till has changed");
                }
                if matches!(message, Some(Ok(_))) {
                    hub.heard.note(&till.name);
                }
                match incoming(hub, message) {
                    Ok(Some(text)) => {
                        let bytes = text.len();
                        unanswered_bytes += bytes;
                        let prepared = message::prepare(hub, till, &text);
                        let reply = message::finish(hub, till, prepared);
                        answers.push_back(reply.map(move |reply| (reply, bytes)));
                    }
                    Ok(None) => {}
                    Err(end) => return end,
                }
            }
            Some((reply, bytes)) = answers.next(), if !answers.is_empty() => {
                unanswered_bytes = unanswered_bytes.saturating_sub(bytes);
                let mut ready = vec![reply];
                // All that one commit answered leaves in one write.
                while let Some(Some((reply, bytes))) = answers.next().now_or_never() {
                    unanswered_bytes = unanswered_bytes.saturating_sub(bytes);
                    ready.push(reply);
                }
                if let Err(end) = send(socket, hub, ready).await {
                    return end;
                }
            }
            () = sleep_until(ping_at) => {
                ping_at = Instant::now() + hub.settings.ping;
                let ping = socket.send(Message::Ping(Bytes::new()));
                if !matches!(timeout(hub.settings.handshake, ping).await, Ok(Ok(()))) {
                    hub.refusals.count(Cause::NotReading);
                    return End::Gone;
                }
            }
            () = sleep_until(heard + hub.settings.idle), if room => {
                hub.refusals.count(Cause::Silent);
                return End::Close(CloseCode::Policy, "nothing heard in time");
            }
            () = leave.notified() => {
                return End::Close(CloseCode::Policy, "another connection of this till took its place");
            }
            () = hub.stop.raised(), if !stopping => stopping = true,
        }
    }
}

/// A text to answer, or nothing to do, or the end.
fn incoming(hub: &Hub, message: Option<Result<Message, Error>>) -> Result<Option<Bytes>, End> {
    match message {
        Some(Ok(Message::Text(text))) => Ok(Some(text.into())),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => {
            hub.refusals.count(Cause::Malformed);
            Err(End::Close(CloseCode::Unsupported, "send JSON as text"))
        }
        Some(Err(Error::Capacity(CapacityError::MessageTooLong { .. }))) => {
            hub.refusals.count(Cause::TooLarge);
            Err(End::Close(CloseCode::Size, "message too large"))
        }
        Some(Err(Error::Utf8(_))) => {
            hub.refusals.count(Cause::Malformed);
            Err(End::Close(CloseCode::Invalid, "text must be UTF-8"))
        }
        Some(Err(Error::Protocol(_) | Error::Capacity(_) | Error::AttackAttempt)) => {
            hub.refusals.count(Cause::Malformed);
            Err(End::Close(CloseCode::Protocol, "not WebSocket (RFC 6455)"))
        }
        Some(Ok(Message::Close(_))) => Err(End::Asked),
        Some(Err(_)) | None => Err(End::Gone),
    }
}

/// Sends answers; a till that does not read them is dropped, it will send the messages again.
async fn send<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    hub: &Hub,
    replies: Vec<Reply>,
) -> Result<(), End> {
    let all = async {
        for reply in replies {
            socket.feed(Message::text(reply.body)).await?;
        }
        socket.flush().await
    };
    match timeout(hub.settings.handshake, all).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => {
            hub.refusals.count(Cause::NotReading);
            Err(End::Gone)
        }
    }
}
