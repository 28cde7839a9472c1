//! Budgets, as a client's callers see them: vendors are made up, and every token written costs a dollar.

use std::sync::Arc;
use std::time::SystemTime;

use interline::ledger::{
    Budget, BudgetTier, Dimension, LedgerConfig, Period, Scope, Share, SpendQuery, UnpricedCalls,
};
use interline::{
    CallOptions, ChatRequest, Client, ClientBuilder, EmbedInput, EmbedRequest, ErrorKind, Lack,
    Message, ModelInfo, NanoUsd, Prices, Priority, Rates, Result, RetryHint, Route, SkipReason,
    TokenPrice,
};
use interline_testkit::FakeProvider;

/// Asks for at most so many tokens, so that the call is estimated at so many dollars.
fn request(model: &str, most: u64) -> ChatRequest {
    ChatRequest::new(model, [Message::user("hi")]).with_max_output_tokens(most)
}

fn usd(amount: i64) -> NanoUsd {
    NanoUsd::new(amount * 1_000_000_000)
}

fn daily(amount: i64) -> LedgerConfig {
    LedgerConfig::new([Budget::new(usd(amount), Period::Day)]).with_share_of_left(None)
}

fn scoped(amount: i64, scope: Scope) -> LedgerConfig {
    let budget = Budget::new(usd(amount), Period::Day).with_scope(scope);
    LedgerConfig::new([budget]).with_share_of_left(None)
}

fn per_token(output: &str) -> impl FnOnce(&mut ModelInfo) + Send + 'static {
    let price = |text| TokenPrice::from_usd_per_mtok(text).expect("a price");
    let prices = Prices::new(Rates::new(price("0"), price(output)));
    move |info| info.prices = Some(prices)
}

/// `dear/m` writes for a dollar a token, `cheap/m` for a tenth of that; each answers with one word.
fn builder() -> (ClientBuilder, [Arc<FakeProvider>; 2]) {
    let vendor = |name| Arc::new(FakeProvider::new(name).answers("word"));
    let (dear, cheap) = (vendor("dear"), vendor("cheap"));
    let builder = Client::builder()
        .provider("dear", Arc::clone(&dear))
        .provider("cheap", Arc::clone(&cheap))
        .model("dear/m", per_token("1000000"))
        .model("cheap/m", per_token("100000"))
        .route("chat", Route::fallback(["dear/m", "cheap/m"]))
        .route("dear", Route::fallback(["dear/m"]));
    (builder, [dear, cheap])
}

fn client(budget: LedgerConfig) -> (Client, [Arc<FakeProvider>; 2]) {
    let (builder, vendors) = builder();
    let client = builder.budget(budget).build().expect("a good client");
    (client, vendors)
}

fn spent(client: &Client) -> NanoUsd {
    let rows = client.ledger().spend(&SpendQuery::default());
    rows.expect("a good question")
        .iter()
        .map(|row| row.tally.cost)
        .sum()
}

fn held(client: &Client) -> NanoUsd {
    let budgets = client.ledger().budgets(SystemTime::now());
    budgets.iter().map(|one| one.held).sum()
}

fn provider(reply: &Result<interline::Reply>) -> String {
    let reply = reply.as_ref().expect("an answer");
    reply.route.provider.as_str().to_owned()
}

async fn served_by(client: &Client, model: &str, most: u64, priority: Priority) -> String {
    let options = CallOptions::new().with_priority(priority);
    let reply = client.complete_with(request(model, most), options).await;
    match &reply {
        Ok(_) => provider(&reply),
        Err(error) => error.kind().code().to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_spend_is_counted_and_nothing_refused() {
    let (client, _) = client(LedgerConfig::default());
    let options = CallOptions::new()
        .with_key("alice")
        .with_tag("team", "search")
        .with_tag("prod", "");
    let reply = client.complete_with(request("chat", 1), options).await;
    assert_eq!(reply.expect("an answer").route.budget, None);
    assert_eq!(spent(&client), usd(1));
    let by = |dimension| {
        let rows = client.ledger().spend(&SpendQuery::by([dimension]));
        let rows = rows.expect("a good question");
        let names = rows.iter().filter_map(|row| row.owner.clone());
        names.map(|owner| format!("{owner:?}")).collect::<Vec<_>>()
    };
    assert_eq!(by(Dimension::Key), [r#"Key("alice")"#]);
    assert_eq!(
        by(Dimension::Tag),
        [r#"Tag("prod")"#, r#"Tag("team=search")"#]
    );
}

#[tokio::test(start_paused = true)]
async fn what_runs_out_says_so_and_when_it_starts_anew() {
    let (client, [dear, _]) = client(daily(3));
    for _ in 0..3 {
        client.complete(request("dear", 1)).await.expect("room");
    }
    for error in [
        client
            .complete(request("dear", 1))
            .await
            .expect_err("spent"),
        client.stream(request("dear", 1)).await.expect_err("spent"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Budget);
        assert!(error.message().contains("starts anew at"), "{error}");
        assert!(matches!(error.retry(), RetryHint::After(_)), "{error}");
    }
    assert_eq!(dear.calls(), 3);
    assert_eq!(spent(&client), usd(3));
    assert_eq!(held(&client), NanoUsd::ZERO);
}

#[tokio::test(start_paused = true)]
async fn less_is_left_and_cheaper_targets_serve() {
    let (client, _) = client(daily(100));
    // Whom ordinary calls go to, at 100 % and at 19 %, and who is refused then.
    assert_eq!(
        served_by(&client, "chat", 1, Priority::Standard).await,
        "dear"
    );
    let reservations = client.ledger().reserve(
        &interline::ledger::Payer::new(),
        &interline::Target::new("dear", "m"),
        Some(usd(80)),
        SystemTime::now(),
    );
    reservations
        .expect("room")
        .settle(interline::Usage::default(), Some(usd(80)));
    let reply = client.complete(request("chat", 1)).await.expect("room");
    assert_eq!(reply.route.provider.as_str(), "cheap");
    assert_eq!(reply.route.budget, Some(BudgetTier::Cheapest));
    assert!(!reply.route.is_fallback, "it was the first choice now");
    assert_eq!(
        served_by(&client, "chat", 1, Priority::Low).await,
        "budget_exhausted",
        "low ones absorb the cuts first"
    );
    assert_eq!(
        served_by(&client, "chat", 1, Priority::Critical).await,
        "dear"
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_part_is_for_critical_calls() {
    let (client, _) = client(daily(10).with_reserve(Share::percent(20)));
    for _ in 0..8 {
        assert_eq!(
            served_by(&client, "dear", 1, Priority::Standard).await,
            "dear"
        );
    }
    let standard = served_by(&client, "dear", 1, Priority::Standard).await;
    assert_eq!(standard, "budget_exhausted");
    for _ in 0..2 {
        assert_eq!(
            served_by(&client, "dear", 1, Priority::Critical).await,
            "dear"
        );
    }
    let critical = served_by(&client, "dear", 1, Priority::Critical).await;
    assert_eq!(critical, "budget_exhausted");
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_money_lets_another_serve_and_the_trace_says_why() {
    for scope in [
        Scope::Provider("dear".to_owned()),
        Scope::Model("dear/m".to_owned()),
    ] {
        let (client, _) = client(scoped(1, scope));
        assert_eq!(
            served_by(&client, "chat", 1, Priority::Standard).await,
            "dear"
        );
        let reply = client.complete(request("chat", 1)).await.expect("room");
        assert_eq!(reply.route.provider.as_str(), "cheap");
        let excluded = &reply.route.excluded[0];
        assert_eq!(excluded.target.to_string(), "dear/m");
        assert!(
            matches!(&excluded.lacks[..], [Lack::Budget(why)] if why.contains("per day")),
            "{excluded:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn keys_and_tags_have_budgets_of_their_own() {
    let key = |name: &str| CallOptions::new().with_key(name);
    let tag = |value: &str| CallOptions::new().with_tag("team", value);
    let cases = [
        (Scope::Key("alice".to_owned()), key("alice"), key("bob")),
        (Scope::Tag("team=x".to_owned()), tag("x"), tag("y")),
    ];
    for (scope, poor, rich) in cases {
        let (client, _) = client(scoped(1, scope));
        let call = |options: &CallOptions| {
            let options = options.clone();
            client.complete_with(request("dear", 1), options)
        };
        call(&poor).await.expect("room");
        let error = call(&poor).await.expect_err("spent");
        assert_eq!(error.kind(), ErrorKind::Budget);
        for _ in 0..3 {
            call(&rich).await.expect("nobody counts it");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn failures_give_back_what_they_held_and_fallbacks_hold_their_own() {
    let dear = Arc::new(FakeProvider::new("dear").fails(ErrorKind::RateLimited));
    let cheap = Arc::new(FakeProvider::new("cheap").answers("one two"));
    let client = Client::builder()
        .provider("dear", dear)
        .provider("cheap", cheap)
        .model("dear/m", per_token("1000000"))
        .model("cheap/m", per_token("100000"))
        .route("chat", Route::fallback(["dear/m", "cheap/m"]))
        .budget(daily(10))
        .build()
        .expect("a good client");
    let reply = client
        .complete(request("chat", 5))
        .await
        .expect("an answer");
    assert_eq!(reply.route.provider.as_str(), "cheap");
    assert_eq!(spent(&client), NanoUsd::new(200_000_000));
    assert_eq!(held(&client), NanoUsd::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_its_caller_drops_is_charged_for_what_came() {
    let dear = Arc::new(FakeProvider::new("dear").answers("eightbyt eightbyt eightbyt"));
    let client = Client::builder()
        .provider("dear", dear)
        .model("dear/m", per_token("1000000"))
        .route("chat", Route::fallback(["dear/m"]))
        .budget(daily(100))
        .build()
        .expect("a good client");
    let mut stream = client.stream(request("chat", 50)).await.expect("content");
    assert_eq!(held(&client), usd(50));
    while let Some(frame) = stream.next().await {
        let frame = frame.expect("a frame");
        let is_text =
            |event: &interline::StreamEvent| matches!(event, interline::StreamEvent::Text { .. });
        if frame.events.iter().any(is_text) {
            break;
        }
    }
    drop(stream);
    assert_eq!(held(&client), NanoUsd::ZERO);
    let charged = spent(&client);
    assert!(charged > NanoUsd::ZERO && charged < usd(50), "{charged}");
    let rows = client.ledger().spend(&SpendQuery::default());
    let tally = rows.expect("a good question")[0].tally;
    assert_eq!(tally.unknown_cost_calls, 1);
}

#[tokio::test(start_paused = true)]
async fn one_request_stays_under_its_cap_over_all_its_attempts() {
    let capped = LedgerConfig::default().with_per_request(Some(usd(3)));
    let (client, _) = client(capped);
    let error = client.complete(request("dear", 4)).await.expect_err("dear");
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert!(error.message().contains("per_request_usd"), "{error}");
    client.complete(request("dear", 3)).await.expect("room");

    // An attempt that broke off is charged, so that there is no room for another one.
    let broken = Arc::new(
        FakeProvider::new("dear").fails_with(
            interline::Error::new(ErrorKind::Protocol, "cut")
                .with_phase(interline::Phase::BeforeOutput),
        ),
    );
    let second = Arc::new(FakeProvider::new("cheap").answers("word"));
    let client = Client::builder()
        .provider("dear", broken)
        .provider("cheap", Arc::clone(&second))
        .model("dear/m", per_token("1000000"))
        .model("cheap/m", per_token("1000000"))
        .route("chat", Route::fallback(["dear/m", "cheap/m"]))
        .budget(LedgerConfig::default().with_per_request(Some(usd(3))))
        .build()
        .expect("a good client");
    let error = client
        .complete(request("chat", 2))
        .await
        .expect_err("no room");
    assert_eq!(error.kind(), ErrorKind::AllTargetsFailed, "{error}");
    assert!(error.message().contains("budget"), "{error}");
    assert_eq!(second.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_takes_more_than_its_share_of_what_is_left() {
    let share = Some(Share::percent(10));
    let (client, _) = client(daily(100).with_share_of_left(share));
    client.complete(request("dear", 10)).await.expect("a tenth");
    let error = client
        .complete(request("dear", 11))
        .await
        .expect_err("more");
    assert!(error.message().contains("10 %"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn unpriced_targets_are_refused_under_a_budget_unless_they_are_let_through() {
    let build = |unpriced| {
        let vendor = Arc::new(FakeProvider::new("mystery").answers("word"));
        Client::builder()
            .provider("mystery", vendor)
            .budget(daily(5).with_unpriced(unpriced))
            .build()
            .expect("a good client")
    };
    let strict = build(UnpricedCalls::Refuse);
    let refused = strict.complete(request("mystery/m", 1)).await;
    let error = refused.expect_err("nobody knows its price");
    assert!(error.message().contains("set its price"), "{error}");
    let lax = build(UnpricedCalls::Allow);
    let let_through = lax.complete(request("mystery/m", 1)).await;
    let_through.expect("an answer");
}

#[tokio::test(start_paused = true)]
async fn servers_of_ones_own_cost_nothing_and_serve_when_money_is_gone() {
    let vendor = |name| Arc::new(FakeProvider::new(name).answers("word"));
    let client = Client::builder()
        .provider("dear", vendor("dear"))
        .provider_of_kind("mine", "local", vendor("mine"))
        .model("dear/m", per_token("1000000"))
        .route("chat", Route::fallback(["dear/m", "mine/llama"]))
        .budget(daily(1))
        .build()
        .expect("a good client");
    assert_eq!(
        served_by(&client, "chat", 1, Priority::Standard).await,
        "dear"
    );
    for _ in 0..3 {
        assert_eq!(
            served_by(&client, "chat", 1, Priority::Standard).await,
            "mine"
        );
    }
    let reply = client
        .complete(request("chat", 1))
        .await
        .expect("an answer");
    assert_eq!(
        reply.cost.known(),
        None,
        "nobody said that it is free: budgets take it for that, answers do not tell a price"
    );
}

#[tokio::test(start_paused = true)]
async fn vectors_are_paid_for_and_refused_too() {
    let vendor = Arc::new(FakeProvider::new("dear").answers("word"));
    let set = interline::ProviderSet::new(Arc::<FakeProvider>::clone(&vendor)).with_embed(vendor);
    let price = |text| TokenPrice::from_usd_per_mtok(text).expect("a price");
    let prices = Prices::new(Rates::new(price("1000000"), price("0")));
    let client = Client::builder()
        .provider("dear", set)
        .model("dear/m", move |info| info.prices = Some(prices))
        .budget(daily(2))
        .build()
        .expect("a good client");
    let ask = || EmbedRequest::new("dear/m", [EmbedInput::Text("word".to_owned())]);
    for _ in 0..2 {
        client.embed(ask()).await.expect("room");
    }
    let error = client.embed(ask()).await.expect_err("spent");
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert_eq!(spent(&client), usd(2));
}

#[tokio::test(start_paused = true)]
async fn counting_tokens_costs_nothing() {
    let (client, _) = client(daily(1));
    client.complete(request("dear", 1)).await.expect("room");
    client.count_tokens(request("dear", 1)).await.expect("free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_at_the_edge_spends_the_budget_and_not_a_cent_more() {
    let (client, [dear, _]) = client(daily(40));
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.complete(request("dear", 1)).await })
        })
        .collect();
    let mut answered = 0;
    for call in calls {
        match call.await.expect("no panic") {
            Ok(_) => answered += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Budget, "{error}"),
        }
    }
    assert_eq!((answered, dear.calls()), (40, 40));
    assert_eq!(spent(&client), usd(40));
    assert_eq!(held(&client), NanoUsd::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_successor_goes_on_with_what_was_spent_under_its_own_budgets() {
    let (before, _) = client(daily(3));
    for _ in 0..2 {
        before.complete(request("dear", 1)).await.expect("room");
    }
    let (builder, _) = builder();
    let builder = builder.budget(daily(4)).succeeding(&before);
    let after = builder.build().expect("a good client");
    for _ in 0..2 {
        after.complete(request("dear", 1)).await.expect("room");
    }
    let error = after.complete(request("dear", 1)).await.expect_err("spent");
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert_eq!(spent(&before), usd(4), "both have one ledger");
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_file_keeps_what_was_spent_and_does_not_move_while_it_is_used() {
    let place = std::env::temp_dir().join(format!("interline-budgets-{}", std::process::id()));
    std::fs::create_dir_all(&place).expect("a folder");
    let file = place.join("spend.db");
    let open = || {
        let (builder, _) = builder();
        builder.budget(daily(2)).spend_file(&file).build()
    };
    let first = open().expect("a good file");
    first.complete(request("dear", 1)).await.expect("room");
    let taken = open().expect_err("the first has it");
    assert!(taken.message().contains("spend.db"), "{taken}");
    let (elsewhere, _) = builder();
    let moved = elsewhere.budget(daily(2)).succeeding(&first).build();
    assert!(
        moved
            .expect_err("another place")
            .message()
            .contains("restart")
    );
    first.ledger().flush().await.expect("a good disk");
    drop(first);
    let second = open().expect("it is free again");
    assert_eq!(spent(&second), usd(1));
    second.complete(request("dear", 1)).await.expect("room");
    second
        .complete(request("dear", 1))
        .await
        .expect_err("spent");
    drop(second);
    let _ = std::fs::remove_dir_all(&place);
}

#[tokio::test(start_paused = true)]
async fn what_is_skipped_for_money_in_the_middle_of_a_call_is_named() {
    // Two calls plan at once and only one of them finds money when its turn comes: the other is refused by
    // the engine, in the ledger's words.
    let (client, _) = client(daily(1));
    let (one, other) = tokio::join!(
        client.stream(request("chat", 1)),
        client.complete(request("dear", 1)),
    );
    let kinds = [one.err(), other.err()];
    let errors: Vec<_> = kinds.into_iter().flatten().collect();
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Budget, "{error}");
        assert!(error.message().contains("budget of all calls"), "{error}");
    }
    assert_eq!(SkipReason::Budget.code(), "budget");
}
