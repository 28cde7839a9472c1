//! What a target can do and what it costs: the adapter's word, joined with the catalogue's facts.

use interline_catalog::{Catalog, ModelInfo, Prices, Rates, Tier};
use interline_core::{
    Capabilities, Feature, FeatureSet, ModelId, ProviderId, Target, TokenPrice, Usage,
};
use interline_routing::{Member, TargetFacts, WeightedTarget};

use crate::{Connection, Cost};

/// What the catalogue knows of a connection's model: by the connection's own name, under which stands
/// what was said of it alone, else by its kind.
pub(crate) fn info<'a>(
    catalog: &'a Catalog,
    connection: &Connection,
    model: &ModelId,
) -> Option<&'a ModelInfo> {
    let own = catalog.find(&own_facts(&connection.name), model.as_str());
    own.or_else(|| catalog.find(connection.kind.as_deref()?, model.as_str()))
}

/// Where the catalogue keeps what was said of one connection's models: a name that no kind has, since
/// connections may be called like kinds.
pub(crate) fn own_facts(connection: &ProviderId) -> String {
    format!("provider {connection}")
}

/// What a connection can do with a model.
///
/// The adapter says what it can carry. The catalogue takes away only what the model is *known* to
/// lack, because sources often forget to mention a feature that is there.
pub(crate) fn capabilities(
    catalog: &Catalog,
    connection: &Connection,
    model: &ModelId,
) -> Capabilities {
    let mut can = connection.offers.chat.capabilities(model);
    let Some(info) = info(catalog, connection, model) else {
        return can;
    };
    can.features = info.lacks.iter().fold(can.features, FeatureSet::without);
    can.context_window = can.context_window.or(info.context_window);
    can.max_output_tokens = can.max_output_tokens.or(info.max_output_tokens);
    can
}

/// A target of a route, with everything that planning asks about it.
pub(crate) fn member(catalog: &Catalog, connection: &Connection, target: WeightedTarget) -> Member {
    let can = capabilities(catalog, connection, &target.target.model);
    let realms: Vec<_> = can
        .formats
        .iter()
        .chain(&can.signs_as)
        .map(|format| connection.realm(format))
        .collect();
    let member = Member::new(target, can);
    let member = realms.into_iter().fold(member, Member::with_realm);
    let member = connection.operations().fold(member, Member::with_operation);
    let facts = TargetFacts::new()
        .with_prices(prices(catalog, connection, &member.target.target.model))
        .with_regions(connection.regions.iter().cloned());
    member.with_facts(facts)
}

/// What a call to a connection's model cost, as far as anybody said: an unknown price is never told as zero.
pub(crate) fn cost(
    catalog: &Catalog,
    connection: &Connection,
    model: &ModelId,
    usage: &Usage,
) -> Cost {
    info(catalog, connection, model)
        .and_then(|info| info.prices)
        .and_then(|prices| prices.cost(usage))
        .map_or(Cost::Unknown, Cost::Known)
}

/// What decisions take the tokens of a connection's model to cost: a server of one's own nothing for each
/// call, unless somebody said otherwise.
fn prices(catalog: &Catalog, connection: &Connection, model: &ModelId) -> Option<Prices> {
    let known = info(catalog, connection, model).and_then(|info| info.prices);
    let is_local = connection.kind.as_deref() == Some("local");
    let nothing = || {
        let nothing = TokenPrice::from_usd_per_mtok("0")?;
        Some(Prices::new(Rates::new(nothing, nothing)))
    };
    known.or_else(|| is_local.then(nothing).flatten())
}

/// How dear a connection's model is, in a word.
pub(crate) fn tier(catalog: &Catalog, connection: &Connection, model: &ModelId) -> Tier {
    info(catalog, connection, model).map_or_else(Tier::default, ModelInfo::tier)
}

/// What the targets behind a name can do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteCapabilities {
    /// Each target with what it can do, in the order of the route.
    pub targets: Vec<(Target, Capabilities)>,
}

impl RouteCapabilities {
    pub(crate) const fn new(targets: Vec<(Target, Capabilities)>) -> Self {
        Self { targets }
    }

    /// Whether some target has the feature, so that a call that needs it finds someone.
    #[must_use]
    pub fn supports(&self, feature: Feature) -> bool {
        self.targets
            .iter()
            .any(|(_, can)| can.features.contains(feature))
    }

    /// The features that every target has, so that no fallback is lost by asking for them.
    #[must_use]
    pub fn common(&self) -> FeatureSet {
        Feature::ALL
            .into_iter()
            .filter(|feature| {
                self.targets
                    .iter()
                    .all(|(_, can)| can.features.contains(*feature))
            })
            .collect()
    }

    /// How many tokens the tightest target reads and writes in all, where all are known.
    #[must_use]
    pub fn context_window(&self) -> Option<u64> {
        let windows: Option<Vec<_>> = self
            .targets
            .iter()
            .map(|(_, can)| can.context_window)
            .collect();
        windows?.into_iter().min()
    }
}
