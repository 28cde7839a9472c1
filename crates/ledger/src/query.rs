//! Questions about spend: which calls, and by what they are told apart.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interline_core::{Error, ModelId, ProviderId, Result, SpendCell, SpendOwner, Tally};

use crate::calendar::unix_seconds;
use crate::hours::Hours;

const HOUR_SECONDS: i64 = 3_600;

/// What rows of spend are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dimension {
    /// The hour in which calls began.
    Hour,
    /// The connection.
    Provider,
    /// The model.
    Model,
    /// The name of the caller's key.
    Key,
    /// The tags; a call with two tags is in two rows.
    Tag,
}

/// Which calls, and by what they are told apart.
///
/// The default asks for everything in one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpendQuery {
    /// Calls of the hour that holds this instant, and later ones.
    pub from: Option<SystemTime>,
    /// Calls of hours that begin before this instant.
    pub until: Option<SystemTime>,
    /// Only calls to this connection.
    pub provider: Option<String>,
    /// Only calls to this model.
    pub model: Option<String>,
    /// Only calls with this key.
    pub key: Option<String>,
    /// Only calls with this tag.
    pub tag: Option<String>,
    /// What rows are told apart by.
    pub by: Vec<Dimension>,
}

impl SpendQuery {
    /// All calls, told apart by these dimensions.
    #[must_use]
    pub fn by(dimensions: impl IntoIterator<Item = Dimension>) -> Self {
        Self {
            by: dimensions.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Only calls from the hour that holds `from` until before `until`.
    #[must_use]
    pub const fn between(mut self, from: SystemTime, until: SystemTime) -> Self {
        self.from = Some(from);
        self.until = Some(until);
        self
    }

    /// Only calls to a connection.
    #[must_use]
    pub fn of_provider(mut self, name: impl Into<String>) -> Self {
        self.provider = Some(name.into());
        self
    }

    /// Only calls to a model.
    #[must_use]
    pub fn of_model(mut self, name: impl Into<String>) -> Self {
        self.model = Some(name.into());
        self
    }

    /// Only calls with a key.
    #[must_use]
    pub fn of_key(mut self, name: impl Into<String>) -> Self {
        self.key = Some(name.into());
        self
    }

    /// Only calls with a tag.
    #[must_use]
    pub fn of_tag(mut self, name: impl Into<String>) -> Self {
        self.tag = Some(name.into());
        self
    }

    /// The rows, in the order of hour, provider, model and owner.
    pub(crate) fn ask(&self, hours: &Hours) -> Result<Vec<SpendRow>> {
        let tells = |dimension| self.by.contains(&dimension);
        let about_tags = self.tag.is_some() || tells(Dimension::Tag);
        if about_tags && (self.key.is_some() || tells(Dimension::Key)) {
            return Err(Error::invalid_request(
                "spend is kept by key and by tag, not by both at once: ask for one of them",
            ));
        }
        let hour_of = |time: SystemTime| unix_seconds(time).div_euclid(HOUR_SECONDS);
        let from = self.from.map_or(i64::MIN, hour_of);
        let until = self.until.map_or(i64::MAX, |time| {
            unix_seconds(time)
                .saturating_add(HOUR_SECONDS - 1)
                .div_euclid(HOUR_SECONDS)
        });
        let mut rows: BTreeMap<RowKey, Tally> = BTreeMap::new();
        for (cell, tally) in hours.between(from, until) {
            if !self.wants(cell, about_tags) {
                continue;
            }
            let key = RowKey {
                hour: tells(Dimension::Hour).then_some(cell.hour),
                provider: tells(Dimension::Provider).then(|| cell.provider.clone()),
                model: tells(Dimension::Model).then(|| cell.model.clone()),
                owner: (tells(Dimension::Key) || tells(Dimension::Tag)).then(|| cell.owner.clone()),
            };
            rows.entry(key).or_default().add(tally);
        }
        Ok(rows.into_iter().map(SpendRow::from).collect())
    }

    fn wants(&self, cell: &SpendCell, about_tags: bool) -> bool {
        let fits = |wanted: &Option<String>, name: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == name)
        };
        let owner = match &cell.owner {
            SpendOwner::Tag(tag) => about_tags && fits(&self.tag, tag),
            SpendOwner::Key(key) => !about_tags && fits(&self.key, key),
            _ => !about_tags && self.key.is_none(),
        };
        owner
            && fits(&self.provider, cell.provider.as_str())
            && fits(&self.model, cell.model.as_str())
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RowKey {
    hour: Option<i64>,
    provider: Option<ProviderId>,
    model: Option<ModelId>,
    owner: Option<SpendOwner>,
}

/// What calls used and cost that agree in the dimensions asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpendRow {
    /// When the hour began, where rows are told apart by it.
    pub hour: Option<SystemTime>,
    /// The connection, where rows are told apart by it.
    pub provider: Option<ProviderId>,
    /// The model, where rows are told apart by it.
    pub model: Option<ModelId>,
    /// Whose calls, where rows are told apart by key or by tag.
    pub owner: Option<SpendOwner>,
    /// What they used and cost.
    pub tally: Tally,
}

impl From<(RowKey, Tally)> for SpendRow {
    fn from((key, tally): (RowKey, Tally)) -> Self {
        let begin = |hour: i64| {
            let seconds = Duration::from_secs(hour.saturating_mul(HOUR_SECONDS).unsigned_abs());
            match hour < 0 {
                true => UNIX_EPOCH.checked_sub(seconds),
                false => UNIX_EPOCH.checked_add(seconds),
            }
        };
        Self {
            hour: key.hour.and_then(begin),
            provider: key.provider,
            model: key.model,
            owner: key.owner,
            tally,
        }
    }
}
