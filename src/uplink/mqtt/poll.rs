//! The task that does nothing but poll one event loop, and says what it saw.

use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::v5::{ConnAck, Disconnect, Packet};
use rumqttc::v5::{ConnectionError, Event, EventLoop, MqttOptions, StateError};
use shelfwire_core::session::{BrokerLimits, Gone};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::reason::{self, Redirect};
use super::{limits, probe, tls};
use crate::uplink::link::LinkAlarm;

/// A ping's answer may take this long when the broker set the keep-alive.
const PING_SPARE: Duration = Duration::from_secs(10);

/// What polling saw, with packet ids still to be paired.
#[derive(Debug)]
pub(super) enum Raw {
    Connected(BrokerLimits),
    SubAck(Vec<u8>),
    Sent(u16),
    PubAck(u16, u8),
    Arrived(String, Bytes),
    Moved,
    Gone(Gone, Option<LinkAlarm>),
}

/// Whether to poll again.
enum Next {
    On(Raw),
    Last(Raw),
    Closed,
}

#[derive(Debug)]
pub(super) struct Poller {
    pub(super) told: mpsc::Sender<Raw>,
    pub(super) redirects: mpsc::Sender<Redirect>,
    pub(super) connect: Duration,
    pub(super) poll: Duration,
    pub(super) probe: bool,
}

impl Poller {
    /// Polls until the connection ends; the loop ends with it, and is never polled again, since that
    /// would reconnect.
    pub(super) async fn run(self, mut looping: Box<EventLoop>) {
        let options = looping.options.clone();
        let mut connected = false;
        let mut limit = self.connect;
        loop {
            let polled = timeout(limit, looping.poll()).await;
            let next = match polled {
                Ok(Ok(event)) => self.event(&looping, event, &mut connected, &mut limit),
                Ok(Err(error)) => {
                    self.moved(&looping, &error);
                    Next::Last(self.failed(&options, error, connected).await)
                }
                Err(_) => Next::Last(self.silent(&options, connected, limit).await),
            };
            let (raw, last) = match next {
                Next::On(raw) => (raw, false),
                Next::Last(raw) => (raw, true),
                Next::Closed => return,
            };
            // An error means that the link is being closed: DISCONNECT is still to be written.
            let heard = self.told.send(raw).await.is_ok();
            if last || (!heard && !connected) {
                return;
            }
        }
    }

    fn event(
        &self,
        looping: &EventLoop,
        event: Event,
        connected: &mut bool,
        limit: &mut Duration,
    ) -> Next {
        let packet = match event {
            Event::Outgoing(rumqttc::Outgoing::Publish(id)) => return Next::On(Raw::Sent(id)),
            Event::Outgoing(rumqttc::Outgoing::Disconnect) => return Next::Closed,
            Event::Outgoing(_) => return Next::On(Raw::Moved),
            Event::Incoming(packet) => packet,
        };
        match packet {
            Packet::ConnAck(connack) => {
                *connected = true;
                // The broker may have asked for longer silences than ours.
                let told = connack.properties.as_ref();
                *limit = match told.and_then(|told| told.server_keep_alive) {
                    Some(_) => self.poll.max(looping.options.keep_alive() + PING_SPARE),
                    None => self.poll,
                };
                Self::greeted(&connack)
            }
            Packet::SubAck(ack) => {
                let codes = ack.return_codes.into_iter().map(reason::suback).collect();
                Next::On(Raw::SubAck(codes))
            }
            Packet::PubAck(ack) => Next::On(Raw::PubAck(ack.pkid, reason::puback(ack.reason))),
            Packet::Publish(publish) => match String::from_utf8(publish.topic.to_vec()) {
                Ok(topic) => Next::On(Raw::Arrived(topic, publish.payload)),
                Err(_) => Next::Last(network("the broker sent a topic that is no text")),
            },
            Packet::Connect(..)
            | Packet::Auth(_)
            | Packet::PubRec(_)
            | Packet::PubRel(_)
            | Packet::PubComp(_)
            | Packet::Subscribe(_)
            | Packet::Unsubscribe(_)
            | Packet::UnsubAck(_)
            | Packet::PingReq(_)
            | Packet::PingResp(_)
            | Packet::Disconnect(_) => Next::On(Raw::Moved),
        }
    }

    fn greeted(connack: &ConnAck) -> Next {
        let told = connack.properties.as_ref();
        if told.is_some_and(|told| told.server_keep_alive == Some(0)) {
            let alarm = LinkAlarm {
                code: "keep_alive_off",
                text:
                    "the broker switches keep-alive off (Server Keep Alive 0): a dead line would \
                       not be noticed"
                        .to_owned(),
                fix: "let the broker leave the keep-alive to its clients, or set at least 5 s",
            };
            return Next::Last(Raw::Gone(Gone::Network(alarm.text.clone()), Some(alarm)));
        }
        Next::On(Raw::Connected(limits(told)))
    }

    async fn failed(&self, options: &MqttOptions, error: ConnectionError, connected: bool) -> Raw {
        match error {
            ConnectionError::ConnectionRefused(code) => {
                let code = reason::connack(code);
                if matches!(code, reason::USE_ANOTHER_SERVER | reason::SERVER_MOVED) {
                    self.ask_where(options, code).await;
                }
                let text = None;
                Raw::Gone(Gone::Broker { code, text }, reason::connack_alarm(code))
            }
            ConnectionError::MqttState(StateError::ServerDisconnect {
                reason_code,
                reason_string,
            }) => {
                let (code, text) = (reason_code as u8, reason_string);
                Raw::Gone(Gone::Broker { code, text }, None)
            }
            ConnectionError::MqttState(StateError::ConnectionAborted) if !connected => {
                self.unanswered(
                    options,
                    "the broker closed the connection without a CONNACK",
                )
                .await
            }
            ConnectionError::MqttState(StateError::ConnectionAborted) => {
                network("the connection was closed")
            }
            ConnectionError::MqttState(state) => {
                let text = chain(&state);
                // With TLS 1.3 the refusal of our certificate comes after the handshake.
                if !connected && text.contains("fatal alert") {
                    return refused_by_tls(&text);
                }
                network(&text)
            }
            ConnectionError::Timeout(_) => self.silent(options, connected, self.connect).await,
            ConnectionError::Tls(error) => refused_by_tls(&chain(&error)),
            ConnectionError::Io(error) => {
                let (host, port) = options.broker_address();
                network(&format!("cannot reach {host}:{port}: {error}"))
            }
            error @ (ConnectionError::NotConnAck(_) | ConnectionError::RequestsDone) => {
                network(&chain(&error))
            }
        }
    }

    async fn silent(&self, options: &MqttOptions, connected: bool, limit: Duration) -> Raw {
        let (host, port) = options.broker_address();
        if connected {
            return network(&format!("nothing from {host}:{port} for {limit:?}"));
        }
        let text = format!("no CONNACK from {host}:{port} within {limit:?}");
        self.unanswered(options, &text).await
    }

    /// No CONNACK that the library could read: now and then, look what the broker really says.
    async fn unanswered(&self, options: &MqttOptions, text: &str) -> Raw {
        if self.probe && probe::ask(options).await == Some(probe::Answer::Old) {
            let alarm = reason::old_broker();
            return Raw::Gone(Gone::Network(alarm.text.clone()), Some(alarm));
        }
        network(text)
    }

    /// CONNACK said "another server": the library drops the name, so it is asked for again.
    async fn ask_where(&self, options: &MqttOptions, code: u8) {
        if let Some(probe::Answer::Elsewhere(reference)) = probe::ask(options).await {
            self.redirect(code, &reference);
        }
    }

    /// DISCONNECT said "another server"; the packet with the name still lies among the events.
    fn moved(&self, looping: &EventLoop, error: &ConnectionError) {
        let ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) = error
        else {
            return;
        };
        for event in &looping.state.events {
            if let Event::Incoming(Packet::Disconnect(Disconnect {
                properties: Some(properties),
                ..
            })) = event
                && let Some(reference) = &properties.server_reference
            {
                self.redirect(*reason_code as u8, reference);
            }
        }
    }

    fn redirect(&self, code: u8, reference: &str) {
        if let Some(to) = Redirect::parse(code, reference) {
            tracing::info!(server = to.host, "the broker names another server");
            // Full only if an earlier one was not used yet: that one will do.
            if self.redirects.try_send(to).is_err() {}
        }
    }
}

fn network(text: &str) -> Raw {
    Raw::Gone(Gone::Network(text.to_owned()), None)
}

fn refused_by_tls(text: &str) -> Raw {
    let alarm = tls::handshake_alarm(text);
    Raw::Gone(Gone::Network(alarm.text.clone()), Some(alarm))
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
