//! The suite rejects providers that are broken on purpose, each by the case that names its flaw.

use interline::{ProviderSettings, Registry};
use interline_testkit::conformance::{Answers, Case, Conformance, Verdict};
use serde_json::json;

use crate::flaw::{Flaw, Flawed};

/// A right provider to be broken, with what its vendor answers.
#[derive(Clone, Copy, Debug)]
enum Base {
    OpenAi,
    /// Refuses several choices, so that it can claim them wrongly.
    Groq,
    /// Signs its thinking.
    Anthropic,
}

impl Base {
    const fn kind(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Groq => "groq",
            Self::Anthropic => "anthropic",
        }
    }

    fn answers(self) -> Answers {
        match self {
            Self::OpenAi | Self::Groq => Answers::openai_chat(),
            Self::Anthropic => Answers::anthropic_messages(),
        }
    }
}

/// The flaws, the case that must reject each, and words of its finding.
const TABLE: [(Flaw, Base, Case, &str); 56] = {
    use Base::{Anthropic, Groq, OpenAi};
    [
        (
            Flaw::BlamesTheCaller,
            OpenAi,
            Case::EmbeddingErrors,
            "became InvalidRequest",
        ),
        (
            Flaw::BuffersWithoutLimit,
            OpenAi,
            Case::OversizedStream,
            "was read on and on",
        ),
        (
            Flaw::DropsReasoning,
            OpenAi,
            Case::ReasoningStream,
            "reasoning: expected",
        ),
        (
            Flaw::DropsSchemas,
            OpenAi,
            Case::Structured,
            "did not reach the wire",
        ),
        (
            Flaw::DropsTools,
            OpenAi,
            Case::Tools,
            "did not reach the wire",
        ),
        (Flaw::LosesPieces, OpenAi, Case::Chunking, "in pieces of"),
        (
            Flaw::MergesChoices,
            OpenAi,
            Case::Choices,
            "two choices have the index 0",
        ),
        (
            Flaw::MiscountsTokens,
            Anthropic,
            Case::TokenCount,
            "got 2096",
        ),
        (Flaw::MissesModels, OpenAi, Case::Models, "expected"),
        (
            Flaw::AcceptsGarbage,
            OpenAi,
            Case::Malformed,
            "was taken for an answer",
        ),
        (
            Flaw::AcceptsGarbage,
            OpenAi,
            Case::MalformedStream,
            "was taken for an answer",
        ),
        (
            Flaw::AcceptsGarbage,
            OpenAi,
            Case::TruncatedAnswer,
            "half an answer was taken",
        ),
        (
            Flaw::AdmitsNothing,
            OpenAi,
            Case::UndeclaredFeatures,
            "sent all the same",
        ),
        (
            Flaw::AnonymousErrors,
            OpenAi,
            Case::ErrorKinds,
            "does not name its provider",
        ),
        (
            Flaw::BlamesTheCaller,
            OpenAi,
            Case::ErrorKinds,
            "status 500: kind",
        ),
        (
            Flaw::BlamesTheCaller,
            OpenAi,
            Case::ErrorKindsStream,
            "status 500: kind",
        ),
        (
            Flaw::BuffersStreams,
            OpenAi,
            Case::StreamCancellation,
            "no frame came",
        ),
        (
            Flaw::BuffersWithoutLimit,
            OpenAi,
            Case::Oversized,
            "was read on and on",
        ),
        (
            Flaw::CallsAllWell,
            OpenAi,
            Case::Health,
            "refuses with 401 is called well",
        ),
        (
            Flaw::ClaimsEverything,
            Groq,
            Case::DeclaredFeatures,
            "`n` is declared, yet",
        ),
        (
            Flaw::CountsCacheApart,
            OpenAi,
            Case::Usage,
            "cached ones included",
        ),
        (
            Flaw::CountsCacheApart,
            OpenAi,
            Case::UsageStream,
            "cached ones included",
        ),
        (
            Flaw::DropsReasoning,
            OpenAi,
            Case::Reasoning,
            "reasoning: expected",
        ),
        (
            Flaw::DropsSystem,
            OpenAi,
            Case::Text,
            "did not reach the wire",
        ),
        (
            Flaw::DropsToolResults,
            OpenAi,
            Case::ToolRoundTrip,
            "did not reach the wire",
        ),
        (
            Flaw::DropsTools,
            OpenAi,
            Case::DeclaredFeatures,
            "`tools` is declared, yet",
        ),
        (
            Flaw::EndsTwice,
            OpenAi,
            Case::TextStream,
            "second end event",
        ),
        (
            Flaw::ForgetsRaw,
            OpenAi,
            Case::NativeAnswer,
            "does not keep its body",
        ),
        (
            Flaw::ForgetsRetryAfter,
            OpenAi,
            Case::RetryAfter,
            "became Backoff",
        ),
        (
            Flaw::ForgetsUnknownFields,
            OpenAi,
            Case::NativeRequest,
            "no type knows was lost",
        ),
        (
            Flaw::ForgetsWireErrors,
            OpenAi,
            Case::WireErrors,
            "has no wire error",
        ),
        (
            Flaw::IgnoresCancellation,
            OpenAi,
            Case::Cancellation,
            "stayed open",
        ),
        (
            Flaw::IgnoresCancellation,
            OpenAi,
            Case::StreamCancellation,
            "stayed open",
        ),
        (
            Flaw::LeaksItsKey,
            OpenAi,
            Case::Secrets,
            "the key shows in an error",
        ),
        (
            Flaw::LiesAboutPhases,
            OpenAi,
            Case::Truncation,
            "content had come",
        ),
        (Flaw::LosesLetters, OpenAi, Case::Text, "text of choice 0"),
        (
            Flaw::LosesSignatures,
            Anthropic,
            Case::ReasoningRoundTrip,
            "did not reach the wire",
        ),
        (
            Flaw::MergesChoices,
            OpenAi,
            Case::ChoicesStream,
            "choices: expected 2",
        ),
        (
            Flaw::MergesToolCalls,
            OpenAi,
            Case::ParallelToolsStream,
            "arguments of tool call",
        ),
        (
            Flaw::MissesVectors,
            OpenAi,
            Case::EmbeddingCount,
            "a vector is missing",
        ),
        (
            Flaw::NeverEnds,
            OpenAi,
            Case::TextStream,
            "neither an end event nor an error",
        ),
        (Flaw::Panics, OpenAi, Case::Malformed, "panicked"),
        (Flaw::PaysForHealth, OpenAi, Case::Health, "costs money"),
        (
            Flaw::PromisesRetries,
            OpenAi,
            Case::ErrorKinds,
            "trying again gives the same",
        ),
        (
            Flaw::RepeatsText,
            OpenAi,
            Case::TextStream,
            "text of choice 0",
        ),
        (
            Flaw::ReportsHeadersEarly,
            OpenAi,
            Case::Progress,
            "although the vendor was silent",
        ),
        (
            Flaw::ReportsNothing,
            OpenAi,
            Case::Progress,
            "expected Sending, Headers and Bytes",
        ),
        (Flaw::Retries, OpenAi, Case::OneRequest, "made 2 requests"),
        (
            Flaw::SendsForeignState,
            OpenAi,
            Case::ForeignState,
            "of another format was sent",
        ),
        (
            Flaw::ShiftsToolIndices,
            OpenAi,
            Case::ToolsStream,
            "began with the index 1",
        ),
        (
            Flaw::ShufflesVectors,
            OpenAi,
            Case::Embeddings,
            "in their order",
        ),
        (
            Flaw::SumsUsage,
            Anthropic,
            Case::UsageStream,
            "output tokens",
        ),
        (
            Flaw::SwallowsCuts,
            OpenAi,
            Case::Truncation,
            "as if it were complete",
        ),
        (
            Flaw::SwallowsCuts,
            OpenAi,
            Case::BrokenConnection,
            "as if it were complete",
        ),
        (
            Flaw::SwallowsStreamErrors,
            OpenAi,
            Case::StreamError,
            "taken for the end",
        ),
        (
            Flaw::UsesOneIdForAllCalls,
            OpenAi,
            Case::ParallelTools,
            "several tool calls have the id",
        ),
    ]
};

/// The verdict of one case on a base with or without a flaw.
async fn verdict(base: Base, flaw: Option<Flaw>, case: Case) -> Verdict {
    let registry = Registry::standard();
    let suite = Conformance::new(move |link| {
        let kind = base.kind();
        let values = json!({"base_url": link.base_url(), "api_key": link.api_key()});
        let set = registry.build(kind, ProviderSettings::new(kind, values))?;
        Ok(match flaw {
            Some(flaw) => Flawed::over(set, link.api_key(), flaw),
            None => set,
        })
    });
    let report = suite.with_answers(base.answers()).only([case]).run().await;
    report
        .verdict(case)
        .expect("the case was asked for")
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flaw_is_rejected_by_its_case() {
    let mut verdicts = tokio::task::JoinSet::new();
    for (flaw, base, case, words) in TABLE {
        verdicts.spawn(async move {
            match verdict(base, Some(flaw), case).await {
                Verdict::Failed(findings) if findings.iter().any(|one| one.contains(words)) => None,
                other => Some(format!("{flaw:?} by {case}: {other:?}")),
            }
        });
    }
    let wrong: Vec<String> = verdicts.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "not rejected:\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_decorator_itself_is_no_flaw() {
    // Reversed vectors are no flaw of chat.
    for case in [
        Case::Text,
        Case::TextStream,
        Case::ToolsStream,
        Case::Truncation,
    ] {
        let passed = verdict(Base::OpenAi, Some(Flaw::ShufflesVectors), case).await;
        assert_eq!(passed, Verdict::Passed, "{case}");
        assert_eq!(
            verdict(Base::OpenAi, None, case).await,
            Verdict::Passed,
            "{case}"
        );
    }
}

#[test]
fn every_case_rejects_something() {
    let unproven: Vec<Case> = Case::ALL
        .into_iter()
        .filter(|case| TABLE.iter().all(|(_, _, rejecting, _)| rejecting != case))
        .collect();
    assert!(unproven.is_empty(), "break a provider for {unproven:?}");
}
