//! Acme, which speaks OpenAI's format: chat, streams, tools, embeddings, models.

use interline_core::{Feature, FeatureSet};
use interline_dialect_openai::embeddings::EmbeddingQuirks;
use interline_dialect_openai::{
    DeveloperRole, KeyRule, OutputLimit, Quirks, Vendor, VendorChat, VendorFactory, VendorProfile,
};

/// Acme as a provider.
pub type Acme = VendorChat<AcmeVendor>;

/// Makes providers of kind `acme` from configuration.
pub type AcmeFactory = VendorFactory<AcmeVendor>;

/// What Acme does differently, from its API reference: no sound, no documents, one answer per call;
/// no `developer` role; the bound of an answer is `max_tokens`.
const QUIRKS: Quirks = Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::Audio)
            .without(Feature::Files)
            .without(Feature::MultipleChoices),
    )
    .with_developer_role(DeveloperRole::AsSystem)
    .with_output_limit(OutputLimit::MaxTokens);

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct AcmeVendor;

impl Vendor for AcmeVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "acme",
        "https://api.acme.example/v1",
        KeyRule::Required {
            variable: "ACME_API_KEY",
        },
        QUIRKS,
    )
    .with_embeddings("embeddings", EmbeddingQuirks::new());
}
