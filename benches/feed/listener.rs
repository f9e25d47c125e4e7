//! A subscriber that does nothing but note when what arrived.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{Client, Event, MqttOptions};

use super::figures::now;
use super::support::wait;

/// Arrivals so far.
#[derive(Default)]
struct Heard {
    listening: bool,
    messages: Vec<(Instant, Bytes)>,
}

/// A subscriber of one filter, `QoS` 1, from when it was made until the broker goes away.
pub(crate) struct Listener {
    client: Client,
    heard: Arc<Mutex<Heard>>,
}

impl Listener {
    pub(crate) fn start(port: u16, filter: &str) -> Self {
        let mut options = MqttOptions::new(format!("listener-{port}"), "127.0.0.1", port);
        options
            .set_keep_alive(Duration::from_secs(60))
            .set_clean_start(true)
            .set_max_packet_size(Some(300_000));
        let (client, mut connection) = Client::new(options, 16);
        let heard = Arc::new(Mutex::new(Heard::default()));
        let sink = Arc::clone(&heard);
        client.subscribe(filter, QoS::AtLeastOnce).unwrap();
        std::thread::spawn(move || {
            for event in connection.iter() {
                let Ok(event) = event else { return };
                let at = now();
                let mut heard = sink.lock().unwrap();
                if let Event::Incoming(Packet::SubAck(_)) = event {
                    heard.listening = true;
                } else if let Event::Incoming(Packet::Publish(publish)) = event {
                    heard.messages.push((at, publish.payload));
                }
            }
        });
        let listener = Self { client, heard };
        wait::until("the subscriber listens", Duration::from_secs(10), || {
            listener.heard.lock().unwrap().listening.then_some(())
        });
        listener
    }

    /// Messages so far.
    pub(crate) fn count(&self) -> usize {
        self.heard.lock().unwrap().messages.len()
    }

    /// Everything that arrived, with its time.
    pub(crate) fn take(&self) -> Vec<(Instant, Bytes)> {
        std::mem::take(&mut self.heard.lock().unwrap().messages)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It may have ended before.
        drop(self.client.disconnect());
    }
}
