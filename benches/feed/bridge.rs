//! What a queue of messages drains at between two mosquittos: the local one bridges to a remote one
//! that was away meanwhile.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{Client, Event, MqttOptions};

use super::figures::{now, per_second};
use super::listener::Listener;
use super::support::mosquitto::{Mosquitto, Setup};
use super::support::wait;

/// The bridge's own in-flight window is left as Debian ships it: 20, as many as the agent's frames.
fn bridge_to(remote: u16) -> String {
    format!(
        "connection up\naddress 127.0.0.1:{remote}\nbridge_protocol_version mqttv50\n\
         topic # out 1\ncleansession false\nrestart_timeout 1\nnotifications false\n"
    )
}

/// Messages a second from first to last arrival at the remote, `QoS` 1, of so many bytes each.
pub(crate) fn drain(count: u64, bytes: usize) -> f64 {
    let mut remote = Mosquitto::start();
    remote.kill();
    let local = Mosquitto::with(&Setup {
        extra: bridge_to(remote.port()),
        ..Setup::default()
    });
    fill(local.port(), count, bytes);
    remote.start_again();
    let listener = Listener::start(remote.port(), "#");
    let count = usize::try_from(count).unwrap();
    wait::until("the bridge drains", Duration::from_secs(600), || {
        (listener.count() >= count).then_some(())
    });
    let arrived = listener.take();
    let (first, last) = (arrived.first().unwrap().0, arrived.last().unwrap().0);
    per_second(u64::try_from(arrived.len()).unwrap(), last - first)
}

/// Publishes `count` messages and returns when all are acknowledged.
fn fill(port: u16, count: u64, bytes: usize) {
    let mut options = MqttOptions::new("filler", "127.0.0.1", port);
    options.set_keep_alive(Duration::from_secs(60));
    let (client, mut connection) = Client::new(options, 100);
    let payload = vec![b'x'; bytes];
    let sending = std::thread::spawn(move || {
        for _ in 0..count {
            client
                .publish(
                    "retail/v1/0042/delta",
                    QoS::AtLeastOnce,
                    false,
                    payload.clone(),
                )
                .unwrap();
        }
        client
    });
    let begun = now();
    let mut acknowledged = 0;
    for event in connection.iter() {
        if let Event::Incoming(Packet::PubAck(_)) = event.expect("the local broker is there") {
            acknowledged += 1;
            if acknowledged == count {
                break;
            }
        }
    }
    println!(
        "  {count} messages of {bytes} B queued for the bridge in {:.1?}",
        begun.elapsed()
    );
    drop(sending.join().unwrap());
}
