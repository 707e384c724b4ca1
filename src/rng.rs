//! Chance that repeats: every device draws from a stream of its own, made from the plant's seed and a name.

use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

/// A device's own random stream. The same seed and name give the same numbers for ever.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of the device called `name` under the plant's `seed`.
    pub fn new(seed: u64, name: &str) -> Self {
        // FNV-1a: stable over versions and platforms, which std's hasher does not promise.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(Xoshiro256PlusPlus::seed_from_u64(seed ^ hash))
    }

    /// Standard normal, mean 0, deviation 1.
    pub fn normal(&mut self) -> f64 {
        self.0.sample(StandardNormal)
    }

    /// Uniform in 0..1.
    pub fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    /// True with the probability that an event of `rate_per_s` falls into `dt_s`.
    pub fn happens(&mut self, rate_per_s: f64, dt_s: f64) -> bool {
        self.uniform() < -(-rate_per_s * dt_s).exp_m1()
    }
}
