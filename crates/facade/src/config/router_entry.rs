//! The shape of `router`: which keys there are, and of which type their values.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::extra_attempts::BudgetEntry;
use super::located::Located;
use super::money::PriceCapEntry;
use super::shape::{BreakerEntry, RetryEntry, TimeoutsEntry};
use super::switch::Switch;
use super::terms_entry::{GateEntry, VariantEntry};

/// Automatic routing: what serves `model: auto`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RouterEntry {
    /// What tells tasks apart: `embedded` (default), `keyword`, `embedding`, `llm`, a list of them (the
    /// next one is asked where one is not sure), or `off` where only the tag `task` does.
    #[serde(default)]
    #[schemars(with = "Option<ClassifierNames>")]
    pub(super) classifier: Option<Located<Words>>,
    /// In a list of classifiers the next one is asked below this confidence, too, 0–1. Default: 0.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub(super) min_confidence: Option<Located<f64>>,
    /// Words and phrases that speak for tasks, for the classifier `keyword`.
    #[serde(default)]
    pub(super) keywords: BTreeMap<String, Located<Vec<String>>>,
    /// The model that the classifier `llm` asks.
    #[serde(default)]
    pub(super) llm: Option<AskedModel>,
    /// The model of embeddings that the classifier `embedding` asks.
    #[serde(default)]
    pub(super) embedding: Option<AskedModel>,
    /// What choices are best at where nobody says so: `quality` (default), `cost`, `speed`, `balanced`.
    #[serde(default)]
    #[schemars(with = "Option<ObjectiveName>")]
    pub(super) optimize_for: Option<Located<String>>,
    /// Targets by task, best first, and `default` for the unknown.
    pub(super) tasks: Located<BTreeMap<String, Located<RankingEntry>>>,
    /// With which tier calls of each complexity begin, where the objective is quality and the caller
    /// did not ask for it. Default: simple ones with `economy`.
    #[serde(default)]
    pub(super) complexity: Option<Switch<ComplexityEntry>>,
    /// The tier of targets, in place of what their price says.
    #[serde(default)]
    pub(super) tiers: BTreeMap<String, Vec<Located<String>>>,
    /// What the tags of calls decide. Constraints hold for every call, whatever its `model`.
    #[serde(default)]
    pub(super) rules: Vec<RuleEntry>,
    /// Who is asked first where no rule says so.
    #[serde(default)]
    pub(super) prefer: PreferEntry,
    /// Connections that may be asked. Default: all.
    #[serde(default)]
    pub(super) providers: Option<Vec<Located<String>>>,
    /// Regions that requests may be worked on in. Default: all.
    #[serde(default)]
    pub(super) regions: Option<Vec<Located<String>>>,
    /// The most that tokens may cost, in USD per million.
    #[serde(default)]
    pub(super) max_price: Option<PriceCapEntry>,
    /// The most that one call may cost by estimate, in USD.
    #[serde(default)]
    pub(super) max_cost: Option<Located<Value>>,
    /// What single targets (`provider/model`) or tiers (`economy`) are asked.
    #[serde(default)]
    pub(super) variants: BTreeMap<String, Located<VariantEntry>>,
    /// Which answers will do. Default: `off`.
    #[serde(default)]
    pub(super) quality: Option<Switch<GateEntry>>,
    /// How often to try.
    #[serde(default)]
    pub(super) retry: RetryEntry,
    /// How long to wait for what.
    #[serde(default)]
    pub(super) timeouts: TimeoutsEntry,
    /// When a target is passed over.
    #[serde(default)]
    pub(super) breaker: BreakerEntry,
}

impl RouterEntry {
    /// What bounds its extra attempts.
    pub(super) const fn retry_budget(&self) -> Option<&Switch<BudgetEntry>> {
        self.retry.budget.as_ref()
    }
}

/// One name of a classifier or several, for the schema.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the schema needs the names only")]
enum ClassifierNames {
    One(ClassifierName),
    Several(Vec<ClassifierName>),
}

/// The names of classifiers, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum ClassifierName {
    Embedded,
    Keyword,
    Embedding,
    Llm,
    Off,
}

/// A model that a classifier asks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedModel {
    /// A route, `provider/model`, or a bare model name.
    pub(super) model: Located<String>,
    /// How long it may take. Default: `2s` for `llm`, `1s` for `embedding`.
    #[serde(default)]
    pub(super) timeout: Option<Located<String>>,
}

/// One word or several.
#[derive(Clone, Debug)]
pub(super) struct Words(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Words {
    /// By hand, because `untagged` would hide what is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = Words;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word or a list of words")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Words, E> {
                Ok(Words(vec![word.to_owned()]))
            }

            // Readers of older YAML take `off` for a truth value.
            fn visit_bool<E: serde::de::Error>(self, is_on: bool) -> Result<Words, E> {
                let word = if is_on { "on" } else { "off" };
                Ok(Words(vec![word.to_owned()]))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<Words, S::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Words)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}

/// The names of objectives, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum ObjectiveName {
    Quality,
    Cost,
    Speed,
    Balanced,
}

/// Targets for a task: a list in the order of quality, or lists by objective.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum RankingEntry {
    /// In the order of quality; the orders by cost and speed follow from prices and latencies.
    List(Vec<Located<String>>),
    /// A list for each objective.
    Lists(RankingLists),
}

/// Targets for a task by objective.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RankingLists {
    /// Best answers first.
    pub(super) quality: Located<Vec<Located<String>>>,
    /// Least cost first. Default: by price.
    #[serde(default)]
    pub(super) cost: Option<Located<Vec<Located<String>>>>,
    /// Soonest first token first. Default: as measured.
    #[serde(default)]
    pub(super) speed: Option<Located<Vec<Located<String>>>>,
}

impl<'de> Deserialize<'de> for RankingEntry {
    /// By hand, because `untagged` would hide which key is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = RankingEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of `provider/model`, or lists under quality, cost and speed")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<RankingEntry, S::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(RankingEntry::List)
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<RankingEntry, M::Error> {
                RankingLists::deserialize(MapAccessDeserializer::new(map)).map(RankingEntry::Lists)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}

/// With which tier calls of each complexity begin.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ComplexityEntry {
    /// Simple requests. Default: the best of the list.
    pub(super) simple: Option<Located<String>>,
    /// Requests between. Default: the best of the list.
    pub(super) medium: Option<Located<String>>,
    /// Complex requests. Default: the best of the list.
    pub(super) complex: Option<Located<String>>,
}

/// What holds for calls that carry some tags.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    /// The tags that a call must carry. Default: none, the rule holds for every call.
    #[serde(default)]
    pub(super) when: WhenEntry,
    /// What choices are best at where the caller says nothing.
    #[serde(default)]
    #[schemars(with = "Option<ObjectiveName>")]
    pub(super) optimize_for: Option<Located<String>>,
    /// Connections that may be asked.
    #[serde(default)]
    pub(super) providers: Option<Vec<Located<String>>>,
    /// Regions that requests may be worked on in.
    #[serde(default)]
    pub(super) regions: Option<Vec<Located<String>>>,
    /// The most that tokens may cost, in USD per million.
    #[serde(default)]
    pub(super) max_price: Option<PriceCapEntry>,
    /// The most that one call may cost by estimate, in USD.
    #[serde(default)]
    pub(super) max_cost: Option<Located<Value>>,
    /// Who is asked first.
    #[serde(default)]
    pub(super) prefer: PreferEntry,
}

/// The tags that a call must carry, all of them, each `name=value` or `name`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WhenEntry {
    /// One tag.
    pub(super) tag: Option<Located<String>>,
    /// Several.
    pub(super) tags: Vec<Located<String>>,
}

/// Who is asked first. Nobody is excluded by it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PreferEntry {
    /// Connections.
    pub(super) providers: Vec<Located<String>>,
    /// Whose first content usually comes within this time, such as `800ms`.
    pub(super) first_token_within: Option<Located<String>>,
    /// Whose tokens do not cost more, in USD per million.
    pub(super) max_price: Option<PriceCapEntry>,
}
