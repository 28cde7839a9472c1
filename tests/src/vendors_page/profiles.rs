//! The declared differences of the vendors that share OpenAI's formats.

use interline::cerebras::CerebrasVendor;
use interline::deepseek::DeepSeekVendor;
use interline::fireworks::FireworksVendor;
use interline::groq::GroqVendor;
use interline::local::LocalVendor;
use interline::mistral::MistralVendor;
use interline::openai::OpenAiVendor;
use interline::openrouter::OpenRouterVendor;
use interline::perplexity::PerplexityVendor;
use interline::together::TogetherVendor;
use interline::xai::XaiVendor;
use interline_dialect_openai::{Vendor, VendorProfile};

/// The profiles; a test checks that no kind that has one is missing.
const PROFILES: [VendorProfile; 11] = [
    CerebrasVendor::PROFILE,
    DeepSeekVendor::PROFILE,
    FireworksVendor::PROFILE,
    GroqVendor::PROFILE,
    LocalVendor::PROFILE,
    MistralVendor::PROFILE,
    OpenAiVendor::PROFILE,
    OpenRouterVendor::PROFILE,
    PerplexityVendor::PROFILE,
    TogetherVendor::PROFILE,
    XaiVendor::PROFILE,
];

/// The profile of a kind, where it has one.
pub(super) fn of(kind: &str) -> Option<VendorProfile> {
    PROFILES.into_iter().find(|profile| profile.kind == kind)
}

#[cfg(test)]
mod tests {
    use interline::Registry;

    use super::*;

    /// Kinds that speak Chat Completions and are more than a profile.
    const OTHERS: [&str; 2] = ["azure-openai", "vertex"];

    #[test]
    fn every_kind_that_is_a_profile_is_listed() {
        let registry = Registry::standard();
        for factory in registry.factories() {
            let kind = factory.kind();
            let offer = super::super::offer::Offer::of(factory);
            let speaks = |format: &str| {
                let formats = offer.abilities.iter().flat_map(|one| &one.able.formats);
                formats.into_iter().any(|own| own.as_str() == format)
            };
            let is_profile = speaks("openai.chat") && !OTHERS.contains(&kind);
            assert_eq!(of(kind).is_some(), is_profile, "{kind}");
        }
    }
}
