//! What holds for a route's calls: who may serve them, what targets are asked, which answers will do.

use std::collections::BTreeMap;

use interline_catalog::Tier;
use interline_core::{Effort, Error, Target};
use interline_routing::{
    Applies, Check, Constraints, Gate, Judge, OnFailure, PriceCap, Template, Variant,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::located::{Located, Place};
use super::mistakes::Mistakes;
use super::money::{self, PriceCapEntry};
use super::switch::Switch;
use super::targets;
use crate::{GatedStreams, RouteTerms, Variants};

/// What one target, or one tier, is asked instead of what the caller wrote.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct VariantEntry {
    /// What the system prompt becomes. `{{system}}` is the caller's own, which is lost without it;
    /// `{{tag.NAME}}`, `{{task}}`, `{{provider}}` and `{{model}}` are known too.
    system: Option<Located<String>>,
    /// The randomness, 0–2.
    #[schemars(range(min = 0, max = 2))]
    temperature: Option<Located<f64>>,
    /// Nucleus sampling, above 0 and up to 1.
    #[schemars(range(min = 0, max = 1))]
    top_p: Option<Located<f64>>,
    /// Bound on the answer, in tokens.
    #[schemars(range(min = 1))]
    max_output_tokens: Option<Located<u64>>,
    /// How hard to think, in the vendor's word: `none`, `minimal`, `low`, `medium`, `high`, ….
    reasoning_effort: Option<Located<String>>,
}

/// Which answers will do.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct GateEntry {
    /// The answer says something, or asks for tools. Default: true.
    not_empty: bool,
    /// The answer was not cut at a token limit. Default: true.
    complete: bool,
    /// Where JSON was asked for, it is JSON, and follows the schema. Default: true.
    json: bool,
    /// The answer does not decline. Default: false.
    not_refused: bool,
    /// The least number of characters.
    min_chars: Option<usize>,
    /// The largest number of characters.
    max_chars: Option<usize>,
    /// A pattern that the text must match.
    matches: Option<Located<String>>,
    /// A pattern that the text must not match.
    matches_not: Option<Located<String>>,
    /// A model that grades answers which pass the checks.
    judge: Option<JudgeEntry>,
    /// Which answers are looked at: `not_the_best` (default: those of fallbacks and of targets that are
    /// not the first of their list) or `always`.
    #[schemars(with = "Option<AppliesName>")]
    applies: Option<Located<String>>,
    /// What becomes of an answer that will not do: `escalate` (default) or `mark`.
    #[schemars(with = "Option<OnFailureName>")]
    on_failure: Option<Located<String>>,
    /// Holds streams back until they are complete, so that they are looked at too. Default: false.
    buffer: bool,
}

impl Default for GateEntry {
    /// As `on`.
    fn default() -> Self {
        Self {
            not_empty: true,
            complete: true,
            json: true,
            not_refused: false,
            min_chars: None,
            max_chars: None,
            matches: None,
            matches_not: None,
            judge: None,
            applies: None,
            on_failure: None,
            buffer: false,
        }
    }
}

/// The names of what a gate looks at, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum AppliesName {
    NotTheBest,
    Always,
}

/// The names of what becomes of answers that will not do, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum OnFailureName {
    Escalate,
    Mark,
}

/// A model that grades answers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct JudgeEntry {
    /// A route, `provider/model`, or a bare model name.
    model: Located<String>,
    /// The least points, 1–10, with which an answer passes. Default: 6.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10))]
    least_points: Option<Located<u8>>,
}

/// The keys that say who may serve calls, wherever they are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConstraintKeys<'a> {
    pub(super) providers: Option<&'a Vec<Located<String>>>,
    pub(super) regions: Option<&'a Vec<Located<String>>>,
    pub(super) max_price: Option<&'a PriceCapEntry>,
    pub(super) max_cost: Option<&'a Located<Value>>,
}

/// The keys of a route that are read here, wherever they are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct TermsKeys<'a> {
    pub(super) constraints: ConstraintKeys<'a>,
    pub(super) variants: &'a BTreeMap<String, Located<VariantEntry>>,
    pub(super) quality: Option<&'a Switch<GateEntry>>,
}

/// Reads the keys, or notes what is wrong with them.
pub(super) fn read(
    path: &str,
    keys: TermsKeys<'_>,
    known_providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) -> RouteTerms {
    let constraints = constraints(path, keys.constraints, known_providers, mistakes);
    let mut variants = Variants::new();
    for (name, entry) in keys.variants {
        let path = format!("{path}.variants.{name}");
        let variant = variant(&path, &entry.value, mistakes);
        if name.contains('/') {
            let target = targets::read(&path, name, entry.place, known_providers, mistakes);
            if let Some(target) = target {
                variants = variants.with_target(target, variant);
            }
        } else if let Some(tier) = tier(&path, name, entry.place, mistakes) {
            variants = variants.with_tier(tier, variant);
        }
    }
    let terms = RouteTerms::new()
        .with_constraints(constraints)
        .with_variants(variants);
    match keys.quality {
        None | Some(Switch::Off) => terms,
        Some(Switch::On) => terms.with_gate(Gate::basic()),
        Some(Switch::Set(entry)) => {
            let streams = if entry.buffer {
                GatedStreams::Buffered
            } else {
                GatedStreams::PassUnseen
            };
            let gate = gate(&format!("{path}.quality"), entry, mistakes);
            terms.with_gate(gate).with_gated_streams(streams)
        }
    }
}

/// Reads who may serve calls, or notes what is wrong with it.
pub(super) fn constraints(
    path: &str,
    keys: ConstraintKeys<'_>,
    known_providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) -> Constraints {
    let mut constraints = Constraints::new();
    if let Some(names) = keys.providers {
        for name in names {
            targets::check_provider(
                &format!("{path}.providers"),
                name,
                known_providers,
                mistakes,
            );
        }
        constraints = constraints.with_providers(names.iter().map(|name| name.value.as_str()));
    }
    if let Some(names) = keys.regions {
        for name in names {
            check_region(&format!("{path}.regions"), name, mistakes);
        }
        constraints = constraints.with_regions(names.iter().map(|name| name.value.as_str()));
    }
    let cap = keys.max_price.map_or_else(PriceCap::default, |entry| {
        entry.read(&format!("{path}.max_price"), mistakes)
    });
    constraints.with_max_price(cap).with_max_cost(money::amount(
        &format!("{path}.max_cost"),
        keys.max_cost,
        mistakes,
    ))
}

/// A region is a word of the operator's own.
pub(super) fn check_region(path: &str, name: &Located<String>, mistakes: &mut Mistakes<'_>) {
    let is_word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !is_word(&name.value) {
        let message = format!(
            "`{}` is no region: write letters, digits and `-`, such as eu or eu-west-1",
            name.value
        );
        mistakes.add(path, name.place, message);
    }
}

/// A tier by its name.
pub(super) fn tier(
    path: &str,
    name: &str,
    place: Place,
    mistakes: &mut Mistakes<'_>,
) -> Option<Tier> {
    let known = [Tier::Economy, Tier::Standard, Tier::Premium];
    let found = known.into_iter().find(|tier| tier.as_str() == name);
    if found.is_none() {
        let message = format!("`{name}` is no tier: write economy, standard or premium");
        mistakes.add(path, place, message);
    }
    found
}

fn variant(path: &str, entry: &VariantEntry, mistakes: &mut Mistakes<'_>) -> Variant {
    let mut variant = Variant::new();
    let mut set =
        |key: &str, place: Place, change: &dyn Fn(Variant) -> Result<Variant, Error>| match change(
            variant.clone(),
        ) {
            Ok(changed) => variant = changed,
            Err(error) => mistakes.add(&format!("{path}.{key}"), place, error.message()),
        };
    if let Some(text) = &entry.system {
        set("system", text.place, &|variant| {
            Template::parse(&text.value).map(|system| variant.with_system(system))
        });
    }
    if let Some(number) = &entry.temperature {
        set("temperature", number.place, &|variant| {
            variant.with_temperature(number.value)
        });
    }
    if let Some(number) = &entry.top_p {
        set("top_p", number.place, &|variant| {
            variant.with_top_p(number.value)
        });
    }
    if let Some(number) = &entry.max_output_tokens {
        set("max_output_tokens", number.place, &|variant| {
            variant.with_max_output_tokens(number.value)
        });
    }
    if let Some(word) = &entry.reasoning_effort {
        set("reasoning_effort", word.place, &|variant| {
            Ok(variant.with_effort(Effort::from(word.value.as_str())))
        });
    }
    variant
}

/// Makes a check of a pattern.
type PatternCheck = fn(&str) -> Result<Check, Error>;

fn gate(path: &str, entry: &GateEntry, mistakes: &mut Mistakes<'_>) -> Gate {
    let mut checks = Vec::new();
    let switched = [
        (entry.not_empty, Check::NotEmpty),
        (entry.complete, Check::Complete),
        (entry.json, Check::Json),
        (entry.not_refused, Check::NotRefused),
    ];
    checks.extend(
        switched
            .into_iter()
            .filter_map(|(is_on, check)| is_on.then_some(check)),
    );
    checks.extend(entry.min_chars.map(Check::MinChars));
    checks.extend(entry.max_chars.map(Check::MaxChars));
    let mut pattern = |key: &str, text: Option<&Located<String>>, made: PatternCheck| {
        let text = text?;
        made(&text.value)
            .map_err(|error| mistakes.add(&format!("{path}.{key}"), text.place, error.message()))
            .ok()
    };
    checks.extend(pattern("matches", entry.matches.as_ref(), Check::matches));
    checks.extend(pattern(
        "matches_not",
        entry.matches_not.as_ref(),
        Check::matches_not,
    ));
    let mut gate = checks.into_iter().fold(Gate::new(), Gate::with_check);
    if let Some(judge) = &entry.judge {
        gate = gate.with_judge(self::judge(&format!("{path}.judge"), judge, mistakes));
    }
    if let Some(word) = &entry.applies {
        let words = [
            ("not_the_best", Applies::NotTheBest),
            ("always", Applies::Always),
        ];
        if let Some(applies) = one_of(&format!("{path}.applies"), word, &words, mistakes) {
            gate = gate.with_applies(applies);
        }
    }
    if let Some(word) = &entry.on_failure {
        let words = [("escalate", OnFailure::Escalate), ("mark", OnFailure::Mark)];
        if let Some(rule) = one_of(&format!("{path}.on_failure"), word, &words, mistakes) {
            gate = gate.with_on_failure(rule);
        }
    }
    gate
}

fn judge(path: &str, entry: &JudgeEntry, mistakes: &mut Mistakes<'_>) -> Judge {
    if interline_routing::AutoModel::is_meant(&entry.model.value) {
        let message = "a judge cannot be chosen automatically: name a route or a target";
        mistakes.add(&format!("{path}.model"), entry.model.place, message);
    }
    let judge = Judge::new(entry.model.value.as_str());
    match &entry.least_points {
        None => judge,
        Some(points) => {
            if !(1..=10).contains(&points.value) {
                let message = "must be 1 to 10";
                mistakes.add(&format!("{path}.least_points"), points.place, message);
            }
            judge.with_least_points(points.value)
        }
    }
}

/// The value of a word, or a mistake that lists the words there are.
pub(super) fn one_of<T: Copy>(
    path: &str,
    word: &Located<String>,
    known: &[(&str, T)],
    mistakes: &mut Mistakes<'_>,
) -> Option<T> {
    let found = known.iter().find(|(name, _)| *name == word.value);
    if found.is_none() {
        let names: Vec<_> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("`{}` is unknown: use {}", word.value, names.join(" or "));
        mistakes.add(path, word.place, message);
    }
    found.map(|(_, value)| *value)
}

/// The targets that variants name, for the check that their route has them.
pub(super) fn check_variants(
    path: &str,
    terms: &RouteTerms,
    targets: &[Target],
    place: Place,
    mistakes: &mut Mistakes<'_>,
) {
    for target in terms.variants.targets() {
        if !targets.contains(target) {
            let message = format!("`{target}` has a variant but is no target here");
            mistakes.add(&format!("{path}.variants"), place, message);
        }
    }
}
