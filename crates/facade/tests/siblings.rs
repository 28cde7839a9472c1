//! Embeddings, token counts and model lists through the client, over scripted providers.

use std::sync::Arc;

use interline::{
    CallContext, ChatRequest, Client, Cost, CountSource, DynProvider, EmbedRequest, Error,
    ErrorKind, ListedModel, Message, ModelLister, NanoUsd, ProviderSet, Result, Route, async_trait,
};
use interline_testkit::FakeProvider;

const SMALL: &str = "text-embedding-3-small";

/// A connection that embeds and counts by the fake's script.
fn full(fake: FakeProvider) -> (ProviderSet, Arc<FakeProvider>) {
    let fake = Arc::new(fake);
    let chat: DynProvider = fake.clone();
    let set = ProviderSet::new(chat)
        .with_embed(fake.clone())
        .with_count(fake.clone());
    (set, fake)
}

fn chat_only(fake: FakeProvider) -> ProviderSet {
    let chat: DynProvider = Arc::new(fake);
    ProviderSet::new(chat)
}

fn fake(id: &str) -> FakeProvider {
    FakeProvider::new(id)
}

fn client(openai: ProviderSet, other: ProviderSet) -> Client {
    Client::builder()
        .provider("openai", openai)
        .provider_of_kind("other", "azure-openai", other)
        .route(
            "vectors",
            Route::fallback([&*format!("openai/{SMALL}"), &*format!("other/{SMALL}")]),
        )
        .route("chat", Route::fallback(["openai/gpt-4o", "other/gpt-4o"]))
        .without_tracing()
        .seed(7)
        .build()
        .expect("a good client")
}

fn texts() -> EmbedRequest {
    EmbedRequest::new("vectors", ["one", "two"])
}

fn question() -> ChatRequest {
    ChatRequest::new("chat", [Message::user("How many tokens is this?")])
}

#[tokio::test(start_paused = true)]
async fn vectors_tell_who_made_them_and_what_they_cost() {
    let (openai, seen) = full(fake("openai"));
    let client = client(openai, chat_only(fake("other")));
    let reply = client.embed(texts()).await.expect("vectors");
    assert_eq!(reply.embeddings, [[0.0], [1.0]]);
    assert_eq!(reply.route.target().to_string(), format!("openai/{SMALL}"));
    // Two tokens at 0.02 USD per million.
    assert_eq!(reply.cost, Cost::Known(NanoUsd::new(40)));
    assert_eq!(
        reply.usage.output_tokens, None,
        "the vendor's own word stays"
    );
    assert_eq!(seen.embed_requests()[0].model.as_str(), SMALL);
    assert_eq!(
        reply.route.excluded[0].lacks[0].to_string(),
        "embeddings",
        "the other one has none"
    );
}

#[tokio::test(start_paused = true)]
async fn vectors_fall_back() {
    let (openai, _) = full(fake("openai").fails(ErrorKind::Unavailable));
    let (other, _) = full(fake("other"));
    let reply = client(openai, other).embed(texts()).await.expect("vectors");
    assert_eq!(reply.route.provider.as_str(), "other");
    assert!(reply.route.is_fallback);
}

#[tokio::test(start_paused = true)]
async fn a_route_without_embeddings_says_who_lacks_them() {
    let client = client(chat_only(fake("openai")), chat_only(fake("other")));
    let error = client.embed(texts()).await.expect_err("nobody embeds");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        error.message(),
        format!(
            "no target of `vectors` can carry this request: openai/{SMALL} lacks embeddings; \
             other/{SMALL} lacks embeddings"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_to_embed_is_refused_before_anybody_is_asked() {
    let (openai, seen) = full(fake("openai"));
    let client = client(openai, chat_only(fake("other")));
    let nothing = EmbedRequest::new("vectors", Vec::<String>::new());
    let error = client.embed(nothing).await.expect_err("a mistake");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.param(), Some("input"));
    assert_eq!(seen.calls(), 0);
}

#[track_caller]
fn check_count(count: &interline::TokenCount, source: CountSource, target: &str) {
    assert_eq!(count.source, source);
    assert_eq!(count.target.to_string(), target);
    assert_eq!(count.route.is_some(), source == CountSource::Vendor);
}

#[tokio::test(start_paused = true)]
async fn the_vendor_counts_where_it_can() {
    let (openai, _) = full(fake("openai").answers("one two three"));
    let (other, unasked) = full(fake("other"));
    let count = client(openai, other).count_tokens(question()).await;
    let count = count.expect("a count");
    check_count(&count, CountSource::Vendor, "openai/gpt-4o");
    assert_eq!(count.tokens, 3);
    assert_eq!(unasked.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn counting_falls_back_to_the_next_vendor_that_counts() {
    let (openai, _) = full(fake("openai").fails(ErrorKind::Overloaded));
    let (other, _) = full(fake("other").answers("one two"));
    let count = client(openai, other).count_tokens(question()).await;
    let count = count.expect("a count");
    check_count(&count, CountSource::Vendor, "other/gpt-4o");
    assert_eq!(count.tokens, 2);
}

#[tokio::test(start_paused = true)]
async fn what_no_vendor_counts_is_estimated_for_the_first_target() {
    let (other, unasked) = full(fake("other"));
    let nobody_first = client(chat_only(fake("openai")), other);
    let (openai, _) = full(fake("openai").fails(ErrorKind::Unavailable));
    let all_fail = client(openai, chat_only(fake("other")));
    for client in [nobody_first, all_fail] {
        let count = client.count_tokens(question()).await.expect("an estimate");
        check_count(&count, CountSource::Estimate, "openai/gpt-4o");
        assert!((5..30).contains(&count.tokens), "{}", count.tokens);
    }
    assert_eq!(unasked.calls(), 0, "its tokens are not the first one's");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_vendor_refuses_is_not_estimated() {
    let (openai, _) = full(fake("openai").fails(ErrorKind::InvalidRequest));
    let client = client(openai, chat_only(fake("other")));
    let error = client.count_tokens(question()).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

/// A vendor that lists one model, or never answers.
#[derive(Debug)]
struct Lister(Option<&'static str>);

#[async_trait]
impl ModelLister for Lister {
    async fn list_models(&self, _: &CallContext) -> Result<Vec<ListedModel>> {
        match self.0 {
            Some(id) => Ok(vec![ListedModel::new(id)]),
            None => std::future::pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn models_are_listed_by_the_vendor_that_has_a_list() {
    let lists = chat_only(fake("openai")).with_models(Arc::new(Lister(Some("gpt-9"))));
    let silent = chat_only(fake("other")).with_models(Arc::new(Lister(None)));
    let client = client(lists, silent);
    let models = client.list_models("openai").await.expect("a list");
    assert_eq!(models[0].id, "gpt-9");
    let kind = |error: Error| error.kind();
    let silent = client.list_models("other").await.map_err(kind);
    assert!(matches!(silent, Err(ErrorKind::Timeout(_))));
    let unknown = client.list_models("nobody").await.map_err(kind);
    assert_eq!(unknown, Err(ErrorKind::NotFound));
}

#[tokio::test(start_paused = true)]
async fn a_vendor_without_a_list_says_so() {
    let client = client(chat_only(fake("openai")), chat_only(fake("other")));
    let error = client.list_models("openai").await.expect_err("no list");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
