//! Counts the connections that a client begins, to tell a request on a pooled connection from one on a new one.
//!
//! reqwest does not say which connection carried a request. If none was begun while the request ran, it must have
//! been a pooled one. Where other requests connect at the same time the answer is "perhaps new": the careful reading.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tower::{Layer, Service};

/// How many connections a client has begun; clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectCount(Arc<AtomicU64>);

impl ConnectCount {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

impl<S> Layer<S> for ConnectCount {
    type Service = Counted<S>;

    fn layer(&self, connector: S) -> Counted<S> {
        Counted {
            connector,
            count: self.clone(),
        }
    }
}

/// A connector whose calls are counted.
#[derive(Clone, Debug)]
pub(crate) struct Counted<S> {
    connector: S,
    count: ConnectCount,
}

impl<S: Service<R>, R> Service<R> for Counted<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, destination: R) -> S::Future {
        self.count.0.fetch_add(1, Ordering::AcqRel);
        self.connector.call(destination)
    }
}
