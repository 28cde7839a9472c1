//! The requests that the kit sends, each with words that must turn up on the wire.

use interline_core::{
    ChatRequest, Effort, Extra, Feature, FormatId, FunctionTool, JsonSchemaFormat, Media, Message,
    ModelId, Part, Reasoning, ReasoningConfig, ResponseFormat, Role, Signature, ToolCall,
};
use serde_json::{Map, Value, json};

/// What the person says.
pub(crate) const PROMPT: &str = "conformance prompt 7c1f";
/// The application's instructions.
pub(crate) const SYSTEM: &str = "conformance instructions b20e";
/// A tool's name.
pub(crate) const TOOL: &str = "conformance_lookup";
/// A field of the tool's arguments and of structured answers.
pub(crate) const FIELD: &str = "conformance_city";
/// What the first tool gave back.
pub(crate) const RESULT: &str = "conformance result 19ac";
/// Begins everything that belongs to a foreign format.
pub(crate) const FOREIGN: &str = "conformance_foreign";

/// A format that no provider speaks.
const FOREIGN_FORMAT: FormatId = FormatId::from_static("conformance.foreign");

/// One opaque pixel as PNG.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// No sound, as WAV.
const SILENCE: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
/// An empty document, as PDF.
const PAGE: &str = "JVBERi0xLjQKJSVFT0YK";

pub(crate) fn plain(model: &ModelId) -> ChatRequest {
    ChatRequest::new(model, [Message::system(SYSTEM), Message::user(PROMPT)])
        .with_max_output_tokens(4321)
}

fn asking(model: &ModelId, part: Part) -> ChatRequest {
    let message = Message::new(Role::User, [Part::text(PROMPT), part]);
    ChatRequest::new(model, [Message::system(SYSTEM), message]).with_max_output_tokens(4321)
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {FIELD: {"type": "string"}},
        "required": [FIELD],
        "additionalProperties": false,
    })
}

pub(crate) fn with_tool(model: &ModelId) -> ChatRequest {
    let tool = FunctionTool::new(TOOL, schema()).with_description("Looks a city up.");
    plain(model).with_tool(tool)
}

/// Two tool calls of an earlier turn and their results, with the words that must turn up.
pub(crate) fn tool_round_trip(model: &ModelId) -> (ChatRequest, [&'static str; 5]) {
    // Ids of nine letters and digits are what the strictest vendor takes.
    let call = |id: &str, city: &str| {
        let arguments = json!({FIELD: city}).to_string();
        Part::tool_call(ToolCall::new(id, TOOL, arguments))
    };
    let result = |id: &str, text: &str| Part::tool_result(id, [Part::text(text)]);
    let mut request = with_tool(model);
    request.edit(|body| {
        let calls = [
            call("confcall1", "Bergen-5003"),
            call("confcall2", "Oslo-0150"),
        ];
        body.messages.push(Message::new(Role::Assistant, calls));
        let results = [
            result("confcall1", RESULT),
            result("confcall2", "conformance result 83d0"),
        ];
        body.messages.push(Message::new(Role::Tool, results));
    });
    let words = [
        TOOL,
        "Bergen-5003",
        "Oslo-0150",
        RESULT,
        "conformance result 83d0",
    ];
    (request, words)
}

pub(crate) fn structured(model: &ModelId) -> ChatRequest {
    let format = JsonSchemaFormat::new(schema())
        .with_name("city")
        .with_strict(true);
    plain(model).with_response_format(ResponseFormat::JsonSchema(format))
}

pub(crate) fn choices(model: &ModelId, n: u32) -> ChatRequest {
    let mut request = plain(model);
    request.edit(|body| body.params.n = Some(n));
    request
}

pub(crate) fn reasoning(model: &ModelId) -> ChatRequest {
    plain(model).with_reasoning(ReasoningConfig::effort(Effort::High))
}

/// A conversation that goes on after the model's `parts`.
pub(crate) fn going_on(model: &ModelId, parts: Vec<Part>) -> ChatRequest {
    let mut request = reasoning(model);
    request.edit(|body| {
        body.messages.push(Message::new(Role::Assistant, parts));
        body.messages
            .push(Message::user("conformance once more 55d0"));
    });
    request
}

/// A conversation with state that only a foreign format may see.
pub(crate) fn with_foreign_state(model: &ModelId) -> ChatRequest {
    let word = |what: &str| format!("{FOREIGN}_{what}");
    let signature = Signature::new(FOREIGN_FORMAT, word("signature"));
    let extra = |what: &str| {
        let fields = Map::from_iter([(word(what), Value::from(1))]);
        Extra::new(FOREIGN_FORMAT, fields)
    };
    let thought = Reasoning::new("a thought").with_signature(signature.clone());
    let mut request = going_on(
        model,
        vec![
            Part::reasoning(thought),
            Part::reasoning(Reasoning::redacted(signature)),
            Part::text("Well.").with_extra(extra("part_field")),
        ],
    );
    request.edit(|body| body.extra = extra("field"));
    request
}

/// A request that asks for a feature, and the word that shows it on the wire where there is one.
pub(crate) fn asking_for(
    feature: Feature,
    model: &ModelId,
) -> Option<(ChatRequest, Option<&'static str>)> {
    let edited = |change: fn(&mut interline_core::ChatBody)| {
        let mut request = plain(model);
        request.edit(change);
        request
    };
    let media = |mime: &str, base64: &str| Media::inline(mime, base64);
    Some(match feature {
        Feature::Tools => (with_tool(model), Some(TOOL)),
        Feature::JsonObject => (
            plain(model).with_response_format(ResponseFormat::JsonObject),
            None,
        ),
        Feature::JsonSchema => (structured(model), Some(FIELD)),
        Feature::Images => (
            asking(model, Part::image(media("image/png", PIXEL))),
            Some(PIXEL),
        ),
        Feature::Audio => {
            let sound = Part::new(interline_core::PartKind::Audio(media("audio/wav", SILENCE)));
            (asking(model, sound), Some(SILENCE))
        }
        Feature::Files => {
            let page = media("application/pdf", PAGE).with_name("conformance.pdf");
            let file = Part::new(interline_core::PartKind::File(page));
            (asking(model, file), Some(PAGE))
        }
        Feature::MultipleChoices => (choices(model, 2), None),
        Feature::Reasoning => (reasoning(model), None),
        Feature::ParallelToolCalls => {
            let mut request = with_tool(model);
            request.edit(|body| body.parallel_tool_calls = Some(false));
            (request, None)
        }
        Feature::Seed => (
            edited(|body| body.params.seed = Some(424_242)),
            Some("424242"),
        ),
        Feature::Logprobs => (edited(|body| body.params.logprobs = Some(true)), None),
        Feature::TopK => (edited(|body| body.params.top_k = Some(37)), Some("37")),
        Feature::FrequencyPenalty => (
            edited(|body| body.params.frequency_penalty = Some(0.625)),
            Some("0.625"),
        ),
        Feature::PresencePenalty => (
            edited(|body| body.params.presence_penalty = Some(0.375)),
            Some("0.375"),
        ),
        Feature::Stop => (
            plain(model).with_stop("CONFORMANCE-STOP"),
            Some("CONFORMANCE-STOP"),
        ),
        Feature::User => (
            edited(|body| body.user = Some("conformance-user".to_owned())),
            Some("conformance-user"),
        ),
        Feature::Metadata => (
            edited(|body| {
                body.metadata
                    .insert("conformance".to_owned(), "conformance-label".to_owned());
            }),
            Some("conformance-label"),
        ),
        // A feature that this kit is too old to know.
        _ => return None,
    })
}

/// The same request without the feature, for features that leave no word of their own.
pub(crate) fn without(feature: Feature, model: &ModelId) -> ChatRequest {
    match feature {
        Feature::ParallelToolCalls => with_tool(model),
        _ => plain(model),
    }
}
