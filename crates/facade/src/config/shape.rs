//! The shape of a configuration file: which keys there are, and of which type their values.
//!
//! Texts with a meaning of their own, such as durations and targets, stay texts here, so that all
//! mistakes in them are found in one go.

use std::collections::BTreeMap;

use interline_core::{Error, Result};
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_saphyr::{RenderOptions, SnippetMode, UserMessageFormatter};

use super::balance_check::{AffinityName, ScoreEntry};
use super::budget_entry::SpendEntry;
use super::extra_attempts::{BudgetEntry, HedgeEntry};
use super::inbound_keys::KeyEntry;
use super::located::{Located, Place};
use super::mistakes;
use super::model_entry::ModelEntry;
use super::money::PriceCapEntry;
use super::router_entry::RouterEntry;
use super::switch::Switch;
use super::terms_entry::{GateEntry, VariantEntry};

/// Reads a file's text.
pub(super) fn parse(text: &str, source: &str) -> Result<File> {
    let options = serde_saphyr::options! {
        // A snippet of the file could show a secret that somebody wrote into it.
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error
            .location()
            .map_or_else(Place::default, |location| Place {
                line: location.line(),
                column: location.column(),
            });
        let mut rendering = RenderOptions::new(&UserMessageFormatter);
        rendering.snippets = SnippetMode::Off;
        let whole = error.render_with_options(rendering);
        // The place is told in front, as compilers do.
        let message = whole
            .rsplit_once(" at line ")
            .map_or(whole.as_str(), |(message, _)| message);
        let message = PLAINER
            .iter()
            .fold(message.to_owned(), |message, (jargon, plain)| {
                message.replace(jargon, plain)
            });
        Error::invalid_request(format!("{}: {message}", mistakes::located(source, place)))
    })
}

/// The reader's words, and what they mean to somebody who writes a file.
const PLAINER: [(&str, &str); 4] = [
    ("invalid u32", "expected a whole number from 0"),
    ("invalid u64", "expected a whole number from 0"),
    ("expected mapping start", "expected keys with values"),
    ("expected string scalar", "expected a text"),
];

/// A whole file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Interline configuration")]
pub(super) struct File {
    /// The version of this format: 1.
    #[serde(default)]
    #[schemars(with = "Option<u64>", extend("const" = 1))]
    pub(super) version: Option<Located<u64>>,
    /// Where the gateway listens, as `ADDRESS:PORT`. Default: `127.0.0.1:8080`.
    #[serde(default)]
    pub(super) listen: Option<Located<String>>,
    /// Keys that callers of the gateway may present, each a reference `${NAME}` or `file:/path`, or
    /// `{ name: alice, key: "${NAME}" }`; without a name it is called like its variable or file.
    /// Default: none, everybody who reaches the gateway may call.
    #[serde(default)]
    pub(super) keys: Vec<Located<KeyEntry>>,
    /// Lets a gateway without keys listen on other addresses than loopback. Default: false.
    #[serde(default)]
    pub(super) allow_unauthenticated: bool,
    /// Connections to vendors, by a name of your own.
    #[serde(default)]
    pub(super) providers: BTreeMap<String, ProviderEntry>,
    /// What clients may put into `model`, beside `provider/model` and bare model names.
    #[serde(default)]
    pub(super) routes: BTreeMap<String, RouteEntry>,
    /// Facts about models by `provider/model` or `kind/model`, in place of the catalogue's.
    #[serde(default)]
    pub(super) models: BTreeMap<String, Located<ModelEntry>>,
    /// What becomes of targets whose price is unknown: `allow` (default) or `exclude`.
    #[serde(default)]
    #[schemars(with = "Option<UnknownPriceName>")]
    pub(super) unknown_price: Option<Located<String>>,
    /// The admin API. Default: off.
    #[serde(default)]
    pub(super) admin: Option<AdminEntry>,
    /// Automatic routing: what serves `model: auto`. Default: none.
    #[serde(default)]
    pub(super) router: Option<Located<RouterEntry>>,
    /// What calls may cost. Default: counted, and not bounded.
    #[serde(default)]
    pub(super) budget: Option<Located<SpendEntry>>,
}

/// The admin API.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdminEntry {
    /// What its callers present as `authorization: Bearer TOKEN`: a reference, `${NAME}` or `file:/path`.
    pub(super) token: Located<String>,
}

/// The names of rules for unknown prices, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum UnknownPriceName {
    Allow,
    Exclude,
}

/// A connection: its kind, and the settings of that kind.
pub(super) type ProviderEntry = Located<BTreeMap<String, Located<Value>>>;

/// A route.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteEntry {
    /// The rule that orders the targets. Default: `fallback`.
    #[serde(default)]
    #[schemars(with = "Option<StrategyName>")]
    pub(super) strategy: Option<Located<String>>,
    /// What the strategy `score` looks at, and how much. Default: everything alike.
    #[serde(default)]
    pub(super) score: Option<Located<ScoreEntry>>,
    /// Keeps calls together that belong together, while their target is well: `session` (one session, user
    /// or conversation), `prompt` (prompts that begin alike), or `off`. Default: `off`.
    #[serde(default)]
    #[schemars(with = "Option<AffinityName>")]
    pub(super) affinity: Option<Located<String>>,
    /// Excludes targets that would have to be asked without something that the request holds, such
    /// as a `seed` that they do not know, instead of asking them without it. Default: false.
    #[serde(default)]
    pub(super) strict: bool,
    /// Where calls may go, best first.
    pub(super) targets: Located<Vec<Located<TargetEntry>>>,
    /// How often to try.
    #[serde(default)]
    pub(super) retry: RetryEntry,
    /// How long to wait for what.
    #[serde(default)]
    pub(super) timeouts: TimeoutsEntry,
    /// When a target is passed over.
    #[serde(default)]
    pub(super) breaker: BreakerEntry,
    /// When a second target is asked beside a silent one. Default: `off`.
    #[serde(default)]
    pub(super) hedge: Option<Switch<HedgeEntry>>,
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
}

/// The names of strategies, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum StrategyName {
    Fallback,
    RoundRobin,
    Random,
    Weighted,
    LeastLatency,
    LeastBusy,
    Capacity,
    Cost,
    Score,
}

/// A target: `provider/model`, or that with a weight.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum TargetEntry {
    /// `provider/model`.
    Text(String),
    /// A target with its share of the calls.
    Weighted(WeightedEntry),
}

/// A target with its share of the calls.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WeightedEntry {
    /// `provider/model`.
    pub(super) target: String,
    /// Its share, from 1. Default: 1.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(super) weight: Option<u32>,
    /// Its group under `strategy: fallback`, from 1, lower ones first; within a group by weight.
    /// Default: one more than that of the target before it.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(super) priority: Option<u32>,
    /// Whether it is paid for whether it is used or not: then it comes first while it has room.
    /// Default: false.
    #[serde(default)]
    pub(super) prepaid: bool,
    /// How good its answers are, 0–1, for `strategy: score`. Default: unknown, which counts as 0.5.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub(super) quality: Option<f64>,
}

impl<'de> Deserialize<'de> for TargetEntry {
    /// By hand, because `untagged` would hide which key is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = TargetEntry;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`provider/model` or `{ target: provider/model, weight: 2 }`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TargetEntry, E> {
                Ok(TargetEntry::Text(text.to_owned()))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<TargetEntry, M::Error> {
                WeightedEntry::deserialize(MapAccessDeserializer::new(map))
                    .map(TargetEntry::Weighted)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}

/// How often to try.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RetryEntry {
    /// Attempts over all targets together. Default: the number of targets, at least 3.
    #[schemars(range(min = 1))]
    pub(super) max_attempts: Option<Located<u32>>,
    /// Retries on one target, used only where no other is free. Default: 1.
    pub(super) same_target: Option<Located<u32>>,
    /// Retries on one target per kind of failure. Default: 1 each.
    pub(super) by_kind: RetryKindsEntry,
    /// What the route's extra attempts are paid from. Default: `on`.
    pub(super) budget: Option<Switch<BudgetEntry>>,
}

/// Retries on one target per kind of failure.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RetryKindsEntry {
    /// After a rate limit that announces a short wait.
    pub(super) rate_limited: Option<u32>,
    /// After silence.
    pub(super) timeout: Option<u32>,
    /// After a vendor's own failure.
    pub(super) unavailable: Option<u32>,
    /// After a vendor that has too much to do.
    pub(super) overloaded: Option<u32>,
    /// After an answer that breaks the vendor's own format.
    pub(super) protocol: Option<u32>,
}

/// How long to wait for what, such as `30s` or `250ms`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TimeoutsEntry {
    /// Streams: from the start of an attempt to the first content. Default: `30s`.
    pub(super) first_token: Option<Located<String>>,
    /// Without a sign of life while the vendor answers. Default: `20s`.
    pub(super) idle: Option<Located<String>>,
    /// The whole call over all attempts. Default: `600s`.
    pub(super) total: Option<Located<String>>,
    /// Streams: signs of life without new content. Default: `120s`.
    pub(super) progress: Option<Located<String>>,
    /// Whole answers: one attempt. Default: `first_token` where that is written, else `300s`.
    pub(super) unary: Option<Located<String>>,
}

/// When a target is passed over.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct BreakerEntry {
    /// `simple`, `adaptive`, or `off` for never. Default: `simple`.
    #[schemars(with = "Option<PresetName>")]
    pub(super) preset: Option<Located<String>>,
    /// So many failures within the window. Default: 3.
    #[schemars(range(min = 1))]
    pub(super) failures: Option<Located<u32>>,
    /// How long a failure counts. Default: `60s`.
    pub(super) window: Option<Located<String>>,
    /// How long the target is passed over before one call probes it. Default: `30s`.
    pub(super) skip: Option<Located<String>>,
    /// How long a target is passed over whose credential was refused. Default: `60s`.
    pub(super) credential_quarantine: Option<Located<String>>,
    /// The longest wish of a vendor to wait that is believed. Default: `1h`.
    pub(super) max_pause: Option<Located<String>>,
}

/// The names of breaker presets, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum PresetName {
    Simple,
    Adaptive,
    Off,
}
