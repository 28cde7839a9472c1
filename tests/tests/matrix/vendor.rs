//! The vendors of the matrix: one for each format that goes out, with its real adapter.

use std::sync::Arc;

use interline::anthropic::Anthropic;
use interline::bedrock::Bedrock;
use interline::cohere::Cohere;
use interline::google::Google;
use interline::openai::{OpenAi, OpenAiVendor};
use interline::openrouter::OpenRouterVendor;
use interline::{ProviderSet, Result, Usage};
use interline_dialect_openai::responses::ResponsesAdapter;
use interline_dialect_openai::{ChatApi, Vendor as _, VendorChat, VendorProfile};
use interline_transport::Transport;

use crate::caller::Caller;
use crate::canned::{Canned, Script};
use crate::case::Case;
use crate::check::Cell;
use crate::said::{CALLS, Said, Tokens};
use crate::vendors::{anthropic, bedrock, cohere, gemini, openai_chat, openai_responses};

/// A format that goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Vendor {
    Chat,
    Responses,
    Anthropic,
    Gemini,
    Bedrock,
    Cohere,
}

/// How an exchange fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    /// The vendor says that the caller's request is wrong.
    Refusal,
    /// The vendor has too much to do.
    Overload,
}

impl Vendor {
    pub(crate) const ALL: [Self; 6] = [
        Self::Chat,
        Self::Responses,
        Self::Anthropic,
        Self::Gemini,
        Self::Bedrock,
        Self::Cohere,
    ];

    /// The format's name in files and reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chat => "openai.chat",
            Self::Responses => "openai.responses",
            Self::Anthropic => "anthropic.messages",
            Self::Gemini => "gemini.generateContent",
            Self::Bedrock => "bedrock.converse",
            Self::Cohere => "cohere.v2",
        }
    }

    /// The vendor who speaks the format, and the model that is asked.
    ///
    /// OpenAI's own Chat Completions show no thoughts, so OpenRouter serves the cases with thoughts.
    pub(crate) const fn target(self, case: Case) -> &'static str {
        match self {
            Self::Chat if case.thinks() => "openrouter/anthropic/claude-sonnet-4.5",
            Self::Chat => "openai/gpt-4o",
            Self::Responses => "openai/gpt-5-mini",
            Self::Anthropic => "anthropic/claude-sonnet-4-5",
            Self::Gemini => "google/gemini-3-flash-preview",
            Self::Bedrock => "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            Self::Cohere if case.sees() => "cohere/command-a-vision-07-2025",
            Self::Cohere => "cohere/command-a-reasoning-08-2025",
        }
    }

    /// A connection over a script, named like its kind.
    pub(crate) fn connection(self, cell: Cell, script: &Arc<Script>) -> ProviderSet {
        let transport: Arc<dyn Transport> = Arc::<Script>::clone(script);
        let made = match self {
            Self::Chat => chat(cell, transport),
            Self::Responses => responses(cell, transport),
            Self::Anthropic => Anthropic::builder()
                .api_key(KEY)
                .transport(transport)
                .build_set(),
            Self::Gemini => Google::builder()
                .api_key(KEY)
                .transport(transport)
                .build_set(),
            Self::Bedrock => Bedrock::builder()
                .region("us-east-1")
                .api_key(KEY)
                .transport(transport)
                .build()
                .map(Into::into),
            Self::Cohere => Cohere::builder()
                .api_key(KEY)
                .transport(transport)
                .build()
                .map(Into::into),
        };
        made.expect("a key and a transport are enough")
    }

    /// A whole answer.
    pub(crate) fn whole(self, said: &Said) -> Canned {
        let body = match self {
            Self::Chat => openai_chat::whole(said),
            Self::Responses => openai_responses::whole(said),
            Self::Anthropic => anthropic::whole(said),
            Self::Gemini => gemini::whole(said),
            Self::Bedrock => bedrock::whole(said),
            Self::Cohere => cohere::whole(said),
        };
        Canned::json(200, body)
    }

    /// A streamed answer.
    pub(crate) fn stream(self, said: &Said) -> Canned {
        match self {
            Self::Chat => Canned::sse(openai_chat::stream(said)),
            Self::Responses => Canned::sse(openai_responses::stream(said)),
            Self::Anthropic => Canned::sse(anthropic::stream(said)),
            Self::Gemini => Canned::sse(gemini::stream(said)),
            Self::Bedrock => bedrock::stream(said),
            Self::Cohere => Canned::sse(cohere::stream(said)),
        }
    }

    /// A stream that fails behind its first words.
    pub(crate) fn broken_stream(self, words: &str) -> Canned {
        match self {
            Self::Chat => Canned::sse(openai_chat::broken(words)),
            Self::Responses => Canned::sse(openai_responses::broken(words)),
            Self::Anthropic => Canned::sse(anthropic::broken(words)),
            Self::Gemini => Canned::sse(gemini::broken(words)),
            Self::Bedrock => bedrock::broken(words),
            Self::Cohere => Canned::sse(cohere::broken(words)),
        }
    }

    /// An answer that tells of a failure.
    pub(crate) fn failure(self, failing: Failing) -> Canned {
        let (status, body) = match self {
            Self::Chat | Self::Responses => openai_chat::failure(failing),
            Self::Anthropic => anthropic::failure(failing),
            Self::Gemini => gemini::failure(failing),
            Self::Bedrock => bedrock::failure(failing),
            Self::Cohere => cohere::failure(failing),
        };
        Canned::json(status, body)
    }

    /// The tokens that its answer stands for.
    pub(crate) fn usage(self, said: &Said) -> Usage {
        let thinks = said.thinks();
        match self {
            Self::Chat | Self::Responses => Tokens::usage(false, thinks, true),
            Self::Gemini => Tokens::usage(false, thinks, thinks),
            // These tell no count of thinking.
            Self::Anthropic | Self::Bedrock => Tokens::usage(true, thinks, false),
            Self::Cohere => {
                let mut usage = Tokens::usage(false, thinks, false);
                usage.billed_input_tokens = Some(Tokens::PLAIN);
                usage.billed_output_tokens = Some(Tokens::WORDS);
                usage
            }
        }
    }

    /// The proof that it adds to thoughts; `None` for one that signs nothing.
    pub(crate) const fn signature(self) -> Option<&'static str> {
        match self {
            Self::Chat => Some(openai_chat::SIGNATURE),
            Self::Responses => Some(openai_responses::SIGNATURE),
            Self::Anthropic => Some(anthropic::SIGNATURE),
            Self::Gemini => Some(gemini::SIGNATURE),
            Self::Bedrock => Some(bedrock::SIGNATURE),
            Self::Cohere => None,
        }
    }

    /// The id that it gives to a call.
    pub(crate) fn call_id(self, call: usize) -> String {
        let (id, name, _) = CALLS[call];
        match self {
            Self::Chat | Self::Responses => format!("call_{id}"),
            Self::Anthropic => format!("toolu_{id}"),
            Self::Bedrock => format!("tooluse_{id}"),
            Self::Cohere => format!("{name}_{id}"),
            Self::Gemini => String::new(),
        }
    }
}

const KEY: &str = "not-a-real-key";

/// Chat Completions. Calls that arrive as Responses would go to the vendor's Responses, so they meet a
/// vendor that has none and is the same otherwise.
fn chat(cell: Cell, transport: Arc<dyn Transport>) -> Result<ProviderSet> {
    let has_both = cell.caller != Caller::Responses;
    match (cell.case.thinks(), has_both) {
        (false, true) => chat_of::<OpenAiVendor>(transport),
        (true, true) => chat_of::<OpenRouterVendor>(transport),
        (false, false) => chat_of::<OpenAiChatOnly>(transport),
        (true, false) => chat_of::<OpenRouterChatOnly>(transport),
    }
}

fn chat_of<V: interline_dialect_openai::Vendor>(
    transport: Arc<dyn Transport>,
) -> Result<ProviderSet> {
    let builder = VendorChat::<V>::builder().api_key(KEY).transport(transport);
    Ok(builder.build()?.into())
}

/// OpenAI's Responses. Calls that arrive as Chat Completions, or that need what Responses lack, would go
/// to the vendor's Chat Completions, so they meet the adapter alone.
fn responses(cell: Cell, transport: Arc<dyn Transport>) -> Result<ProviderSet> {
    if cell.caller != Caller::Chat && cell.case != Case::Stop {
        let builder = OpenAi::builder().api_key(KEY).api(ChatApi::Responses);
        return Ok(builder.transport(transport).build()?.into());
    }
    let base_url = OpenAiVendor::PROFILE.base_url;
    let (headers, quirks) = (http::HeaderMap::new(), OpenAiVendor::PROFILE.quirks);
    let adapter = ResponsesAdapter::new("openai", transport, base_url, headers, quirks);
    Ok(Arc::new(adapter).into())
}

/// A profile without its Responses.
const fn chat_only(profile: VendorProfile) -> VendorProfile {
    VendorProfile::new(profile.kind, profile.base_url, profile.key, profile.quirks)
}

/// OpenAI, had it only Chat Completions.
#[derive(Debug)]
struct OpenAiChatOnly;

impl interline_dialect_openai::Vendor for OpenAiChatOnly {
    const PROFILE: VendorProfile = chat_only(OpenAiVendor::PROFILE);
}

/// OpenRouter, had it only Chat Completions.
#[derive(Debug)]
struct OpenRouterChatOnly;

impl interline_dialect_openai::Vendor for OpenRouterChatOnly {
    const PROFILE: VendorProfile = chat_only(OpenRouterVendor::PROFILE);
}
