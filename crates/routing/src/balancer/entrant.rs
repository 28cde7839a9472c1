//! One target as the balancer sees it: what its route says of it, and how it is doing now.

use std::num::NonZeroU32;

use interline_core::{NanoUsd, Target, TargetHealth};

use super::session::hash;

/// One target as the balancer sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Entrant {
    /// Its place in the route, under which the rotation remembers it.
    pub slot: usize,
    /// Its share, relative to the others.
    pub weight: NonZeroU32,
    /// Its group under `fallback`: lower ones come first.
    pub priority: u32,
    /// How its calls are paid for.
    pub capacity: Capacity,
    /// How good its answers are, 0–1, where somebody said so.
    pub quality: Option<f32>,
    /// What this call would cost there; `None` where that is not known.
    pub price: Option<NanoUsd>,
    /// Stands for its name, so that sessions stay with it when the route changes.
    pub name: u64,
    /// How it is doing.
    pub health: TargetHealth,
}

/// How the calls of a target are paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capacity {
    /// Provisioned: paid for whether it is used or not, so it comes first while it has room.
    Prepaid,
    /// Paid for by use.
    #[default]
    OnDemand,
}

impl Entrant {
    /// A target of weight 1 in the first group, paid for by use.
    #[must_use]
    pub const fn new(health: TargetHealth) -> Self {
        Self {
            slot: 0,
            weight: NonZeroU32::MIN,
            priority: 1,
            capacity: Capacity::OnDemand,
            quality: None,
            price: None,
            name: 0,
            health,
        }
    }

    /// Sets its place in the route.
    #[must_use]
    pub const fn with_slot(mut self, slot: usize) -> Self {
        self.slot = slot;
        self
    }

    /// Sets its share.
    #[must_use]
    pub const fn with_weight(mut self, weight: NonZeroU32) -> Self {
        self.weight = weight;
        self
    }

    /// Sets its group.
    #[must_use]
    pub const fn with_priority(mut self, priority: u32) -> Self {
        self.priority = priority;
        self
    }

    /// Says how its calls are paid for.
    #[must_use]
    pub const fn with_capacity(mut self, capacity: Capacity) -> Self {
        self.capacity = capacity;
        self
    }

    /// Says how good its answers are, 0–1.
    #[must_use]
    pub const fn with_quality(mut self, quality: Option<f32>) -> Self {
        self.quality = quality;
        self
    }

    /// Says what this call would cost there.
    #[must_use]
    pub const fn with_price(mut self, price: Option<NanoUsd>) -> Self {
        self.price = price;
        self
    }

    /// Says which target it is, for sessions.
    #[must_use]
    pub fn with_name(mut self, target: &Target) -> Self {
        let provider = hash(target.provider.as_str().as_bytes());
        self.name = provider.rotate_left(1) ^ hash(target.model.as_str().as_bytes());
        self
    }
}
