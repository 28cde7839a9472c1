//! Server-sent events: the same events however the body is cut, in bounded memory.

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::HeaderMap;
use interline::Result;
use interline_transport::{HttpResponse, SseEvent, SseLimits};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::memory;
use crate::seeds;
use crate::target::{Behaviour, Target, own_number};

/// A small bound, so that small inputs reach it.
const EVENT_BYTES: usize = 512;

/// What reading a stream may cost beside the body: some events under construction and the reader's own
/// buffers.
const MOST_BYTES: usize = 64 * 1024;

pub(crate) fn target() -> Target {
    Target {
        name: "sse".to_owned(),
        promise: "any cut gives the same events; memory stays near the limit of one event",
        seeds: Box::new(|recordings| {
            let mut all: Vec<Vec<u8>> = seeds::SSE.iter().map(|seed| seed.to_vec()).collect();
            all.extend(recordings.streams(&["*.chat", "anthropic.messages"]));
            all
        }),
        run: Box::new(run),
    }
}

fn run(input: &[u8], behaviour: &mut Behaviour) {
    let limits = SseLimits::default().with_event_bytes(EVENT_BYTES);
    let whole = events(vec![Bytes::copy_from_slice(input)], limits);
    let pieces = cut(input);
    let bodies = pieces.clone();
    let ((), bytes) = memory::peak_bytes_of(|| each_event(bodies, limits, |_| {}));
    assert!(
        bytes <= MOST_BYTES,
        "reading events of at most {EVENT_BYTES} bytes took {bytes} bytes of memory"
    );
    let in_pieces = events(pieces, limits);
    assert_eq!(whole, in_pieces, "cuts make no difference");
    for event in &whole {
        match event {
            Ok(event) => {
                assert!(event.data.len() <= EVENT_BYTES, "an event keeps the limit");
                assert!(std::str::from_utf8(&event.data).is_ok(), "data is UTF-8");
                behaviour.note((event.event.is_some(), event.data.is_empty()));
            }
            Err(message) => behaviour.note_message(message),
        }
    }
}

/// The events of a body; an error as its words.
pub(crate) fn events(pieces: Vec<Bytes>, limits: SseLimits) -> Vec<Result<SseEvent, String>> {
    let mut all = Vec::new();
    each_event(pieces, limits, |event| {
        all.push(event.map_err(|error| error.to_string()));
    });
    all
}

fn each_event(pieces: Vec<Bytes>, limits: SseLimits, mut take: impl FnMut(Result<SseEvent>)) {
    let body = stream::iter(pieces.into_iter().map(Ok));
    let mut events = HttpResponse::new(200, HeaderMap::new(), body).sse(limits);
    // Everything is there already, so nothing ever waits.
    while let Some(event) = events.next().now_or_never().expect("the body is ready") {
        take(event);
    }
}

/// The input in pieces, cut at places that it chooses itself.
pub(crate) fn cut(input: &[u8]) -> Vec<Bytes> {
    let mut rng = StdRng::seed_from_u64(own_number(input));
    let longest = [1, 3, 17, 400][rng.random_range(0..4)];
    let mut rest = Bytes::copy_from_slice(input);
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let length = rng.random_range(0..=longest).min(rest.len());
        pieces.push(rest.split_to(length));
    }
    pieces
}
