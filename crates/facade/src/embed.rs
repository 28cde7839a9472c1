//! Vectors: one call, its fallbacks, and the reply with the way it took and what it cost.

use std::ops::Deref;

use interline_core::{EmbedInput, EmbedRequest, EmbedResponse, Operation, Result, Usage};
use interline_resilience::{Form, Need};
use interline_routing::{CallSize, Needs};
use tracing::Instrument;

use crate::prepared::Occasion;
use crate::spending::Purse;
use crate::{CallOptions, Client, Cost, CountSource, RouteInfo};

/// Vectors, with the way they took and what they cost.
///
/// The answer itself is read through it: `reply.embeddings`, `reply.usage`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EmbedReply {
    /// The answer.
    pub response: EmbedResponse,
    /// Who gave it, and what happened before.
    pub route: RouteInfo,
    /// What it cost; unknown where the vendor did not count.
    pub cost: Cost,
    /// Whose word the tokens read are: some vendors count none, so that they are estimated.
    pub token_source: CountSource,
}

impl Deref for EmbedReply {
    type Target = EmbedResponse;

    fn deref(&self) -> &EmbedResponse {
        &self.response
    }
}

impl Client {
    /// Asks for one vector for each input. `request.model` is a route, `provider/model`, or a bare
    /// model name.
    ///
    /// Vectors of different models do not compare: a route for embeddings should name one model at
    /// several vendors.
    ///
    /// # Errors
    /// As [`Client::complete`]; `Unsupported` names who has no embeddings.
    pub async fn embed(&self, request: EmbedRequest) -> Result<EmbedReply> {
        self.embed_with(request, CallOptions::default()).await
    }

    /// As [`Client::embed`], with options of this call.
    ///
    /// # Errors
    /// As [`Client::embed`].
    pub async fn embed_with(
        &self,
        request: EmbedRequest,
        options: CallOptions,
    ) -> Result<EmbedReply> {
        let planned = self.counted(Operation::Embeddings, || {
            request.validate()?;
            let route = self.route_for(request.model.as_str())?;
            let input = request.inputs.iter().map(tokens_of).sum();
            let size = CallSize::new(input).with_max_output_tokens(0);
            let occasion = Occasion {
                form: Form::Embeddings,
                need: Need::new(input, 0),
                session: None,
                purse: Some(Purse::new(&self.inner.spending, size, &options)),
            };
            self.plan(route, Needs::new(Operation::Embeddings), occasion, &options)
        })?;
        let prepared = planned.reached_by(|_, connection| connection.offers.embed.clone());
        prepared.fetch_money().await;
        let answer = prepared
            .route
            .lane
            .engine
            .embed(prepared.call(&options), &request)
            .instrument(prepared.span(&options))
            .await
            .map_err(|error| prepared.in_the_ledgers_words(error))?;
        let usage = nothing_written(answer.value.usage);
        let (route, cost) = self.conclude(
            Operation::Embeddings,
            prepared.decision,
            answer.route,
            &usage,
        );
        let mut response = answer.value;
        let token_source = match response.usage.input_tokens {
            Some(_) => CountSource::Vendor,
            None => {
                response.usage.input_tokens = Some(request.inputs.iter().map(tokens_of).sum());
                CountSource::Estimate
            }
        };
        Ok(EmbedReply {
            response,
            route,
            cost,
            token_source,
        })
    }
}

/// About how many tokens an input is: four letters of English each.
fn tokens_of(input: &EmbedInput) -> u64 {
    let tokens = match input {
        EmbedInput::Text(text) => text.len().div_ceil(4),
        EmbedInput::Tokens(tokens) => tokens.len(),
        // A kind of input that nobody here knows is not estimated.
        _ => 0,
    };
    u64::try_from(tokens).unwrap_or(u64::MAX)
}

/// Vendors leave the output out of these figures, because there is none.
fn nothing_written(mut usage: Usage) -> Usage {
    usage.output_tokens = usage.output_tokens.or(Some(0));
    usage
}
