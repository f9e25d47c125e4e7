//! Topics: `retail/v1/{store}/...`, at most six slashes, so that it runs on every broker.

use super::envelope::UpKind;
use crate::domain::ids::Name;

/// What the centre sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DownTopic {
    /// How far the centre is, and its answers to hello.
    Applied,
    /// What a box is asked to do.
    Command,
}

/// The topics of one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    store: Name,
}

impl Topics {
    /// The topics of a store.
    pub fn new(store: Name) -> Self {
        Self { store }
    }

    /// Where the store publishes a kind of message.
    pub fn up(&self, kind: UpKind) -> String {
        format!("retail/v1/{}/{}", self.store, kind.topic())
    }

    /// Where the centre publishes to the store.
    pub fn down(&self, topic: DownTopic) -> String {
        let level = match topic {
            DownTopic::Applied => "applied",
            DownTopic::Command => "command",
        };
        format!("retail/v1/{}/{level}", self.store)
    }

    /// The down topic of a message that arrived, if it is one of this store's.
    pub fn parse_down(&self, topic: &str) -> Option<DownTopic> {
        [DownTopic::Applied, DownTopic::Command]
            .into_iter()
            .find(|t| self.down(*t) == topic)
    }

    /// Store and kind of a message that arrived at the centre.
    pub fn parse_up(topic: &str) -> Option<(Name, UpKind)> {
        let (store, level) = topic.strip_prefix("retail/v1/")?.split_once('/')?;
        Some((store.parse().ok()?, UpKind::from_topic(level)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_parse_back_and_stay_short() {
        let store: Name = "0042".parse().unwrap();
        let topics = Topics::new(store.clone());
        for kind in UpKind::ALL {
            let topic = topics.up(kind);
            assert_eq!(Topics::parse_up(&topic), Some((store.clone(), kind)));
            assert!(topic.matches('/').count() <= 6);
        }
        assert_eq!(
            topics.parse_down("retail/v1/0042/applied"),
            Some(DownTopic::Applied)
        );
        assert_eq!(topics.parse_down("retail/v1/0043/applied"), None);
        assert_eq!(Topics::parse_up("retail/v2/0042/delta"), None);
    }
}
