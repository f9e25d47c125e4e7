//! Random numbers with a shape.

use crate::sim::rng::Rng;

/// A seeded generator of real numbers.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    rng: Rng,
    /// The polar method makes two at a time.
    spare: Option<f64>,
}

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed),
            spare: None,
        }
    }

    /// From 0 to just below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    pub(super) fn uniform(&mut self) -> f64 {
        const STEPS: f64 = 9_007_199_254_740_992.0;
        (self.rng.next() >> 11) as f64 / STEPS
    }

    /// Mean 0, standard deviation 1: Marsaglia's polar method.
    pub(super) fn gauss(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let scale = (-2.0 * s.ln() / s).sqrt();
                self.spare = Some(v * scale);
                return u * scale;
            }
        }
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// One of so many, from 0; `None` of none.
    pub(super) fn index(&mut self, of: usize) -> Option<usize> {
        let last = u64::try_from(of).ok()?.checked_sub(1)?;
        usize::try_from(self.rng.between(0, last)).ok()
    }
}
