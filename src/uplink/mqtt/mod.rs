//! The adapter to `rumqttc` 0.25.1 (MQTT 5): the only place that names it.
//!
//! Most of that library's defects live in state that survives a reconnect, so each connection gets a
//! client and an event loop of its own, with a clean start. What remains is covered here: a poll
//! that hangs (write without a timeout) ends by our own timeout; a server keep-alive of 0, which
//! would make it ping without pause, is refused; CONNACK's Server Reference, and the refusal of a
//! broker that speaks only 3.1.1, which it cannot read, are asked for once more by hand (`probe`).
//!
//! Which publish a PUBACK belongs to, the library does not say. `Outgoing::Publish(id)` comes once
//! for each publish, in the order in which they were handed over, after the socket took the last
//! byte: so a queue of tokens pairs them.

mod poll;
mod probe;
mod reason;
mod tls;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, LastWill};
use rumqttc::v5::{AsyncClient, EventLoop, MqttOptions};
use rumqttc::{NetworkOptions, TlsConfiguration, Transport};
use shelfwire_core::limits::{LINK_QUEUE_MAX, PACKET_IN_MAX_BYTES, SEND_BUFFER_BYTES};
use shelfwire_core::session::{BrokerLimits, Gone, Token};
use tokio::sync::mpsc;

use super::link::{Dial, Link, LinkAlarm, LinkEvent, Outgoing, QueueFull};
use crate::support::tasks::{Attached, attach};
pub use crate::support::tls::TlsFiles;
use crate::support::tls::client_config;
use poll::Raw;
use reason::Redirect;

/// How long a DISCONNECT may take to be written.
const CLOSE: Duration = Duration::from_secs(1);
/// The library refuses a shorter keep-alive by a panic.
const KEEP_ALIVE_MIN: Duration = Duration::from_secs(5);

/// Where the broker is, and how to be let in.
#[derive(Debug, Clone)]
pub struct BrokerSettings {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// `mqtts`, and its files; all are read again for each connection.
    pub tls: Option<TlsFiles>,
    /// MQTT client id.
    pub client_id: String,
    /// User name.
    pub username: Option<String>,
    /// File with the password; read again for each connection.
    pub password: Option<PathBuf>,
    /// Keep-alive; 5 s at the least.
    pub keep_alive: Duration,
    /// Without any event for so long the connection is dropped.
    pub poll: Duration,
    /// DNS, TCP, TLS and CONNACK together.
    pub connect: Duration,
}

/// Makes connections to one broker, or to the one that it names.
#[derive(Debug)]
pub struct MqttDial {
    settings: BrokerSettings,
    redirect: Option<Redirect>,
    redirects: (mpsc::Sender<Redirect>, mpsc::Receiver<Redirect>),
    /// Connections in a row without CONNACK: the probe is rare.
    silent: u32,
}

impl MqttDial {
    /// A dialler; connects nowhere yet.
    pub fn new(settings: BrokerSettings) -> Self {
        Self {
            settings,
            redirect: None,
            redirects: mpsc::channel(1),
            silent: 0,
        }
    }

    /// Where the next connection goes: a Server Reference holds for one connection (0x9C), or until
    /// that server cannot be used (0x9D).
    fn place(&mut self) -> (String, u16) {
        if self
            .redirect
            .as_ref()
            .is_some_and(|to| to.used && !to.permanent)
        {
            self.redirect = None;
        }
        if let Ok(redirect) = self.redirects.1.try_recv() {
            self.redirect = Some(redirect);
        }
        match &mut self.redirect {
            Some(to) if !(to.used && self.silent > 0) => {
                to.used = true;
                (to.host.clone(), to.port.unwrap_or(self.settings.port))
            }
            _ => {
                self.redirect = None;
                (self.settings.host.clone(), self.settings.port)
            }
        }
    }

    fn options(&self, host: &str, port: u16, will: &Outgoing) -> Result<MqttOptions, LinkAlarm> {
        let settings = &self.settings;
        let mut options = MqttOptions::new(settings.client_id.clone(), host, port);
        options
            .set_clean_start(true)
            .set_session_expiry_interval(Some(0))
            .set_keep_alive(settings.keep_alive.max(KEEP_ALIVE_MIN))
            .set_connection_timeout(settings.connect.as_secs().saturating_add(1))
            .set_max_packet_size(Some(PACKET_IN_MAX_BYTES))
            .set_outgoing_inflight_upper_limit(LINK_QUEUE_MAX)
            .set_last_will(LastWill::new(
                will.topic.clone(),
                will.payload.clone(),
                QoS::AtLeastOnce,
                will.retain,
                None,
            ));
        let mut network = NetworkOptions::new();
        network.set_tcp_send_buffer_size(SEND_BUFFER_BYTES);
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        if let Some(username) = &settings.username {
            let password = match &settings.password {
                Some(path) => std::fs::read_to_string(path).map_err(|e| unreadable(path, &e))?,
                None => String::new(),
            };
            options.set_credentials(username.clone(), password.trim_end_matches(['\r', '\n']));
        }
        if let Some(files) = &settings.tls {
            let config = client_config(files)?;
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)));
        }
        Ok(options)
    }
}

pub(super) fn unreadable(path: &std::path::Path, error: &std::io::Error) -> LinkAlarm {
    LinkAlarm {
        code: "uplink_file",
        text: format!("cannot read {}: {error}", path.display()),
        fix: "put the file there, readable for the user that shelfwire runs as",
    }
}

impl Dial for MqttDial {
    type Link = MqttLink;

    fn dial(&mut self, will: Outgoing) -> MqttLink {
        let (host, port) = self.place();
        // Taken back by the link when CONNACK says yes.
        let probe = self.silent % 20 == 1;
        self.silent = self.silent.saturating_add(1);
        match self.options(&host, port, &will) {
            Ok(options) => MqttLink::begin(options, self, probe),
            Err(alarm) => MqttLink::stillborn(alarm),
        }
    }

    fn connected(&mut self) {
        self.silent = 0;
    }
}

/// One connection through `rumqttc`.
#[derive(Debug)]
pub struct MqttLink {
    client: Option<AsyncClient>,
    events: mpsc::Receiver<Raw>,
    task: Option<Attached>,
    /// Handed over, packet id not yet known; in order.
    handed: VecDeque<Token>,
    /// By packet id: sent, PUBACK not yet come.
    sent: HashMap<u16, Token>,
    /// To be told before anything else.
    local: VecDeque<LinkEvent>,
    packet_max_bytes: Option<u32>,
}

impl MqttLink {
    fn begin(options: MqttOptions, dial: &MqttDial, probe: bool) -> Self {
        let (client, looping) = AsyncClient::new(options, usize::from(LINK_QUEUE_MAX));
        let (told, events) = mpsc::channel(usize::from(LINK_QUEUE_MAX));
        let poller = poll::Poller {
            told,
            redirects: dial.redirects.0.clone(),
            connect: dial.settings.connect,
            poll: dial.settings.poll,
            probe,
        };
        Self {
            client: Some(client),
            events,
            task: Some(attach(poller.run(Box::<EventLoop>::new(looping)))),
            handed: VecDeque::new(),
            sent: HashMap::new(),
            local: VecDeque::new(),
            packet_max_bytes: None,
        }
    }

    /// A connection that could not even be begun.
    fn stillborn(alarm: LinkAlarm) -> Self {
        let gone = LinkEvent::Gone(Gone::Network(alarm.text.clone()), Some(alarm));
        Self {
            client: None,
            events: mpsc::channel(1).1,
            task: None,
            handed: VecDeque::new(),
            sent: HashMap::new(),
            local: VecDeque::from([gone]),
            packet_max_bytes: None,
        }
    }

    fn translate(&mut self, raw: Raw) -> LinkEvent {
        match raw {
            Raw::Connected(limits) => {
                self.packet_max_bytes = limits.packet_max_bytes;
                LinkEvent::Connected(limits)
            }
            Raw::Sent(id) => match self.handed.pop_front() {
                Some(token) => {
                    self.sent.insert(id, token);
                    LinkEvent::Sent(token)
                }
                None => broken("the MQTT library published something that was not handed to it"),
            },
            Raw::PubAck(id, reason) => match self.sent.remove(&id) {
                Some(token) => LinkEvent::PubAck(token, reason),
                None => broken("the broker acknowledged something that was not sent"),
            },
            Raw::SubAck(codes) => match codes.into_iter().find(|code| *code >= 0x80) {
                Some(code) => LinkEvent::SubscribeRefused(code),
                None => LinkEvent::Subscribed,
            },
            Raw::Arrived(topic, payload) => LinkEvent::Arrived { topic, payload },
            Raw::Moved => LinkEvent::Moved,
            Raw::Gone(gone, alarm) => LinkEvent::Gone(gone, alarm),
        }
    }
}

fn broken(text: &str) -> LinkEvent {
    LinkEvent::Gone(Gone::Network(text.to_owned()), None)
}

impl Link for MqttLink {
    fn subscribe(&mut self, filters: &[String]) -> Result<(), QueueFull> {
        let filters = filters
            .iter()
            .map(|filter| Filter::new(filter.clone(), QoS::AtLeastOnce));
        let client = self.client.as_ref().ok_or(QueueFull)?;
        client.try_subscribe_many(filters).ok().ok_or(QueueFull)
    }

    fn publish(&mut self, token: Token, message: Outgoing) -> Result<(), QueueFull> {
        let client = self.client.as_ref().ok_or(QueueFull)?;
        let bytes = message.payload.len() + message.topic.len() + PUBLISH_HEAD_BYTES;
        if self
            .packet_max_bytes
            .is_some_and(|max| bytes > max as usize)
        {
            // Too large for this broker: the library would break the connection over it.
            self.local.push_back(LinkEvent::Sent(token));
            self.local
                .push_back(LinkEvent::PubAck(token, reason::PACKET_TOO_LARGE));
            return Ok(());
        }
        self.handed.push_back(token);
        let handed = client.try_publish(
            message.topic,
            QoS::AtLeastOnce,
            message.retain,
            message.payload,
        );
        if handed.is_err() {
            self.handed.pop_back();
            return Err(QueueFull);
        }
        Ok(())
    }

    async fn next(&mut self) -> LinkEvent {
        if let Some(event) = self.local.pop_front() {
            return event;
        }
        match self.events.recv().await {
            Some(raw) => self.translate(raw),
            None => std::future::pending().await,
        }
    }

    async fn close(mut self) {
        let said = self.client.as_ref().map(AsyncClient::try_disconnect);
        if let (Some(Ok(())), Some(mut task)) = (said, self.task.take()) {
            // The poller must not wait for someone who reads no more.
            self.events.close();
            task.ended(CLOSE).await;
        }
    }
}

/// Fixed header, topic length, packet id and no properties, at the most.
const PUBLISH_HEAD_BYTES: usize = 5 + 2 + 2 + 1;

/// Limits as CONNACK told them.
fn limits(properties: Option<&rumqttc::v5::mqttbytes::v5::ConnAckProperties>) -> BrokerLimits {
    let mut limits = BrokerLimits::default();
    if let Some(told) = properties {
        limits.receive_max = told.receive_max.unwrap_or(limits.receive_max);
        limits.packet_max_bytes = told.max_packet_size;
        limits.qos_max = told.max_qos.unwrap_or(limits.qos_max);
    }
    limits
}
