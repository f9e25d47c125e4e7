//! Seeded random numbers (`SplitMix64`), so that a failing run can be repeated.

pub struct Random(u64);

/// The seed that `SEED` names, else a new one; printed, so that the run can be repeated.
#[expect(clippy::print_stdout, reason = "a test that fails shows it")]
pub fn seed() -> u64 {
    let named = std::env::var("SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let fresh = || u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos());
    let seed = named.unwrap_or_else(fresh);
    println!("seed {seed} (SEED={seed} repeats it)");
    seed
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            let other = usize::try_from(self.below(at as u64 + 1)).unwrap();
            list.swap(at, other);
        }
    }
}
