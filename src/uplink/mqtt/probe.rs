//! One CONNECT by hand, to read what the library cannot: the refusal of a broker that speaks only
//! MQTT 3.1.1, and the Server Reference in a CONNACK that refuses.

use std::time::Duration;

use bytes::BytesMut;
use rumqttc::v5::MqttOptions;
use rumqttc::v5::mqttbytes::v5::{Connect, ConnectReturnCode, Packet};
use rumqttc::{TlsConfiguration, Transport};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Connecting, asking and the answer together.
const LIMIT: Duration = Duration::from_secs(3);
/// A CONNACK is short; what is longer is none.
const ANSWER_MAX_BYTES: usize = 4096;

/// What the broker said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The CONNACK of MQTT 3.1.1, with its refusal of the protocol level.
    Old,
    /// Use this server.
    Elsewhere(String),
    /// Anything else.
    Other,
}

/// Asks once; `None` if there was no answer.
pub(super) async fn ask(options: &MqttOptions) -> Option<Answer> {
    timeout(LIMIT, Box::pin(dialogue(options))).await.ok()?.ok()
}

async fn dialogue(options: &MqttOptions) -> std::io::Result<Answer> {
    let (host, port) = options.broker_address();
    let stream = TcpStream::connect(format!("{host}:{port}")).await?;
    match options.transport() {
        Transport::Tls(TlsConfiguration::Rustls(config)) => {
            let name = ServerName::try_from(host).map_err(std::io::Error::other)?;
            let stream = TlsConnector::from(config).connect(name, stream).await?;
            exchange(stream, options).await
        }
        Transport::Tcp | Transport::Tls(_) | Transport::Unix => exchange(stream, options).await,
    }
}

async fn exchange<S>(mut stream: S, options: &MqttOptions) -> std::io::Result<Answer>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connect = Connect {
        keep_alive: 0,
        client_id: options.client_id(),
        clean_start: true,
        properties: None,
    };
    let mut bytes = BytesMut::new();
    Packet::Connect(connect, None, options.credentials())
        .write(&mut bytes, None)
        .map_err(std::io::Error::other)?;
    stream.write_all(&bytes).await?;
    stream.flush().await?;
    let mut answer = BytesMut::new();
    while answer.len() < ANSWER_MAX_BYTES {
        // Four bytes are the whole CONNACK of 3.1.1; MQTT 5 has at least five.
        if let [0x20, 2, _, code] = answer.as_ref() {
            return Ok(if *code == 0 {
                Answer::Other
            } else {
                Answer::Old
            });
        }
        if let Ok(packet) = Packet::read(&mut answer.clone(), None) {
            return Ok(read(&packet));
        }
        if stream.read_buf(&mut answer).await? == 0 {
            break;
        }
    }
    Ok(Answer::Other)
}

fn read(packet: &Packet) -> Answer {
    if let Packet::ConnAck(connack) = packet
        && matches!(
            connack.code,
            ConnectReturnCode::UseAnotherServer | ConnectReturnCode::ServerMoved
        )
        && let Some(properties) = &connack.properties
        && let Some(reference) = &properties.server_reference
    {
        return Answer::Elsewhere(reference.clone());
    }
    Answer::Other
}
