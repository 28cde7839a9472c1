//! The kinds of providers that configurations may name. A value: nothing registers itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use interline_core::{Error, ProviderFactory, ProviderSet, ProviderSettings, Result};

/// The kinds of providers that configurations may name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    factories: BTreeMap<String, Arc<dyn ProviderFactory>>,
}

impl Registry {
    /// No kind.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            factories: BTreeMap::new(),
        }
    }

    /// The kinds whose features are on.
    #[must_use]
    pub fn standard() -> Self {
        let registry = Self::empty();
        #[cfg(feature = "anthropic")]
        let registry = registry.with(interline_provider_anthropic::AnthropicFactory);
        #[cfg(feature = "azure-openai")]
        let registry = registry.with(interline_provider_azure_openai::AzureOpenAiFactory);
        #[cfg(feature = "bedrock")]
        let registry = registry.with(interline_provider_bedrock::BedrockFactory);
        #[cfg(feature = "cerebras")]
        let registry = registry.with(interline_provider_cerebras::CerebrasFactory::new());
        #[cfg(feature = "cohere")]
        let registry = registry.with(interline_provider_cohere::CohereFactory);
        #[cfg(feature = "deepseek")]
        let registry = registry.with(interline_provider_deepseek::DeepSeekFactory::new());
        #[cfg(feature = "fireworks")]
        let registry = registry.with(interline_provider_fireworks::FireworksFactory::new());
        #[cfg(feature = "google")]
        let registry = registry.with(interline_provider_google::GoogleFactory);
        #[cfg(feature = "groq")]
        let registry = registry.with(interline_provider_groq::GroqFactory::new());
        #[cfg(feature = "local")]
        let registry = registry.with(interline_provider_local::LocalFactory::new());
        #[cfg(feature = "mistral")]
        let registry = registry.with(interline_provider_mistral::MistralFactory::new());
        #[cfg(feature = "openai")]
        let registry = registry.with(interline_provider_openai::OpenAiFactory::new());
        #[cfg(feature = "openrouter")]
        let registry = registry.with(interline_provider_openrouter::OpenRouterFactory::new());
        #[cfg(feature = "perplexity")]
        let registry = registry.with(interline_provider_perplexity::PerplexityFactory::new());
        #[cfg(feature = "together")]
        let registry = registry.with(interline_provider_together::TogetherFactory::new());
        #[cfg(feature = "vertex")]
        let registry = registry.with(interline_provider_vertex::VertexFactory);
        #[cfg(feature = "xai")]
        let registry = registry.with(interline_provider_xai::XaiFactory::new());
        registry
    }

    /// Adds a kind, in place of an earlier one of the same name.
    #[must_use]
    pub fn with(mut self, factory: impl ProviderFactory) -> Self {
        let kind = factory.kind().to_owned();
        self.factories.insert(kind, Arc::new(factory));
        self
    }

    /// The factory of a kind.
    #[must_use]
    pub fn get(&self, kind: &str) -> Option<&dyn ProviderFactory> {
        self.factories.get(kind).map(AsRef::as_ref)
    }

    /// Every factory, in alphabetical order of kinds.
    pub fn factories(&self) -> impl Iterator<Item = &dyn ProviderFactory> {
        self.factories.values().map(AsRef::as_ref)
    }

    /// The names of the kinds, in alphabetical order.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.factories.keys().map(String::as_str)
    }

    /// Makes a provider of a kind.
    ///
    /// # Errors
    /// `InvalidRequest` where the kind is unknown, which names the known ones, or where a setting is.
    pub fn build(&self, kind: &str, settings: ProviderSettings) -> Result<ProviderSet> {
        self.get(kind)
            .ok_or_else(|| self.unknown(kind))?
            .build(settings)
    }

    pub(crate) fn unknown(&self, kind: &str) -> Error {
        let known: Vec<_> = self.kinds().map(|kind| format!("`{kind}`")).collect();
        let known = if known.is_empty() {
            "this program was built without any vendor".to_owned()
        } else {
            format!("known kinds are {}", known.join(", "))
        };
        Error::invalid_request(format!("provider kind `{kind}` is unknown: {known}"))
    }
}
