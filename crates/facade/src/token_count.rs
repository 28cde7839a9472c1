//! How many tokens a model would read: the vendor's word where it counts, else an estimate.

use std::sync::Arc;

use interline_catalog::{Tier, estimate_input_tokens};
use interline_core::{
    AttemptRecord, ChatRequest, DynTokenCounter, Error, ErrorKind, Operation, Result, Target, Usage,
};
use interline_resilience::Form;
use tracing::Instrument;

use crate::prepared::Planned;
use crate::stripped::Stripped;
use crate::{CallOptions, Client, RouteInfo};

/// How many tokens a model would read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenCount {
    /// The figure.
    pub tokens: u64,
    /// Whose word it is.
    pub source: CountSource,
    /// For which target it holds.
    pub target: Target,
    /// How dear that target's model is.
    pub tier: Tier,
    /// Who counted, and what happened before; `None` for an estimate.
    pub route: Option<RouteInfo>,
    /// Every attempt in order, those of vendors that failed to count before an estimate included.
    pub attempts: Vec<AttemptRecord>,
}

/// Whose word a count of tokens is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CountSource {
    /// The vendor's own counter.
    Vendor,
    /// [`estimate_input_tokens`]; its documentation tells how far it is off.
    Estimate,
}

impl CountSource {
    /// `vendor` or `estimate`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Estimate => "estimate",
        }
    }
}

impl Client {
    /// Counts the tokens that the first usable target of `request.model` would read.
    ///
    /// Where that target's vendor counts, it is asked, and after a failure the other targets of the
    /// route whose vendors count. Where it does not, and where nobody answered, the figure is an
    /// estimate for the first target: counting never fails because a vendor does.
    ///
    /// # Errors
    /// `NotFound` where the name means nothing, `Unsupported` where no target can carry the request,
    /// the vendor's error where it is the caller's mistake.
    pub async fn count_tokens(&self, request: ChatRequest) -> Result<TokenCount> {
        self.count_tokens_with(request, CallOptions::default())
            .await
    }

    /// As [`Client::count_tokens`], with options of this call.
    ///
    /// # Errors
    /// As [`Client::count_tokens`].
    pub async fn count_tokens_with(
        &self,
        request: ChatRequest,
        options: CallOptions,
    ) -> Result<TokenCount> {
        let planned = self.counted(Operation::CountTokens, || {
            let classification = self.classified_at_once(&request);
            self.plan_chat(
                &request,
                classification.as_ref(),
                Form::TokenCount,
                &options,
            )
        })?;
        let first = planned.targets.first().cloned().ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a plan without targets was returned")
        })?;
        let can_count = |target: &Target| {
            let reached = planned.route.reach(target);
            reached.is_some_and(|(_, connection)| connection.offers.count.is_some())
        };
        if !can_count(&first) {
            if let Some(metrics) = &self.inner.metrics {
                metrics.estimated(&planned.route.name);
            }
            return Ok(self.estimated(first, &request, Vec::new()));
        }
        match self.ask_counters(planned, &request, &options).await {
            Ok(count) => Ok(count),
            Err(error) if is_callers(&error) => Err(error),
            Err(error) => {
                tracing::debug!(
                    target: "interline",
                    kind = %error.kind(),
                    "no vendor counted the tokens: they are estimated"
                );
                Ok(self.estimated(first, &request, error.attempts().to_vec()))
            }
        }
    }

    async fn ask_counters(
        &self,
        planned: Planned,
        request: &ChatRequest,
        options: &CallOptions,
    ) -> Result<TokenCount> {
        let route = Arc::clone(&planned.route);
        let prepared = planned
            .with_nothing_written()
            .reached_by(|member, connection| {
                let service: DynTokenCounter = connection.offers.count.clone()?;
                let Some(request) = self.seen_by(member, request, &route) else {
                    return Some(service);
                };
                Some(Arc::new(Stripped { service, request }))
            });
        let answer = route
            .lane
            .engine
            .count_tokens(prepared.call(options), request)
            .instrument(prepared.span(options))
            .await?;
        let target = answer.route.target.clone();
        // Nothing was used: the figure is an answer, not a bill.
        let (route, _) = self.conclude(
            Operation::CountTokens,
            prepared.decision,
            answer.route,
            &Usage::default(),
        );
        Ok(TokenCount {
            tokens: answer.value,
            source: CountSource::Vendor,
            target,
            tier: route.tier,
            attempts: route.attempt_list.clone(),
            route: Some(route),
        })
    }

    fn estimated(
        &self,
        target: Target,
        request: &ChatRequest,
        attempts: Vec<AttemptRecord>,
    ) -> TokenCount {
        TokenCount {
            tokens: estimate_input_tokens(request, target.model.as_str()),
            source: CountSource::Estimate,
            tier: self.inner.tier(&target),
            target,
            route: None,
            attempts,
        }
    }
}

/// Whether the answer itself would be refused too: then an estimate would only hide the mistake.
fn is_callers(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidRequest | ErrorKind::PayloadTooLarge | ErrorKind::ContentFiltered
    )
}
