//! One exchange: what the caller asks, what the vendor receives, what it answers, what the caller gets.
//!
//! The request takes the way of every request: read by its dialect, planned and attempted by the client,
//! written by the vendor's adapter. Only the network is missing.

use std::sync::Arc;

use interline::{ChatRequest, Client, Reply, ReplyStream, Route, RouteInfo, Usage};
use interline_transport::HttpRequest;
use serde_json::Value;

use crate::caller::Caller;
use crate::callers::ROUTE;
use crate::canned::{Canned, Event, Script, Shown};
use crate::case::Case;
use crate::check::Cell;
use crate::said::Said;
use crate::vendor::{Failing, Vendor};

/// One exchange.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// What the caller asks.
    pub(crate) asked: Value,
    /// What the vendor receives; `None` where nothing is sent.
    pub(crate) sent: Option<Sent>,
    /// What the vendor answers; there where something is sent.
    pub(crate) answered: Option<Canned>,
    /// What the vendor means by it; `None` for a failure.
    pub(crate) said: Option<Said>,
    /// What the caller gets.
    pub(crate) told: Told,
    /// What the vendor is asked without, as the client tells it.
    pub(crate) left_out: Vec<String>,
    /// The tokens, as the client tells them.
    pub(crate) usage: Option<Usage>,
}

/// A request as the vendor receives it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) line: String,
    pub(crate) body: Value,
}

/// What the caller gets.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) shown: Shown,
}

/// The exchanges of one cell: one, or two where the caller goes on; none where the caller's format has
/// no such wish.
pub(crate) async fn of_cell(cell: Cell) -> Vec<Exchange> {
    let Cell {
        caller,
        vendor,
        case,
        ..
    } = cell;
    let Some(asked) = caller.request(case) else {
        return Vec::new();
    };
    let answers = answers(vendor, case);
    let script = Script::of(answers.iter().map(|(canned, _)| canned.clone()));
    let client = client(cell, &script);
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut next = Some(asked);
    for (canned, said) in answers {
        let Some(asked) = next.take() else { break };
        let mut exchange = one(caller, &client, asked, case).await;
        exchange.sent = script.take_asked().first().map(sent);
        exchange.answered = exchange.sent.is_some().then_some(canned);
        exchange.said = said.filter(|_| exchange.sent.is_some());
        if let (Shown::Whole(told), 200) = (&exchange.told.shown, exchange.told.status) {
            next = Some(caller.next_turn(&exchange.asked, told));
        }
        exchanges.push(exchange);
    }
    exchanges
}

fn answers(vendor: Vendor, case: Case) -> Vec<(Canned, Option<Said>)> {
    let said = case.said();
    match case {
        Case::Refused => return vec![(vendor.failure(Failing::Refusal), None)],
        Case::Overloaded => return vec![(vendor.failure(Failing::Overload), None)],
        Case::BrokenStream => return vec![(vendor.broken_stream("From the south"), None)],
        _ => {}
    }
    let canned = |said: &Said| match case.streams() {
        true => vendor.stream(said),
        false => vendor.whole(said),
    };
    let turns = std::iter::once(said).chain(case.said_next());
    turns.map(|said| (canned(&said), Some(said))).collect()
}

fn client(cell: Cell, script: &Arc<Script>) -> Client {
    let target = cell.vendor.target(cell.case);
    let (kind, _) = target.split_once('/').expect("a kind before the slash");
    let made = Client::builder()
        .provider_of_kind(kind, kind, cell.vendor.connection(cell, script))
        .route(ROUTE, Route::fallback([target]))
        .without_tracing()
        .seed(1)
        .build();
    made.expect("a route with one target")
}

async fn one(caller: Caller, client: &Client, asked: Value, case: Case) -> Exchange {
    let request = caller.decode(&asked);
    let mut exchange = Exchange {
        asked,
        sent: None,
        answered: None,
        said: None,
        told: Told {
            status: 200,
            shown: Shown::Events(Vec::new()),
        },
        left_out: Vec::new(),
        usage: None,
    };
    if case.streams() {
        match client.stream(request.clone()).await {
            Ok(stream) => read_stream((caller, &request), stream, &mut exchange).await,
            Err(error) => exchange.told = failed(caller, &error, &request),
        }
        return exchange;
    }
    match client.complete(request.clone()).await {
        Ok(Reply {
            response, route, ..
        }) => {
            exchange.left_out = left_out(&route);
            exchange.usage = Some(response.usage);
            exchange.told.shown = Shown::Whole(caller.encode(&response, &request));
        }
        Err(error) => exchange.told = failed(caller, &error, &request),
    }
    exchange
}

async fn read_stream(
    (caller, request): (Caller, &ChatRequest),
    mut stream: ReplyStream,
    exchange: &mut Exchange,
) {
    let mut writer = caller.writer(request);
    let mut events = Vec::new();
    exchange.left_out = left_out(&stream.route);
    while let Some(item) = stream.next().await {
        let written = match item {
            Ok(frame) => writer.frame(&frame),
            Err(error) => writer.failure(&caller.failure(&error, request).1),
        };
        let read = |raw: &interline::RawFrame| Event::of_wire(raw.event.as_deref(), &raw.data);
        events.extend(written.iter().map(read));
    }
    exchange.usage = Some(stream.usage());
    exchange.told.shown = Shown::Events(events);
}

fn failed(caller: Caller, error: &interline::Error, request: &ChatRequest) -> Told {
    let (status, body) = caller.failure(error, request);
    Told {
        status,
        shown: Shown::Whole(body),
    }
}

fn left_out(route: &RouteInfo) -> Vec<String> {
    route.left_out().iter().map(ToString::to_string).collect()
}

/// The request without the key and what every request has.
fn sent(request: &HttpRequest) -> Sent {
    let mut line = format!("{} {}", request.method, request.url);
    const EVERYWHERE: [&str; 4] = [
        "authorization",
        "x-api-key",
        "x-goog-api-key",
        "content-type",
    ];
    for (name, value) in &request.headers {
        if !EVERYWHERE.contains(&name.as_str()) {
            let value = value.to_str().unwrap_or("(not text)");
            line.push_str(&format!("\n{name}: {value}"));
        }
    }
    Sent {
        line,
        body: serde_json::from_slice(&request.body).expect("a JSON body"),
    }
}
