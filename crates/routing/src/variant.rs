//! Prompt variants: what one target, or one tier, is asked instead of what the caller wrote.
//!
//! A prompt that was tuned for one model is often a bad one for another. A variant gives a target its
//! own system prompt and parameters, for the attempts that go there and for no others.
//! It edits the request, so the bytes that arrived are dropped and the vendor gets what the types say.

mod template;

use std::collections::BTreeMap;

use interline_core::{
    CacheControl, ChatBody, ChatRequest, Effort, Error, Message, Part, ReasoningConfig, Result,
    Role, Target,
};

pub use template::Template;

/// What a target is asked instead of what the caller wrote. Changes nothing by default.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Variant {
    /// What the system prompt becomes; the caller's own is lost unless the template holds `{{system}}`.
    pub system: Option<Template>,
    /// The randomness, 0–2.
    pub temperature: Option<f64>,
    /// Nucleus sampling, above 0 and up to 1.
    pub top_p: Option<f64>,
    /// Bound on the answer, in tokens; it replaces the caller's.
    pub max_output_tokens: Option<u64>,
    /// How hard to think.
    pub effort: Option<Effort>,
}

/// What a variant's template may speak of.
#[derive(Clone, Copy, Debug)]
pub struct VariantFacts<'a> {
    /// The target of the attempt.
    pub target: &'a Target,
    /// The name of the task, where one is known.
    pub task: Option<&'a str>,
    /// The call's tags.
    pub tags: &'a BTreeMap<String, String>,
}

impl Variant {
    /// A variant that changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the system prompt.
    #[must_use]
    pub fn with_system(mut self, system: Template) -> Self {
        self.system = Some(system);
        self
    }

    /// Sets the randomness.
    ///
    /// # Errors
    /// `InvalidRequest` where it is not within 0–2.
    pub fn with_temperature(mut self, temperature: f64) -> Result<Self> {
        if !(0.0..=2.0).contains(&temperature) {
            let message = format!("temperature {temperature} is not within 0 and 2");
            return Err(Error::invalid_request(message));
        }
        self.temperature = Some(temperature);
        Ok(self)
    }

    /// Sets nucleus sampling.
    ///
    /// # Errors
    /// `InvalidRequest` where it is not above 0, up to 1.
    pub fn with_top_p(mut self, top_p: f64) -> Result<Self> {
        if !(top_p > 0.0 && top_p <= 1.0) {
            let message = format!("top_p {top_p} is not above 0, up to 1");
            return Err(Error::invalid_request(message));
        }
        self.top_p = Some(top_p);
        Ok(self)
    }

    /// Sets the bound on the answer.
    ///
    /// # Errors
    /// `InvalidRequest` where it is 0.
    pub fn with_max_output_tokens(mut self, tokens: u64) -> Result<Self> {
        if tokens == 0 {
            return Err(Error::invalid_request(
                "an answer of at most 0 tokens is none: write at least 1",
            ));
        }
        self.max_output_tokens = Some(tokens);
        Ok(self)
    }

    /// Sets how hard to think.
    #[must_use]
    pub fn with_effort(mut self, effort: Effort) -> Self {
        self.effort = Some(effort);
        self
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This variant where it says something, else `other`: a target's own word before its tier's.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let own = self.clone();
        Self {
            system: own.system.or_else(|| other.system.clone()),
            temperature: own.temperature.or(other.temperature),
            top_p: own.top_p.or(other.top_p),
            max_output_tokens: own.max_output_tokens.or(other.max_output_tokens),
            effort: own.effort.or_else(|| other.effort.clone()),
        }
    }

    /// The request as this target is asked; the same one, bytes included, where nothing changes.
    #[must_use]
    pub fn applied(&self, request: &ChatRequest, facts: &VariantFacts<'_>) -> ChatRequest {
        let mut request = request.clone();
        if self.is_empty() {
            return request;
        }
        request.edit(|body| {
            if let Some(template) = &self.system {
                replace_system(body, template, facts);
            }
            let params = &mut body.params;
            params.temperature = self.temperature.or(params.temperature);
            params.top_p = self.top_p.or(params.top_p);
            params.max_output_tokens = self.max_output_tokens.or(params.max_output_tokens);
            if let Some(effort) = &self.effort {
                body.reasoning = Some(ReasoningConfig::effort(effort.clone()));
            }
        });
        request
    }
}

/// Puts the template's text in place of the instructions that the conversation begins with. Those that
/// come later belong to their turn and stay.
fn replace_system(body: &mut ChatBody, template: &Template, facts: &VariantFacts<'_>) {
    let is_instruction =
        |message: &&Message| matches!(message.role, Role::System | Role::Developer);
    let own: Vec<&Message> = body.messages.iter().take_while(is_instruction).collect();
    let texts: Vec<String> = own.iter().map(|message| message.text()).collect();
    let role = own
        .first()
        .map_or(Role::System, |message| message.role.clone());
    let text = template.rendered(&texts.join("\n\n"), facts);
    let mut parts = Vec::new();
    if !text.trim().is_empty() {
        // Who asks to cache his instructions asks it of those that take their place, too.
        let marks = own.iter().flat_map(|message| &message.parts);
        let mark: Option<CacheControl> = marks.rev().find_map(|part| part.cache_control.clone());
        parts.push(Part::text(text).with_cache_control(mark));
    }
    let replaced = own.len();
    let instruction = (!parts.is_empty()).then(|| Message::new(role, parts));
    body.messages.splice(..replaced, instruction);
}

#[cfg(test)]
mod tests {

    use interline_core::{FormatId, Origin};

    use super::*;

    fn applied(variant: &Variant, request: &ChatRequest) -> ChatRequest {
        let tags = BTreeMap::from([("team".to_owned(), "search".to_owned())]);
        let target = Target::new("groq", "llama");
        let facts = VariantFacts {
            target: &target,
            task: Some("coding"),
            tags: &tags,
        };
        variant.applied(request, &facts)
    }

    fn template(text: &str) -> Template {
        Template::parse(text).expect("a template")
    }

    fn texts(request: &ChatRequest) -> Vec<String> {
        request.messages.iter().map(Message::text).collect()
    }

    fn asked() -> ChatRequest {
        let origin = Origin::new(FormatId::from_static("f"), b"{}".to_vec().into());
        let messages = [
            Message::system("Be brief."),
            Message::new(Role::Developer, [Part::text("Be kind.")]),
            Message::user("hi"),
            Message::system("Later."),
        ];
        ChatRequest::new("chat", messages).with_origin(origin)
    }

    #[test]
    fn the_leading_instructions_are_replaced_and_later_ones_stay() {
        let variant = Variant::new().with_system(template("You serve {{tag.team}}.\n{{system}}"));
        let seen = applied(&variant, &asked());
        assert_eq!(
            texts(&seen),
            ["You serve search.\nBe brief.\n\nBe kind.", "hi", "Later."]
        );
        assert_eq!(seen.messages[0].role, Role::System);
        assert!(seen.origin().is_none(), "the bytes say something else");
    }

    #[test]
    fn a_template_without_the_callers_words_takes_their_place() {
        let variant = Variant::new().with_system(template("Think in steps."));
        assert_eq!(texts(&applied(&variant, &asked()))[0], "Think in steps.");
        let bare = ChatRequest::new("chat", [Message::user("hi")]);
        assert_eq!(texts(&applied(&variant, &bare)), ["Think in steps.", "hi"]);
        let empty = Variant::new().with_system(template(""));
        assert_eq!(texts(&applied(&empty, &asked())), ["hi", "Later."]);
    }

    #[test]
    fn a_mark_to_cache_survives_on_the_new_instructions() {
        let marked = Part::text("Long.").with_cache_control(CacheControl::ephemeral());
        let request = ChatRequest::new("m", [Message::new(Role::System, [marked])]);
        let variant = Variant::new().with_system(template("{{system}}!"));
        let seen = applied(&variant, &request);
        assert!(seen.messages[0].parts[0].cache_control.is_some());
    }

    #[test]
    fn parameters_are_overridden_and_others_stay() {
        let variant = Variant::new()
            .with_temperature(0.1)
            .and_then(|variant| variant.with_max_output_tokens(64))
            .expect("good numbers")
            .with_effort(Effort::Low);
        let request = asked().with_temperature(1.0).with_stop("END");
        let seen = applied(&variant, &request);
        assert_eq!(seen.params.temperature, Some(0.1));
        assert_eq!(seen.params.max_output_tokens, Some(64));
        assert_eq!(seen.params.stop, ["END"]);
        assert_eq!(seen.reasoning, Some(ReasoningConfig::effort(Effort::Low)));
        assert_eq!(
            request.params.temperature,
            Some(1.0),
            "the caller's own is untouched"
        );
    }

    #[test]
    fn an_empty_variant_keeps_the_bytes() {
        assert!(applied(&Variant::new(), &asked()).origin().is_some());
    }

    #[test]
    fn a_targets_own_word_counts_before_its_tiers() {
        let own = Variant::new().with_temperature(0.1).expect("a number");
        let tier = Variant::new()
            .with_temperature(0.9)
            .expect("a number")
            .with_system(template("x"));
        let both = own.or(&tier);
        assert_eq!(both.temperature, Some(0.1));
        assert!(both.system.is_some());
    }

    #[test]
    fn numbers_that_no_vendor_takes_are_refused() {
        assert!(Variant::new().with_temperature(2.1).is_err());
        assert!(Variant::new().with_temperature(f64::NAN).is_err());
        assert!(Variant::new().with_top_p(0.0).is_err());
        assert!(Variant::new().with_max_output_tokens(0).is_err());
    }
}
