//! What a check found: a figure beside its limit.

/// What a check found.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// The invariant's number, or the criterion's name.
    pub(crate) id: String,
    /// What is measured, with its unit.
    pub(crate) what: String,
    /// What came out.
    pub(crate) figure: f64,
    /// What it is held against.
    pub(crate) limit: f64,
    /// On which side of the limit it must lie.
    pub(crate) bound: Bound,
}

/// On which side of its limit a figure must lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// At the limit or below.
    AtMost,
    /// At the limit or above.
    AtLeast,
    /// Nothing to measure in this run.
    NotApplicable,
}

/// Whether a finding is as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is.
    Pass,
    /// It is not.
    Fail,
    /// There was nothing to measure.
    NotApplicable,
}

impl Verdict {
    /// As the JSON report says it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotApplicable => "not_applicable",
        }
    }
}

impl Finding {
    /// A figure that must not exceed its limit.
    pub(crate) fn at_most(
        id: impl Into<String>,
        what: impl Into<String>,
        figure: f64,
        limit: f64,
    ) -> Self {
        Self::new(id, what, figure, limit, Bound::AtMost)
    }

    /// A figure that must reach its limit.
    pub(crate) fn at_least(
        id: impl Into<String>,
        what: impl Into<String>,
        figure: f64,
        limit: f64,
    ) -> Self {
        Self::new(id, what, figure, limit, Bound::AtLeast)
    }

    /// Something of which there must be none.
    pub(crate) fn none(id: impl Into<String>, what: impl Into<String>, count: usize) -> Self {
        Self::at_most(id, what, count as f64, 0.0)
    }

    /// Nothing to measure.
    pub(crate) fn not_applicable(id: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(id, what, 0.0, 0.0, Bound::NotApplicable)
    }

    fn new(
        id: impl Into<String>,
        what: impl Into<String>,
        figure: f64,
        limit: f64,
        bound: Bound,
    ) -> Self {
        Self {
            id: id.into(),
            what: what.into(),
            figure,
            limit,
            bound,
        }
    }

    /// Adds what another part of the same run found: counts add up, other figures keep the worst.
    pub(crate) fn absorb(&mut self, other: &Self) {
        match (self.bound, other.bound) {
            (_, Bound::NotApplicable) => {}
            (Bound::NotApplicable, _) => *self = other.clone(),
            _ if self.limit == 0.0 => self.figure += other.figure,
            (Bound::AtMost, _) => self.figure = self.figure.max(other.figure),
            (Bound::AtLeast, _) => self.figure = self.figure.min(other.figure),
        }
    }

    /// Whether it is as it must be. A figure that is no number fails.
    pub(crate) fn verdict(&self) -> Verdict {
        let holds = match self.bound {
            Bound::NotApplicable => return Verdict::NotApplicable,
            Bound::AtMost => self.figure <= self.limit,
            Bound::AtLeast => self.figure >= self.limit,
        };
        if holds { Verdict::Pass } else { Verdict::Fail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_holds_at_its_limit_and_fails_without_a_number() {
        assert_eq!(Finding::at_most("x", "", 1.0, 1.0).verdict(), Verdict::Pass);
        assert_eq!(
            Finding::at_least("x", "", 0.9, 1.0).verdict(),
            Verdict::Fail
        );
        let none = Finding::at_most("x", "", f64::NAN, 1.0);
        assert_eq!(none.verdict(), Verdict::Fail);
    }
}
