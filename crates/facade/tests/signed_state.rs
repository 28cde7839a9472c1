//! Signed reasoning returns to its issuer, and to nobody else; what is left out is noted, or refused.

use std::sync::Arc;

use interline::{
    Capabilities, ChatRequest, Client, ClientBuilder, ErrorKind, Feature, FeatureSet, FormatId,
    Message, Origin, Part, PartKind, Reasoning, Role, Route, Signature, Strictness, ToolCall,
};
use interline_testkit::FakeProvider;

const MESSAGES: FormatId = FormatId::from_static("anthropic.messages");
const RESPONSES: FormatId = FormatId::from_static("openai.responses");

fn speaking(id: &str, format: FormatId) -> Arc<FakeProvider> {
    speaking_with(FakeProvider::new(id), format)
}

fn speaking_with(fake: FakeProvider, format: FormatId) -> Arc<FakeProvider> {
    let can = Capabilities::new(FeatureSet::all()).with_format(format);
    Arc::new(fake.with_capabilities(can))
}

fn signed(format: FormatId, value: &str) -> Part {
    Part::reasoning(Reasoning::new("hm").with_signature(Signature::new(format, value)))
}

/// A question, a turn that thought and called a tool, a turn that only thought, and the result.
fn conversation(format: &FormatId) -> ChatRequest {
    let call = Part::tool_call(ToolCall::new("c", "add", "{}"));
    let result = Part::tool_result("c", [Part::text("2")]);
    let origin = Origin::new(format.clone(), "{}".into());
    ChatRequest::new(
        "chat",
        [
            Message::user("1 + 1?"),
            Message::new(Role::Assistant, [signed(format.clone(), "a"), call]),
            Message::new(Role::Assistant, [signed(format.clone(), "b")]),
            Message::new(Role::Tool, [result]),
        ],
    )
    .with_origin(origin)
}

/// The signatures that a provider saw last.
fn signatures(seen: &FakeProvider) -> Vec<String> {
    let requests = seen.requests();
    let last = requests.last().expect("it was asked");
    let parts = last.messages.iter().flat_map(|message| &message.parts);
    parts
        .filter_map(|part| match &part.kind {
            PartKind::Reasoning(reasoning) => Some(reasoning.signature.clone()?.value),
            _ => None,
        })
        .collect()
}

fn two(
    first: (&str, &Arc<FakeProvider>),
    second: (&str, &Arc<FakeProvider>),
    strictness: Strictness,
) -> ClientBuilder {
    Client::builder()
        .provider_of_kind("a", first.0, Arc::clone(first.1))
        .provider_of_kind("b", second.0, Arc::clone(second.1))
        .route(
            "chat",
            Route::fallback(["a/m", "b/m"]).with_strictness(strictness),
        )
        .without_tracing()
        .seed(7)
}

#[tokio::test(start_paused = true)]
async fn a_fallback_to_another_format_strips_foreign_signatures_and_notes_it() {
    let down = FakeProvider::new("a").fails(ErrorKind::Unavailable);
    let anthropic = speaking_with(down, MESSAGES);
    let openai = speaking("b", RESPONSES);
    let client = two(
        ("anthropic", &anthropic),
        ("openai", &openai),
        Strictness::Lenient,
    );
    let client = client.build().expect("a client");
    let reply = client.complete(conversation(&MESSAGES)).await;
    let route = reply.expect("an answer").route;
    assert_eq!(signatures(&anthropic), ["a", "b"], "its own come back");
    let asked = anthropic.requests();
    assert!(asked[0].origin().is_some(), "and the bytes as they came");

    assert!(signatures(&openai).is_empty());
    let asked = openai.requests();
    let kinds: Vec<_> = asked[0].messages.iter().map(|m| m.parts.len()).collect();
    assert_eq!(
        kinds,
        [1, 1, 1],
        "a turn that only thought is left out whole"
    );
    assert!(asked[0].origin().is_none(), "the bytes still hold them");
    let noted: Vec<_> = route.left_out().iter().map(ToString::to_string).collect();
    assert_eq!(noted, ["signed reasoning of anthropic.messages"]);
}

/// What a caller of Chat Completions echoes is words, whoever thought them; so is a thought of Gemini
/// without a signature.
#[tokio::test(start_paused = true)]
async fn words_that_nobody_signed_go_to_every_vendor_unless_anothers_proof_stands_beside_them() {
    let echoed = || Part::reasoning(Reasoning::new("echoed"));
    let proof = signed(MESSAGES, "a");
    for (beside, crosses) in [(None, true), (Some(proof), false)] {
        let down = FakeProvider::new("a").fails(ErrorKind::Unavailable);
        let anthropic = speaking_with(down, MESSAGES);
        let other = speaking("b", RESPONSES);
        let client = two(
            ("anthropic", &anthropic),
            ("deepseek", &other),
            Strictness::Lenient,
        );
        let client = client.build().expect("a client");
        let thoughts = [echoed()].into_iter().chain(beside);
        let turn: Vec<_> = thoughts.chain([Part::text("2")]).collect();
        let messages = [
            Message::user("1 + 1?"),
            Message::new(Role::Assistant, turn),
            Message::user("Sure?"),
        ];
        let reply = client.complete(ChatRequest::new("chat", messages)).await;
        reply.expect("an answer");
        let thinks = |seen: &FakeProvider| {
            let asked = seen.requests();
            let parts = asked[0].messages.iter().flat_map(|message| &message.parts);
            parts
                .filter(|part| matches!(part.kind, PartKind::Reasoning(_)))
                .any(|part| *part == echoed())
        };
        assert!(thinks(&anthropic), "the issuer sees all of it");
        assert_eq!(thinks(&other), crosses);
    }
}

#[tokio::test(start_paused = true)]
async fn a_strict_route_refuses_to_strip() {
    let down = FakeProvider::new("a").fails(ErrorKind::Unavailable);
    let anthropic = speaking_with(down, MESSAGES);
    let openai = speaking("b", RESPONSES);
    let client = two(
        ("anthropic", &anthropic),
        ("openai", &openai),
        Strictness::Strict,
    );
    let client = client.build().expect("a client");
    let error = client.complete(conversation(&MESSAGES)).await;
    assert_eq!(error.expect_err("down").kind(), ErrorKind::AllTargetsFailed);
    assert_eq!(openai.calls(), 0, "it was excluded");

    let error = client.complete(conversation(&FormatId::from_static("other")));
    let error = error.await.expect_err("nobody may see them");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.param(), Some("messages"));
    assert!(
        error
            .message()
            .contains("a/m lacks signed reasoning of other"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn words_that_led_to_a_call_which_another_vendor_signed_stay_with_it() {
    let gemini = FormatId::from_static("gemini.generate_content");
    let down = FakeProvider::new("a").fails(ErrorKind::Unavailable);
    let google = speaking_with(down, gemini.clone());
    let local = speaking("b", FormatId::from_static("openai.chat"));
    let client = two(("google", &google), ("local", &local), Strictness::Lenient);
    let words = || Part::reasoning(Reasoning::new("hm"));
    let proof = Reasoning::new("").with_signature(Signature::new(gemini, "a"));
    let call = Part::tool_call(ToolCall::new("c", "add", "{}"));
    let result = Part::tool_result("c", [Part::text("2")]);
    let request = ChatRequest::new(
        "chat",
        [
            Message::new(Role::Assistant, [words(), Part::text("Well.")]),
            Message::user("1 + 1?"),
            Message::new(Role::Assistant, [words(), Part::reasoning(proof), call]),
            Message::new(Role::Tool, [result]),
        ],
    );
    let client = client.build().expect("a client");
    client.complete(request).await.expect("an answer");
    let asked = local.requests();
    let parts: Vec<_> = asked[0].messages.iter().map(|m| m.parts.len()).collect();
    assert_eq!(parts, [2, 1, 1, 1], "what nobody signed is anybody's");
}

/// Who is down, and which of two vendors of one format sees the signatures then.
#[track_caller]
fn check_shared_format(format: &FormatId, kinds: [&str; 2], is_shared: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let down = FakeProvider::new("a").fails(ErrorKind::Unavailable);
    let first = speaking_with(down, format.clone());
    let second = speaking("b", format.clone());
    let [a, b] = kinds;
    let client = two((a, &first), (b, &second), Strictness::Lenient)
        .build()
        .expect("a client");
    let reply = runtime.block_on(client.complete(conversation(format)));
    let left_out = reply.expect("an answer").route.left_out().len();
    assert_eq!(signatures(&first), ["a", "b"], "{kinds:?}");
    assert_eq!(signatures(&second).is_empty(), !is_shared, "{kinds:?}");
    assert_eq!(left_out == 0, is_shared, "{kinds:?}");
}

#[test]
fn two_vendors_of_one_format_share_signatures_only_where_that_is_documented() {
    check_shared_format(&MESSAGES, ["anthropic", "vertex"], true);
    check_shared_format(&MESSAGES, ["bedrock", "anthropic"], true);
    check_shared_format(&RESPONSES, ["openai", "xai"], false);
    check_shared_format(&RESPONSES, ["openai", "azure-openai"], false);
    check_shared_format(&RESPONSES, ["azure-openai", "azure-openai"], false);
    check_shared_format(&RESPONSES, ["openai", "openai"], true);
    let gemini = FormatId::from_static("gemini.generate_content");
    check_shared_format(&gemini, ["google", "vertex"], false);
}

/// A provider that answers with a thought it signed.
#[derive(Debug)]
struct Signing(Arc<FakeProvider>, &'static str);

#[interline::async_trait]
impl interline::Provider for Signing {
    fn id(&self) -> &interline::ProviderId {
        self.0.id()
    }

    fn capabilities(&self, model: &interline::ModelId) -> Capabilities {
        self.0.capabilities(model)
    }

    async fn complete(
        &self,
        cx: &interline::CallContext,
        req: &ChatRequest,
    ) -> interline::Result<interline::ChatResponse> {
        let mut response = self.0.complete(cx, req).await?;
        response.choices[0]
            .parts
            .insert(0, signed(RESPONSES, self.1));
        Ok(response)
    }

    async fn stream(
        &self,
        cx: &interline::CallContext,
        req: &ChatRequest,
    ) -> interline::Result<interline::ChatStream> {
        self.0.stream(cx, req).await
    }

    async fn health_check(&self, cx: &interline::CallContext) -> interline::Result<()> {
        self.0.health_check(cx).await
    }
}

#[tokio::test(start_paused = true)]
async fn signatures_of_a_fallback_return_to_it_and_not_to_the_first_target() {
    let flaky = FakeProvider::new("a")
        .fails(ErrorKind::Unavailable)
        .answers("I am back")
        .fails(ErrorKind::Unavailable);
    let first = speaking_with(flaky, RESPONSES);
    let second = speaking("b", RESPONSES);
    let client = Client::builder()
        .provider_of_kind("a", "openai", Arc::clone(&first))
        .provider_of_kind("b", "xai", Arc::new(Signing(Arc::clone(&second), "b's")))
        .route("chat", Route::fallback(["a/m", "b/m"]))
        .without_tracing()
        .seed(7)
        .build()
        .expect("a client");
    let ask = |parts: Vec<Part>| {
        let turn = Message::new(Role::Assistant, parts);
        ChatRequest::new("chat", [Message::user("1"), turn, Message::user("2")])
    };
    let reply = client.complete(ask(vec![Part::text("0")])).await;
    let reply = reply.expect("an answer of the fallback");
    assert_eq!(reply.route.provider.as_str(), "b");
    let said = reply.response.choices[0].parts.clone();

    let reply = client.complete(ask(said.clone())).await.expect("an answer");
    assert_eq!(reply.route.provider.as_str(), "a");
    assert!(signatures(&first).is_empty(), "another vendor issued it");
    let reply = client.complete(ask(said)).await.expect("an answer");
    assert_eq!(reply.route.provider.as_str(), "b");
    assert_eq!(signatures(&second), ["b's"], "it returns intact");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_names_its_target_keeps_the_signatures_of_that_format() {
    let first = speaking("a", RESPONSES);
    let second = speaking("b", RESPONSES);
    let client = two(("openai", &first), ("xai", &second), Strictness::Lenient);
    let client = client.build().expect("a client");
    let direct = conversation(&RESPONSES).for_model("b/m");
    client.complete(direct).await.expect("an answer");
    assert_eq!(signatures(&second), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_strict_route_refuses_a_hint_that_nobody_can_follow() {
    let seedless = Capabilities::new(FeatureSet::all().without(Feature::Seed));
    let fake = Arc::new(FakeProvider::new("a").with_capabilities(seedless));
    let client = two(("openai", &fake), ("xai", &fake), Strictness::Strict);
    let client = client.build().expect("a client");
    let mut request = ChatRequest::new("chat", [Message::user("hi")]);
    request.edit(|body| body.params.seed = Some(7));
    let error = client.complete(request).await.expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.param(), Some("seed"));
}
