//! Who this box is, and random bytes.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use shelfwire_core::domain::ids::BoxId;

/// The kernel's generator gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the kernel gives no random bytes: {0}")]
pub struct RandomError(String);

/// Random bytes from the kernel: ids, nonces, salts.
pub fn random<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| RandomError(error.to_string()))?;
    Ok(bytes)
}

/// What a box's identity was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoxIdSource {
    /// The device tree's serial number.
    DeviceTree,
    /// Permanent hardware address of the first network card that is part of the board.
    HardwareAddress,
    /// `/etc/machine-id`: goes with the disk, not with the box.
    MachineId,
    /// Nothing of that kind could be read.
    Nothing,
}

/// One stable identity of the hardware, digested, and what it was taken from.
///
/// Only what every user may read counts, so that the service and a person's command agree on it
/// (DMI serial numbers are root's alone).
pub fn box_id() -> (BoxId, BoxIdSource) {
    box_id_under(Path::new("/"))
}

fn box_id_under(root: &Path) -> (BoxId, BoxIdSource) {
    let found = text(&root.join("sys/firmware/devicetree/base/serial-number"))
        .map(|serial| (serial, BoxIdSource::DeviceTree))
        .or_else(|| {
            hardware_address(&root.join("sys/class/net"))
                .map(|address| (address, BoxIdSource::HardwareAddress))
        })
        .or_else(|| text(&root.join("etc/machine-id")).map(|id| (id, BoxIdSource::MachineId)));
    let (value, source) = found.unwrap_or((String::new(), BoxIdSource::Nothing));
    let mut hash = Sha256::new();
    hash.update(b"shelfwire box");
    hash.update(value.as_bytes());
    let mut id = [0; 8];
    for (to, from) in id.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    (BoxId(id), source)
}

fn hardware_address(cards: &Path) -> Option<String> {
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    for card in fs::read_dir(cards).ok()?.flatten() {
        let card = card.path();
        // Without a device it is a bridge or a tunnel; behind USB it can be pulled out.
        let Ok(device) = card.join("device").canonicalize() else {
            continue;
        };
        let usb = device.components().any(|part| {
            part.as_os_str()
                .to_str()
                .is_some_and(|part| part.starts_with("usb"))
        });
        let permanent = text(&card.join("addr_assign_type")).as_deref() == Some("0");
        let ethernet = text(&card.join("type")).as_deref() == Some("1");
        if usb || !permanent || !ethernet {
            continue;
        }
        if let Some(address) = text(&card.join("address")) {
            found.push((device, address));
        }
    }
    found.sort();
    found.into_iter().next().map(|(_, address)| address)
}

fn text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn the_device_tree_wins_then_the_onboard_card_then_the_machine_id() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        assert_eq!(box_id_under(root).1, BoxIdSource::Nothing);
        write(root, "etc/machine-id", "0123\n");
        let machine = box_id_under(root);
        assert_eq!(machine.1, BoxIdSource::MachineId);
        for (card, device, kind) in [
            ("eth0", "pci0/x", "0"),
            ("enx", "usb1/y", "0"),
            ("br", "", "0"),
            ("wlan", "pci0/a", "3"),
        ] {
            let base = format!("sys/class/net/{card}");
            write(root, &format!("{base}/address"), &format!("02:00:{card}"));
            write(root, &format!("{base}/addr_assign_type"), kind);
            write(root, &format!("{base}/type"), "1\n");
            if !device.is_empty() {
                let target = root.join("sys/devices").join(device);
                fs::create_dir_all(&target).unwrap();
                std::os::unix::fs::symlink(target, root.join(&base).join("device")).unwrap();
            }
        }
        let card = box_id_under(root);
        assert_eq!(card.1, BoxIdSource::HardwareAddress);
        write(root, "sys/class/net/eth0/address", "02:00:other");
        assert_ne!(box_id_under(root).0, card.0);
        write(
            root,
            "sys/firmware/devicetree/base/serial-number",
            "10000000abcd\0",
        );
        assert_eq!(box_id_under(root).1, BoxIdSource::DeviceTree);
    }

    #[test]
    fn random_bytes_differ() {
        assert_ne!(random::<16>().unwrap(), random::<16>().unwrap());
    }
}
