//! Embeddings: texts in, vectors out.

use std::sync::Arc;

use crate::{Error, Extra, FormatId, ModelId, Origin, RawBody, ResponseMeta, Usage};

/// One request for vectors, of any vendor.
///
/// Cloning copies pointers, never texts: every attempt gets its own value with its own model.
#[derive(Clone, Debug)]
pub struct EmbedRequest {
    /// The model to ask for: a route, a target or a model to the client, the vendor's model to a
    /// provider.
    pub model: ModelId,
    body: Arc<EmbedBody>,
    origin: Option<Arc<Origin>>,
}

/// The typed content of an [`EmbedRequest`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EmbedBody {
    /// What to embed, in order; the answer has one vector for each.
    pub inputs: Vec<EmbedInput>,
    /// How many numbers each vector shall have; the model's own measure where absent.
    pub dimensions: Option<u32>,
    /// What the vectors are for, for vendors that tune them to it.
    pub purpose: Option<EmbedPurpose>,
    /// The end user, in the application's own pseudonym.
    pub user: Option<String>,
    /// Fields that no type knows.
    pub extra: Extra,
}

/// One thing to embed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbedInput {
    /// Words.
    Text(String),
    /// Words that were already cut into the model's tokens; means something only to that model.
    Tokens(Vec<u32>),
}

/// What vectors are for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmbedPurpose {
    /// A question that is matched against stored documents.
    Query,
    /// A document that is stored and searched.
    Document,
    /// Comparison of like with like.
    Similarity,
    /// Input of a classifier.
    Classification,
    /// Grouping.
    Clustering,
    /// A word that only some vendor knows.
    Other(String),
}

impl EmbedRequest {
    /// A request for the vectors of `inputs`.
    pub fn new<I: Into<EmbedInput>>(
        model: impl Into<ModelId>,
        inputs: impl IntoIterator<Item = I>,
    ) -> Self {
        let body = EmbedBody {
            inputs: inputs.into_iter().map(Into::into).collect(),
            ..EmbedBody::default()
        };
        Self::from_body(model, body)
    }

    /// A request from typed content.
    pub fn from_body(model: impl Into<ModelId>, body: EmbedBody) -> Self {
        Self {
            model: model.into(),
            body: Arc::new(body),
            origin: None,
        }
    }

    /// Attaches the bytes this request was decoded from.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = Some(Arc::new(origin));
        self
    }

    /// The bytes this request was decoded from, if it still equals them and they are of `format`.
    #[must_use]
    pub fn origin_in(&self, format: &FormatId) -> Option<&Origin> {
        let origin = self.origin.as_deref();
        origin.filter(|origin| origin.format == *format)
    }

    /// The same request for another model; the origin stays, since its model is replaced on the wire.
    #[must_use]
    pub fn for_model(&self, model: impl Into<ModelId>) -> Self {
        Self {
            model: model.into(),
            ..self.clone()
        }
    }

    /// Changes the content. The origin is dropped, because it no longer says the same.
    #[must_use]
    pub fn edited(mut self, change: impl FnOnce(&mut EmbedBody)) -> Self {
        change(Arc::make_mut(&mut self.body));
        self.origin = None;
        self
    }

    /// Says how many numbers each vector shall have.
    #[must_use]
    pub fn with_dimensions(self, dimensions: u32) -> Self {
        self.edited(|body| body.dimensions = Some(dimensions))
    }

    /// Says what the vectors are for.
    #[must_use]
    pub fn with_purpose(self, purpose: EmbedPurpose) -> Self {
        self.edited(|body| body.purpose = Some(purpose))
    }

    /// Refuses a request that no vendor could answer before anything is sent.
    ///
    /// # Errors
    /// `InvalidRequest` where there is nothing to embed, or an input is empty.
    pub fn validate(&self) -> Result<(), Error> {
        let refuse = |message: String| Err(Error::invalid_request(message).with_param("input"));
        if self.inputs.is_empty() {
            return refuse("`input` is empty: send at least one text".to_owned());
        }
        match self.inputs.iter().position(EmbedInput::is_empty) {
            Some(place) => refuse(format!(
                "`input[{place}]` is empty: send text or leave it out"
            )),
            None => Ok(()),
        }
    }
}

impl std::ops::Deref for EmbedRequest {
    type Target = EmbedBody;

    fn deref(&self) -> &EmbedBody {
        &self.body
    }
}

impl EmbedInput {
    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Tokens(tokens) => tokens.is_empty(),
        }
    }

    /// The words, where they are words.
    #[must_use]
    pub const fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            Self::Tokens(_) => None,
        }
    }
}

impl From<String> for EmbedInput {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for EmbedInput {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<u32>> for EmbedInput {
    fn from(tokens: Vec<u32>) -> Self {
        Self::Tokens(tokens)
    }
}

/// The vectors, in the order of the inputs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EmbedResponse {
    /// The model that answered, in the vendor's words.
    pub model: String,
    /// One vector for each input.
    pub embeddings: Vec<Vec<f32>>,
    /// Tokens read; nothing is written.
    pub usage: Usage,
    /// What the vendor said around the answer.
    pub meta: ResponseMeta,
    /// The body as it arrived, for callers of the same format.
    pub raw: Option<RawBody>,
}

impl EmbedResponse {
    /// Vectors made by `model`.
    pub fn new(model: impl Into<String>, embeddings: Vec<Vec<f32>>) -> Self {
        Self {
            model: model.into(),
            embeddings,
            usage: Usage::default(),
            meta: ResponseMeta::default(),
            raw: None,
        }
    }

    /// Adds the tokens used.
    #[must_use]
    pub const fn with_usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// Refuses an answer that does not fit the question: one vector for each input, none empty.
    ///
    /// # Errors
    /// `Protocol` that says what is wrong.
    pub fn fits(&self, request: &EmbedRequest) -> Result<(), Error> {
        let (asked, got) = (request.inputs.len(), self.embeddings.len());
        if asked != got {
            return Err(Error::protocol(format!(
                "asked for {asked} embeddings and got {got}"
            )));
        }
        if self.embeddings.iter().any(Vec::is_empty) {
            return Err(Error::protocol("an embedding has no numbers"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(request: &EmbedRequest, message: &str) {
        let error = request.validate().expect_err("refused");
        assert_eq!(error.message(), message);
        assert_eq!(error.param(), Some("input"));
    }

    #[test]
    fn an_empty_input_is_named() {
        refused(
            &EmbedRequest::new("m", Vec::<String>::new()),
            "`input` is empty: send at least one text",
        );
        refused(
            &EmbedRequest::new("m", ["a", ""]),
            "`input[1]` is empty: send text or leave it out",
        );
        assert!(EmbedRequest::new("m", [vec![1, 2]]).validate().is_ok());
    }

    #[test]
    fn an_answer_has_one_vector_for_each_input() {
        let request = EmbedRequest::new("m", ["a", "b"]);
        let fits = |vectors| EmbedResponse::new("m", vectors).fits(&request).is_ok();
        assert!(fits(vec![vec![0.5], vec![0.25]]));
        assert!(!fits(vec![vec![0.5]]));
        assert!(!fits(vec![vec![0.5], vec![]]));
    }

    #[test]
    fn an_edit_drops_the_origin_and_another_model_keeps_it() {
        const FORMAT: FormatId = FormatId::from_static("f");
        let origin = Origin::new(FORMAT, bytes::Bytes::from_static(b"{}"));
        let request = EmbedRequest::new("m", ["a"]).with_origin(origin);
        assert!(request.for_model("n").origin_in(&FORMAT).is_some());
        assert!(request.with_dimensions(8).origin_in(&FORMAT).is_none());
    }
}
