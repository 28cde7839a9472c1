//! Random numbers from one draw: SplitMix64, because seeding a stronger generator takes longer than
//! ordering sixteen targets.

/// Random numbers that follow from one draw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) const fn new(draw: u64) -> Self {
        Self(draw)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// A number in (0, 1].
    pub(crate) const fn unit(&mut self) -> f32 {
        unit(self.next())
    }

    /// A number below `end`, which is at least 1.
    pub(crate) const fn below(&mut self, end: usize) -> usize {
        // The high half of the product: off by less than one in 2³² for any list that fits memory.
        (((self.next() >> 32) * end as u64) >> 32) as usize
    }
}

/// A number in (0, 1] from the upper bits, so that its logarithm is finite.
pub(crate) const fn unit(word: u64) -> f32 {
    const STEPS: f32 = (1_u32 << 24) as f32;
    ((word >> 40) + 1) as f32 / STEPS
}

/// The words that differ in one bit differ in about half of theirs (the finalizer of SplitMix64).
pub(crate) const fn mixed(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}
