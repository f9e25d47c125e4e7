//! Messages that arrive: by topic to what the session is told.

use shelfwire_core::session::Input;
use shelfwire_core::wire::{DownTopic, Topics};

/// The filters that a store subscribes to.
pub(super) fn filters(topics: &Topics) -> [String; 2] {
    [DownTopic::Applied, DownTopic::Command].map(|topic| topics.down(topic))
}

/// What a message says; `None` for a topic that was not subscribed to.
pub(super) fn input(topics: &Topics, topic: &str, payload: &[u8]) -> Option<Input> {
    let down = topics.parse_down(topic)?;
    let input = Input::from_down(down, payload);
    if let Input::BadDown { error, .. } = &input {
        tracing::warn!(topic, error, "a message of the centre's cannot be read");
    }
    Some(input)
}
