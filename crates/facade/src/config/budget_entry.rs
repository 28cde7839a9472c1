//! `budget`: what calls may cost, as written in a file.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::located::Located;

/// What calls may cost, and what follows from how much of it is left.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SpendEntry {
    /// What all calls of a day may cost, in USD. Default: no bound.
    #[schemars(with = "Option<Amount>")]
    pub(super) daily_usd: Option<Located<Value>>,
    /// What all calls of a week may cost, from Monday, in USD. Default: no bound.
    #[schemars(with = "Option<Amount>")]
    pub(super) weekly_usd: Option<Located<Value>>,
    /// What all calls of a month may cost, in USD. Default: no bound.
    #[schemars(with = "Option<Amount>")]
    pub(super) monthly_usd: Option<Located<Value>>,
    /// The IANA name of the zone whose midnights divide days, weeks and months. Default: `UTC`.
    pub(super) time_zone: Option<Located<String>>,
    /// Below this share left, calls go to balanced targets instead of the best. Default: 0.8.
    #[schemars(range(min = 0, max = 1))]
    pub(super) balanced_below: Option<Located<f64>>,
    /// Below this share left, calls go to the cheapest target that can serve them, and low ones are refused.
    /// Default: 0.2.
    #[schemars(range(min = 0, max = 1))]
    pub(super) downgrade_below: Option<Located<f64>>,
    /// The last share, for critical calls only. Default: 0.
    #[schemars(range(min = 0, max = 1))]
    pub(super) reserve: Option<Located<f64>>,
    /// What one request may cost over all its attempts, in USD. Default: no bound.
    #[schemars(with = "Option<Amount>")]
    pub(super) per_request_usd: Option<Located<Value>>,
    /// The share of what is left that one attempt may take, or `off`. Default: 0.1.
    #[schemars(with = "Option<ShareOrOff>")]
    pub(super) share_of_left: Option<Located<Value>>,
    /// What becomes of calls that a budget counts and whose price nobody knows: `refuse` (default) or `allow`.
    #[schemars(with = "Option<UnpricedName>")]
    pub(super) unpriced: Option<Located<String>>,
    /// The file that keeps what was spent over restarts; one process at a time has it. Default: none, what
    /// was spent is forgotten with the process.
    pub(super) file: Option<Located<String>>,
    /// Further budgets: for one key, tag, provider or model, or another time zone.
    pub(super) budgets: Vec<Located<BudgetOfEntry>>,
}

/// A budget of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetOfEntry {
    /// What the calls that it counts may cost in one window, in USD.
    #[schemars(with = "Amount")]
    pub(super) limit_usd: Located<Value>,
    /// How long a window is: `day`, `week` or `month`. Default: `day`.
    #[serde(default)]
    #[schemars(with = "Option<PeriodName>")]
    pub(super) per: Option<Located<String>>,
    /// The zone whose midnights divide windows. Default: that of `budget`.
    #[serde(default)]
    pub(super) time_zone: Option<Located<String>>,
    /// Which calls it counts. Default: all.
    #[serde(default)]
    pub(super) scope: Option<Located<ScopeEntry>>,
}

/// Which calls a budget counts: exactly one of these.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct ScopeEntry {
    /// Those made with the key of this name.
    pub(super) key: Option<Located<String>>,
    /// Those that carry this tag: `name=value`, or `name` where it has no value.
    pub(super) tag: Option<Located<String>>,
    /// Those to this connection.
    pub(super) provider: Option<Located<String>>,
    /// Those to this model: `provider/model`, or the bare model of any connection.
    pub(super) model: Option<Located<String>>,
}

/// An amount, for the schema.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the schema needs the shapes only")]
enum Amount {
    /// In USD.
    Number(f64),
    /// The same as a decimal text.
    Text(String),
}

/// A share or `off`, for the schema.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the schema needs the shapes only")]
enum ShareOrOff {
    /// From 0 to 1.
    Share(f64),
    /// No such bound.
    Off(OffName),
}

/// The word that switches a bound off, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum OffName {
    Off,
}

/// The names of rules for calls without a price, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum UnpricedName {
    Refuse,
    Allow,
}

/// The names of windows, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema needs the names only")]
enum PeriodName {
    Day,
    Week,
    Month,
}
