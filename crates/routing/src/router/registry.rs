//! Which targets serve which kind of task, best first.

use interline_core::{Error, Result, Target};

use crate::OptimizeFor;
use crate::classifier::Task;

/// The targets for one kind of task, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ranking {
    quality: Vec<Target>,
    cost: Option<Vec<Target>>,
    speed: Option<Vec<Target>>,
}

/// How a list of targets came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    /// The operator wrote it for this objective, in this order.
    AsWritten,
    /// It is ordered by quality and has to be ordered for the objective.
    ByQuality,
}

impl Ranking {
    /// Targets in the order of how well they do the task. The orders by cost and by speed follow from
    /// prices and measured latencies.
    ///
    /// # Errors
    /// `InvalidRequest` where there is no target, or one twice.
    pub fn new(targets: impl Into<Vec<Target>>) -> Result<Self> {
        Ok(Self {
            quality: checked(targets.into())?,
            cost: None,
            speed: None,
        })
    }

    /// Writes the list for an objective down instead of deriving it.
    ///
    /// # Errors
    /// `InvalidRequest` as for [`Ranking::new`], and for the balanced objective, which is always derived.
    pub fn with_list(
        mut self,
        objective: OptimizeFor,
        targets: impl Into<Vec<Target>>,
    ) -> Result<Self> {
        let targets = checked(targets.into())?;
        match objective {
            OptimizeFor::Quality => self.quality = targets,
            OptimizeFor::Cost => self.cost = Some(targets),
            OptimizeFor::Speed => self.speed = Some(targets),
            OptimizeFor::Balanced => {
                return Err(Error::invalid_request(
                    "the balanced order follows from quality and cost: write no list for it",
                ));
            }
        }
        Ok(self)
    }

    pub(crate) fn list(&self, objective: OptimizeFor) -> (&[Target], Listed) {
        let written = match objective {
            OptimizeFor::Quality => Some(&self.quality),
            OptimizeFor::Cost => self.cost.as_ref(),
            OptimizeFor::Speed => self.speed.as_ref(),
            OptimizeFor::Balanced => None,
        };
        match written {
            Some(list) => (list, Listed::AsWritten),
            None => (&self.quality, Listed::ByQuality),
        }
    }

    /// A target's place in the order of quality, from 0; behind all where it is not in it.
    pub(crate) fn quality_place(&self, target: &Target) -> usize {
        let place = self.quality.iter().position(|one| one == target);
        place.unwrap_or(self.quality.len())
    }

    /// Every target of every list, once.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        let cost = self.cost.iter().flatten();
        let speed = self.speed.iter().flatten();
        let mut seen = Vec::new();
        self.quality
            .iter()
            .chain(cost)
            .chain(speed)
            .filter(move |target| {
                let is_new = !seen.contains(target);
                if is_new {
                    seen.push(*target);
                }
                is_new
            })
    }
}

fn checked(targets: Vec<Target>) -> Result<Vec<Target>> {
    if targets.is_empty() {
        return Err(Error::invalid_request(
            "the list is empty: name at least one `provider/model`",
        ));
    }
    for (place, target) in targets.iter().enumerate() {
        if targets.iter().take(place).any(|one| one == target) {
            return Err(Error::invalid_request(format!(
                "`{target}` is in the list twice"
            )));
        }
    }
    Ok(targets)
}

/// Rankings by kind of task, with one for whatever is unknown.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskRegistry {
    tasks: Vec<(Task, Ranking)>,
    default: Ranking,
}

impl TaskRegistry {
    /// `default` for every task.
    #[must_use]
    pub const fn new(default: Ranking) -> Self {
        Self {
            tasks: Vec::new(),
            default,
        }
    }

    /// Sets the ranking of a task.
    #[must_use]
    pub fn with_task(mut self, task: Task, ranking: Ranking) -> Self {
        self.tasks.retain(|(known, _)| *known != task);
        self.tasks.push((task, ranking));
        self
    }

    /// The ranking for a task, or for an unknown one.
    #[must_use]
    pub fn ranking(&self, task: Option<Task>) -> &Ranking {
        let found = task.and_then(|task| self.tasks.iter().find(|(known, _)| *known == task));
        found.map_or(&self.default, |(_, ranking)| ranking)
    }

    /// The ranking for the unknown.
    #[must_use]
    pub const fn default_ranking(&self) -> &Ranking {
        &self.default
    }

    /// Every target of every ranking, once.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        let rankings = self.tasks.iter().map(|(_, ranking)| ranking);
        let mut all: Vec<Target> = Vec::new();
        for target in rankings.chain([&self.default]).flat_map(Ranking::targets) {
            if !all.contains(target) {
                all.push(target.clone());
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(names: &[&str]) -> Vec<Target> {
        names
            .iter()
            .map(|name| name.parse().expect("a target"))
            .collect()
    }

    fn ranking(names: &[&str]) -> Ranking {
        Ranking::new(targets(names)).expect("a list")
    }

    #[test]
    fn a_list_that_is_written_stands_and_others_are_derived() {
        let ranking = ranking(&["a/m", "b/m"])
            .with_list(OptimizeFor::Cost, targets(&["c/m"]))
            .expect("a list");
        assert_eq!(ranking.list(OptimizeFor::Quality).1, Listed::AsWritten);
        assert_eq!(
            ranking.list(OptimizeFor::Cost),
            (targets(&["c/m"]).as_slice(), Listed::AsWritten)
        );
        assert_eq!(ranking.list(OptimizeFor::Speed).1, Listed::ByQuality);
        assert_eq!(ranking.targets().count(), 3);
        assert_eq!(ranking.quality_place(&Target::new("c", "m")), 2);
    }

    #[test]
    fn empty_lists_and_doubles_are_refused() {
        let refused = |names: &[&str]| {
            let error = Ranking::new(targets(names)).expect_err("wrong");
            error.message().to_owned()
        };
        assert!(refused(&[]).contains("empty"));
        assert!(refused(&["a/m", "a/m"]).contains("`a/m`"));
        let balanced = ranking(&["a/m"]).with_list(OptimizeFor::Balanced, targets(&["a/m"]));
        assert!(balanced.is_err());
    }

    #[test]
    fn the_unknown_gets_the_default() {
        let registry =
            TaskRegistry::new(ranking(&["d/m"])).with_task(Task::Coding, ranking(&["c/m"]));
        assert_eq!(registry.ranking(Some(Task::Coding)), &ranking(&["c/m"]));
        assert_eq!(registry.ranking(Some(Task::Math)), &ranking(&["d/m"]));
        assert_eq!(registry.ranking(None), &ranking(&["d/m"]));
        assert_eq!(registry.targets().len(), 2);
    }
}
