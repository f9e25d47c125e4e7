//! The centre at the broker: MQTT 5, shared subscriptions, a new client for every connection, clean
//! start, no manual acknowledgement: what a dead instance held comes again by the stores' credit.

mod tls;

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnectReturnCode, Filter, Packet, PubAckReason, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use shelfwire_core::limits::INFLATED_MAX_BYTES;
use shelfwire_core::wire::UpKind;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use super::inbound::Message;
use super::options::BrokerOptions;
use super::writer::Input;
use crate::support::delays::Delays;
use crate::support::tasks::Stop;
use crate::support::tls::mend;

const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// rumqttc has no timeout on a write: a poll that brings nothing for this long ends the connection.
const POLL: Duration = Duration::from_secs(30);
const CONNECT_S: u64 = 10;
const RECONNECT_MIN: Duration = Duration::from_millis(200);
const RECONNECT_MAX: Duration = Duration::from_secs(20);
/// A connection that lasted this long was a good one.
const STABLE: Duration = Duration::from_secs(30);
/// Publishes of ours that the broker has not acknowledged.
const INFLIGHT_MAX: u16 = 100;
/// Messages that the broker may send ahead.
const RECEIVE_MAX: u16 = 256;

/// Why a connection ended. All of them are tried again; the files are read anew.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("{0}")]
    Connection(Box<ConnectionError>),
    #[error("nothing came from the broker for 30 s")]
    Silent,
    #[error("the broker refused the connection: {0:?}")]
    Refused(ConnectReturnCode),
    #[error("the broker closed the connection: {0}")]
    Closed(String),
    #[error("the broker refused the subscription {filter}: {reason:?}; see config/mosquitto.acl")]
    Subscription {
        filter: String,
        reason: SubscribeReasonCode,
    },
    #[error("{0}")]
    Files(#[from] tls::FileError),
    #[error("the writer has stopped")]
    Writer,
}

impl From<ConnectionError> for Ended {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::ConnectionRefused(code) => Self::Refused(code),
            other @ (ConnectionError::MqttState(_)
            | ConnectionError::Timeout(_)
            | ConnectionError::Tls(_)
            | ConnectionError::Io(_)
            | ConnectionError::NotConnAck(_)
            | ConnectionError::RequestsDone) => Self::Connection(Box::new(other)),
        }
    }
}

/// One group name per filter: brokers mix up two filters of one group. `status` is not shared, since
/// a shared subscription is not given what is retained, and a will that was published while no
/// centre listened must be heard.
fn filters() -> Vec<String> {
    let topic = |kind: UpKind| format!("retail/v1/+/{}", kind.topic());
    let shared = |kind: UpKind| {
        let group = kind.topic().replace('/', "-");
        format!("$share/central-{group}/{}", topic(kind))
    };
    let filter = |kind| match kind {
        UpKind::Status => topic(kind),
        UpKind::Hello
        | UpKind::Delta
        | UpKind::Levels
        | UpKind::Alert
        | UpKind::Health
        | UpKind::Reply => shared(kind),
    };
    UpKind::ALL.into_iter().map(filter).collect()
}

/// Serves until the stop flag is up or the writer has ended, one connection after another.
pub(super) async fn serve(
    options: BrokerOptions,
    up: mpsc::Sender<Input>,
    mut down: mpsc::Receiver<Message>,
    stop: Stop,
) {
    let mut delays = Delays::new(RECONNECT_MIN, RECONNECT_MAX);
    let mut outage = false;
    loop {
        let began = Instant::now();
        let ended = tokio::select! {
            ended = connection(&options, &up, &mut down, &mut outage) => ended,
            () = stop.raised() => return,
        };
        if matches!(ended, Ended::Writer) {
            return;
        }
        if began.elapsed() >= STABLE {
            delays.reset();
        }
        // One line at the start of an outage, one at its end.
        if !outage {
            let mut text = ended.to_string();
            if ["certificate", "fatal alert"]
                .iter()
                .any(|word| text.contains(word))
            {
                text = format!("{text}; {}", mend(&text));
            }
            warn!(broker = %options.url.host, "not connected: {text}; trying again");
            outage = true;
        }
        tokio::select! {
            () = tokio::time::sleep(delays.next_delay()) => {}
            () = stop.raised() => return,
        }
    }
}

async fn connection(
    options: &BrokerOptions,
    up: &mpsc::Sender<Input>,
    down: &mut mpsc::Receiver<Message>,
    outage: &mut bool,
) -> Ended {
    let mqtt = match mqtt_options(options) {
        Ok(mqtt) => mqtt,
        Err(error) => return error.into(),
    };
    // Answers to connections that are over would reach stores that have asked again since.
    while down.try_recv().is_ok() {}
    let (client, events) = AsyncClient::new(mqtt, 64);
    tokio::select! {
        ended = poll(events, &client, up, outage) => ended,
        ended = publish(&client, down) => ended,
    }
}

fn mqtt_options(options: &BrokerOptions) -> Result<MqttOptions, tls::FileError> {
    let url = &options.url;
    let id = format!("shelfwire-central-{}", uuid::Uuid::new_v4().simple());
    let mut mqtt = MqttOptions::new(id, url.host.clone(), url.port);
    mqtt.set_keep_alive(KEEP_ALIVE)
        .set_clean_start(true)
        .set_connection_timeout(CONNECT_S)
        .set_session_expiry_interval(Some(0))
        .set_receive_maximum(Some(RECEIVE_MAX))
        .set_max_packet_size(u32::try_from(INFLATED_MAX_BYTES + 1_024).ok())
        .set_outgoing_inflight_upper_limit(INFLIGHT_MAX);
    if url.tls {
        mqtt.set_transport(tls::transport(options)?);
    }
    if let Some(username) = &options.username {
        mqtt.set_credentials(username.clone(), tls::password(options)?);
    }
    Ok(mqtt)
}

/// Polls, and does nothing else that could wait for the publisher.
async fn poll(
    mut events: EventLoop,
    client: &AsyncClient,
    up: &mpsc::Sender<Input>,
    outage: &mut bool,
) -> Ended {
    let mut refusals = Refusals::default();
    loop {
        let event = match timeout(POLL, events.poll()).await {
            Ok(Ok(event)) => event,
            Ok(Err(error)) => return error.into(),
            Err(_elapsed) => return Ended::Silent,
        };
        let Event::Incoming(packet) = event else {
            continue;
        };
        match packet {
            Packet::ConnAck(_) => {
                let wanted = filters()
                    .into_iter()
                    .map(|f| Filter::new(f, QoS::AtLeastOnce));
                if client.try_subscribe_many(wanted).is_err() {
                    return Ended::Closed("the subscription could not be queued".to_owned());
                }
            }
            Packet::SubAck(answer) => {
                let codes = answer.return_codes.iter().zip(filters());
                for (code, filter) in codes {
                    if !matches!(code, SubscribeReasonCode::Success(_)) {
                        let reason = *code;
                        return Ended::Subscription { filter, reason };
                    }
                }
                info!("connected to the broker and listening");
                *outage = false;
            }
            Packet::Publish(publish) => {
                let message = Message {
                    topic: String::from_utf8_lossy(&publish.topic).into_owned(),
                    payload: publish.payload.to_vec(),
                };
                if up.send(Input::Message(message)).await.is_err() {
                    return Ended::Writer;
                }
            }
            Packet::Disconnect(end) => return Ended::Closed(format!("{:?}", end.reason_code)),
            Packet::PubAck(ack) => refusals.hear(ack.reason),
            Packet::Auth(_)
            | Packet::Connect(..)
            | Packet::PingReq(_)
            | Packet::PingResp(_)
            | Packet::Subscribe(_)
            | Packet::PubRec(_)
            | Packet::PubRel(_)
            | Packet::PubComp(_)
            | Packet::Unsubscribe(_)
            | Packet::UnsubAck(_) => {}
        }
    }
}

/// What the broker did not take of ours: said once in a connection, since the cause is an ACL or a
/// quota and not the message.
#[derive(Debug, Default)]
struct Refusals(bool);

impl Refusals {
    fn hear(&mut self, reason: PubAckReason) {
        let fine = matches!(
            reason,
            PubAckReason::Success | PubAckReason::NoMatchingSubscribers
        );
        if !fine && !self.0 {
            warn!(
                ?reason,
                "the broker refuses what the centre publishes; see config/mosquitto.acl"
            );
            self.0 = true;
        }
    }
}

async fn publish(client: &AsyncClient, down: &mut mpsc::Receiver<Message>) -> Ended {
    while let Some(message) = down.recv().await {
        let sent = client.publish(message.topic, QoS::AtLeastOnce, false, message.payload);
        if sent.await.is_err() {
            return Ended::Closed("the client has ended".to_owned());
        }
    }
    Ended::Writer
}
