//! A broker inside the demo's own process, on loopback.
//!
//! It answers every PUBACK with success and keeps nothing: right for showing, not for proving.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};

/// Largest packet it takes: the contract's payload and its topic fit well.
const PACKET_MAX_BYTES: usize = 64 * 1024;

/// Starts the broker on a free port of loopback; it runs until the process ends.
pub(super) fn start() -> io::Result<SocketAddr> {
    let listen = free_port()?;
    let connections = ConnectionSettings {
        connection_timeout_ms: 5_000,
        max_payload_size: PACKET_MAX_BYTES,
        max_inflight_count: 100,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server = ServerSettings {
        name: "demo".to_owned(),
        listen,
        tls: None,
        next_connection_delay_ms: 1,
        connections,
    };
    let router = RouterConfig {
        max_connections: 64,
        max_outgoing_packet_count: 200,
        max_segment_size: 8 * 1024 * 1024,
        max_segment_count: 4,
        ..RouterConfig::default()
    };
    let config = Config {
        router,
        v5: Some(HashMap::from([("demo".to_owned(), server)])),
        ..Config::default()
    };
    let mut broker = Broker::new(config);
    std::thread::Builder::new()
        .name("demo-broker".to_owned())
        .spawn(move || {
            // It returns only when it cannot serve; the agent then says that nobody answers.
            if let Err(error) = broker.start() {
                tracing::error!(%error, "the demo's broker stopped");
            }
        })?;
    Ok(listen)
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
