//! What holds for a route's calls beside the order of its targets: who may serve them at all, what each
//! target is asked, and which answers will do.

use interline_catalog::Tier;
use interline_core::Target;
use interline_routing::{Constraints, Gate, Variant};

/// What holds for a route's calls beside the order of its targets. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RouteTerms {
    /// Who may serve them, fallbacks included.
    pub constraints: Constraints,
    /// What single targets, or tiers, are asked instead of what the caller wrote.
    pub variants: Variants,
    /// Which answers will do; all where `None`.
    pub gate: Option<Gate>,
    /// What the gate does about streams.
    pub gated_streams: GatedStreams,
}

/// What a gate does about streams: it can only look at whole answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum GatedStreams {
    /// They pass without being looked at, and the trace says so.
    #[default]
    PassUnseen,
    /// They are held back until they are complete; callers see the first content only then.
    Buffered,
}

impl RouteTerms {
    /// Nothing holds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says who may serve calls.
    #[must_use]
    pub fn with_constraints(mut self, constraints: Constraints) -> Self {
        self.constraints = constraints;
        self
    }

    /// Says what single targets, or tiers, are asked.
    #[must_use]
    pub fn with_variants(mut self, variants: Variants) -> Self {
        self.variants = variants;
        self
    }

    /// Looks at answers.
    #[must_use]
    pub fn with_gate(mut self, gate: impl Into<Option<Gate>>) -> Self {
        self.gate = gate.into();
        self
    }

    /// Says what the gate does about streams.
    #[must_use]
    pub const fn with_gated_streams(mut self, streams: GatedStreams) -> Self {
        self.gated_streams = streams;
        self
    }
}

/// Prompt variants by target and by tier.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Variants {
    of_targets: Vec<(Target, Variant)>,
    of_tiers: Vec<(Tier, Variant)>,
}

impl Variants {
    /// No variant.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            of_targets: Vec::new(),
            of_tiers: Vec::new(),
        }
    }

    /// Sets what a target is asked.
    #[must_use]
    pub fn with_target(mut self, target: Target, variant: Variant) -> Self {
        self.of_targets.push((target, variant));
        self
    }

    /// Sets what the targets of a tier are asked.
    #[must_use]
    pub fn with_tier(mut self, tier: Tier, variant: Variant) -> Self {
        self.of_tiers.push((tier, variant));
        self
    }

    /// What a target of this tier is asked: its own word before its tier's. `None` where nothing changes.
    pub(crate) fn of(&self, target: &Target, tier: Tier) -> Option<Variant> {
        let own = self.of_targets.iter().find(|(one, _)| one == target);
        let tiers = self.of_tiers.iter().find(|(one, _)| *one == tier);
        let variant = match (own, tiers) {
            (Some((_, own)), Some((_, tier))) => own.or(tier),
            (Some((_, one)), None) | (None, Some((_, one))) => one.clone(),
            (None, None) => return None,
        };
        (!variant.is_empty()).then_some(variant)
    }

    /// The targets that have a variant of their own.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.of_targets.iter().map(|(target, _)| target)
    }
}
