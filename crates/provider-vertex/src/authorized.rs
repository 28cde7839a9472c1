//! A transport that adds the access token to every request.

use std::sync::Arc;

use http::header;
use interline_core::{CallContext, Result, async_trait};
use interline_transport::{HttpRequest, HttpResponse, Transport};

use crate::credentials::Authority;

/// A transport that adds the access token to every request.
#[derive(Debug)]
pub(crate) struct Authorized {
    inner: Arc<dyn Transport>,
    authority: Authority,
}

impl Authorized {
    pub(crate) const fn new(inner: Arc<dyn Transport>, authority: Authority) -> Self {
        Self { inner, authority }
    }
}

#[async_trait]
impl Transport for Authorized {
    async fn send(&self, cx: &CallContext, request: HttpRequest) -> Result<HttpResponse> {
        let token = match &self.authority {
            Authority::Fixed(header) => header.clone(),
            Authority::Renewed(tokens) => tokens.header().await?,
        };
        let request = request.with_header(header::AUTHORIZATION, token);
        self.inner.send(cx, request).await
    }
}
