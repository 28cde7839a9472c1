//! Names of things: providers, models, targets, wire formats, calls.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{Error, ErrorKind};

macro_rules! shared_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Makes the name from text, taken as it is.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(name.into())
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

shared_name! {
    /// The name of one configured connection to a vendor, such as `openai` or `azure-eu`.
    ///
    /// It is what the user called the connection, not the vendor's kind: two connections to one
    /// vendor have two ids.
    ProviderId
}
shared_name! {
    /// A model as the vendor names it, slashes included, such as `meta-llama/Llama-3.3-70B`.
    ModelId
}
shared_name! {
    /// Names one call over all its attempts; shows up in logs, headers and metrics traces.
    CallId
}

/// A wire format such as `openai.chat` or `anthropic.messages`.
///
/// Providers declare the formats they speak natively by this id, so that crates outside this
/// repository can add their own.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormatId(Cow<'static, str>);

impl FormatId {
    /// A format id that is known when the program is written.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A format id that is known only at run time.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FormatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for FormatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One place that can serve a request: a provider and a model of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// The connection to call.
    pub provider: ProviderId,
    /// The model to ask it for.
    pub model: ModelId,
}

impl Target {
    /// Joins a provider and a model.
    pub fn new(provider: impl Into<ProviderId>, model: impl Into<ModelId>) -> Self {
        Self {
            provider: provider.into(),
            model: model.into(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

impl FromStr for Target {
    type Err = Error;

    /// Splits `provider/model` at the first slash; the model keeps its own slashes.
    ///
    /// # Errors
    /// `InvalidRequest` where the slash, the provider or the model is missing.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once('/') {
            Some((provider, model)) if !provider.is_empty() && !model.is_empty() => {
                Ok(Self::new(provider, model))
            }
            _ => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("target `{text}` is not of the form `provider/model`"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_splits_at_the_first_slash() {
        let target: Target = "together/meta-llama/Llama-3"
            .parse()
            .expect("a good target");
        assert_eq!(target, Target::new("together", "meta-llama/Llama-3"));
        assert_eq!(target.to_string(), "together/meta-llama/Llama-3");
    }

    #[test]
    fn a_target_without_both_halves_is_refused_by_name() {
        for bad in ["gpt-4o", "/gpt-4o", "openai/", ""] {
            let error = bad.parse::<Target>().expect_err("a bad target");
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.to_string().contains(&format!("`{bad}`")), "{error}");
        }
    }
}
