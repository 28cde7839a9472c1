//! One vendor of each shared format over the kit's own transport, so that streams are cut at every byte
//! without sockets between.

use std::sync::Arc;

use interline::DynProvider;
use interline::anthropic::Anthropic;
use interline::cohere::Cohere;
use interline::google::Google;
use interline::openai::OpenAi;
use interline_testkit::conformance::Conformance;

/// Names the vendor whose builder takes the transport.
macro_rules! over {
    ($suite:expr, $vendor:ident) => {
        $suite.with_transport(|link, transport| {
            let builder = $vendor::builder().api_key(link.api_key());
            let provider: DynProvider = Arc::new(builder.transport(transport).build()?);
            Ok(provider)
        })
    };
}

pub(crate) fn anthropic(suite: Conformance) -> Conformance {
    over!(suite, Anthropic)
}

pub(crate) fn cohere(suite: Conformance) -> Conformance {
    over!(suite, Cohere)
}

pub(crate) fn google(suite: Conformance) -> Conformance {
    over!(suite, Google)
}

pub(crate) fn openai(suite: Conformance) -> Conformance {
    over!(suite, OpenAi)
}
