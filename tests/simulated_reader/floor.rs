//! A simulated world in front of readers.

use shelfwire::demo::reader::{Floor, Reader, Settings};
use shelfwire_core::sim::shelf::{self, World, epc};

use super::client::Client;

#[test]
fn what_the_world_hears_comes_from_the_readers_that_its_antennas_are_plugged_in_to() {
    // Four shelves with an antenna each, two to a reader; tag n stands on shelf n.
    let settings = shelf::Settings::row(4, 1, 2).rates(1.0, 0.0);
    let mut world = World::new(11, settings);
    (0..4).for_each(|tag| world.place(tag, tag));
    let readers = (0..2).map(|_| Reader::start(Settings::default()).unwrap());
    let floor = Floor::new(world, readers.collect(), epc);
    let mut clients: Vec<_> = floor.readers().iter().map(Client::of).collect();
    clients.iter_mut().for_each(Client::inventory);
    floor.second();
    for (client, first) in clients.iter_mut().zip([0, 2]) {
        for (tag, antenna) in [(first, 1), (first + 1, 2)] {
            let seen = client.tags()[0];
            assert_eq!((seen.epc, seen.antenna), (epc(tag), Some(antenna)));
            let dbm = seen.rssi_cdbm.unwrap() / 100;
            assert!((-75..-35).contains(&dbm), "{dbm}");
        }
        client.quiet();
    }
    floor.world(|world| world.take(0));
    floor.second();
    assert_eq!(clients[0].tags()[0].epc, epc(1));
    clients[0].quiet();
}
