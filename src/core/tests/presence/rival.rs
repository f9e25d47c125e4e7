//! The best open rule there is, restated from its published formulas, to be run beside ours on the
//! same reads: `app-rfid-llrp-inventory` of `EdgeX` Foundry (Apache-2.0), its mobility profile and its
//! documented profile for garments.
//!
//! A tag is where it was first read. Another antenna takes it when it has read it at least twice and
//! the mean of its last 20 signals beats that of the present one by an offset that falls with the
//! time since the present one last heard it.

/// Signals in a window; they never age.
const WINDOW: usize = 20;

/// How the offset falls.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    threshold_db: f64,
    holdoff_ms: f64,
    slope_db_per_ms: f64,
}

/// As it is delivered.
pub const DEFAULT: Profile = Profile {
    threshold_db: 6.0,
    holdoff_ms: 500.0,
    slope_db_per_ms: -0.008,
};

/// As its documents advise for garments.
pub const GARMENT: Profile = Profile {
    threshold_db: 6.0,
    holdoff_ms: 60_000.0,
    slope_db_per_ms: -0.0005,
};

#[derive(Debug, Clone, Default)]
struct Signals {
    dbm: Vec<f64>,
    next: usize,
    last_ms: u64,
}

impl Signals {
    fn push(&mut self, dbm: f64, at_ms: u64) {
        if self.dbm.len() < WINDOW {
            self.dbm.push(dbm);
        } else {
            self.dbm[self.next] = dbm;
            self.next = (self.next + 1) % WINDOW;
        }
        self.last_ms = at_ms;
    }

    fn mean(&self) -> f64 {
        self.dbm.iter().sum::<f64>() / count(self.dbm.len())
    }
}

fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).unwrap())
}

/// One tag.
#[derive(Debug, Clone)]
pub struct Tag {
    profile: Profile,
    antennas: [Signals; 2],
    home: Option<usize>,
}

impl Tag {
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            antennas: [Signals::default(), Signals::default()],
            home: None,
        }
    }

    pub fn home(&self) -> Option<usize> {
        self.home
    }

    /// Takes a read in; true if the tag has moved by it.
    pub fn read(&mut self, antenna: usize, dbm: f64, at_ms: u64) -> bool {
        self.antennas[antenna].push(dbm, at_ms);
        let Some(home) = self.home else {
            self.home = Some(antenna);
            return false;
        };
        if home == antenna {
            return false;
        }
        let (there, here) = (&self.antennas[antenna], &self.antennas[home]);
        let profile = self.profile;
        let silent_ms = f64::from(u32::try_from(at_ms - here.last_ms).unwrap());
        let falling = profile.slope_db_per_ms * (silent_ms - profile.holdoff_ms);
        let offset = profile.threshold_db.min(profile.threshold_db + falling);
        let moves = there.dbm.len() >= 2 && there.mean() > here.mean() + offset;
        if moves {
            self.home = Some(antenna);
        }
        moves
    }
}

#[test]
fn the_offset_falls_as_its_table_says() {
    let at = |profile: Profile, silent_ms: f64| {
        let falling = profile.slope_db_per_ms * (silent_ms - profile.holdoff_ms);
        profile.threshold_db.min(profile.threshold_db + falling)
    };
    for (silent_ms, default, garment) in [
        (0.0, 6.0, 6.0),
        (1_250.0, 0.0, 6.0),
        (5_000.0, -30.0, 6.0),
        (60_000.0, -470.0, 6.0),
        (72_000.0, -566.0, 0.0),
    ] {
        assert!((at(DEFAULT, silent_ms) - default).abs() < 1e-9);
        assert!((at(GARMENT, silent_ms) - garment).abs() < 1e-9);
    }
}
