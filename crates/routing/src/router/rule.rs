//! Business rules: what the tags of a call decide about who may serve it, and for which objective.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use interline_core::{Error, Result};

use crate::{Constraints, OptimizeFor, Preferences};

/// A tag that a call must carry: `plan=premium`, or `plan` with whatever value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TagCondition {
    /// The tag's name.
    pub name: String,
    /// Its value; any where `None`.
    pub value: Option<String>,
}

impl TagCondition {
    /// Whether a call with these tags meets it.
    #[must_use]
    pub fn holds(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.get(&self.name)
            .is_some_and(|found| self.value.as_ref().is_none_or(|wanted| wanted == found))
    }
}

impl FromStr for TagCondition {
    type Err = Error;

    /// Reads `name=value` or `name`.
    ///
    /// # Errors
    /// `InvalidRequest` where the name is empty.
    fn from_str(text: &str) -> Result<Self> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().to_owned())),
            None => (text.trim(), None),
        };
        if name.is_empty() {
            return Err(Error::invalid_request(format!(
                "`{text}` names no tag: write `name=value` or `name`"
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            value,
        })
    }
}

impl fmt::Display for TagCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// What holds for calls that carry some tags.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rule {
    /// The tags that a call must carry, all of them; with none the rule holds for every call.
    pub when: Vec<TagCondition>,
    /// What their choice is to be best at, where the caller says nothing.
    pub optimize_for: Option<OptimizeFor>,
    /// Who may serve them.
    pub constraints: Constraints,
    /// Who is asked first.
    pub preferences: Preferences,
}

impl Rule {
    /// A rule for calls with these tags that says nothing yet.
    #[must_use]
    pub fn new(when: impl Into<Vec<TagCondition>>) -> Self {
        Self {
            when: when.into(),
            ..Self::default()
        }
    }

    /// Says what the choice is to be best at.
    #[must_use]
    pub fn with_optimize_for(mut self, objective: impl Into<Option<OptimizeFor>>) -> Self {
        self.optimize_for = objective.into();
        self
    }

    /// Says who may serve such calls.
    #[must_use]
    pub fn with_constraints(mut self, constraints: Constraints) -> Self {
        self.constraints = constraints;
        self
    }

    /// Says who is asked first.
    #[must_use]
    pub fn with_preferences(mut self, preferences: Preferences) -> Self {
        self.preferences = preferences;
        self
    }

    /// Whether it holds for a call with these tags.
    #[must_use]
    pub fn holds(&self, tags: &BTreeMap<String, String>) -> bool {
        self.when.iter().all(|condition| condition.holds(tags))
    }

    /// The condition in words, for traces.
    fn words(&self) -> String {
        if self.when.is_empty() {
            return "every call".to_owned();
        }
        let words: Vec<_> = self.when.iter().map(ToString::to_string).collect();
        words.join(", ")
    }
}

/// What all rules together say of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleVerdict {
    /// The objective of the first rule that names one.
    pub optimize_for: Option<OptimizeFor>,
    /// The constraints of all rules that hold: none of them lifts another's.
    pub constraints: Constraints,
    /// The preferences; where several rules wish the same kind of thing, the first one's.
    pub preferences: Preferences,
    /// The conditions of the rules that hold, in words.
    pub held: Vec<String>,
}

impl RuleVerdict {
    /// What `rules` say of a call with these tags.
    #[must_use]
    pub fn of(rules: &[Rule], tags: &BTreeMap<String, String>) -> Self {
        let mut verdict = Self::default();
        for rule in rules.iter().filter(|rule| rule.holds(tags)) {
            verdict.optimize_for = verdict.optimize_for.or(rule.optimize_for);
            verdict.constraints = verdict.constraints.and(&rule.constraints);
            verdict.preferences = verdict.preferences.or(&rule.preferences);
            verdict.held.push(rule.words());
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(list: &[(&str, &str)]) -> BTreeMap<String, String> {
        list.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn when(conditions: &[&str]) -> Rule {
        let conditions: Vec<_> = conditions
            .iter()
            .map(|text| text.parse().expect("a condition"))
            .collect();
        Rule::new(conditions)
    }

    #[test]
    fn a_rule_holds_where_all_its_tags_are_carried() {
        let rule = when(&["plan=premium", "team"]);
        assert!(rule.holds(&tags(&[("plan", "premium"), ("team", "x")])));
        assert!(!rule.holds(&tags(&[("plan", "premium")])));
        assert!(!rule.holds(&tags(&[("plan", "basic"), ("team", "x")])));
        assert!(when(&[]).holds(&tags(&[])));
        assert!("=x".parse::<TagCondition>().is_err());
    }

    #[test]
    fn constraints_add_up_and_the_first_objective_counts() {
        let rules = [
            when(&["plan=premium"])
                .with_optimize_for(OptimizeFor::Speed)
                .with_constraints(Constraints::new().with_providers(["a", "b"])),
            when(&["region=eu"])
                .with_optimize_for(OptimizeFor::Cost)
                .with_constraints(Constraints::new().with_regions(["eu"])),
            when(&["plan=basic"]).with_constraints(Constraints::new().with_providers(["c"])),
        ];
        let verdict = RuleVerdict::of(&rules, &tags(&[("plan", "premium"), ("region", "eu")]));
        assert_eq!(verdict.optimize_for, Some(OptimizeFor::Speed));
        let both = Constraints::new()
            .with_providers(["a", "b"])
            .with_regions(["eu"]);
        assert_eq!(verdict.constraints, both);
        assert_eq!(verdict.held, ["plan=premium", "region=eu"]);
    }
}
