//! Cohere's formats, version 2.

use interline::cohere::{decode_embed_request, decode_request};
use interline_testkit::UsageRule;

use super::{Api, Call, ChatCall, EmbeddingsCall, kind};

/// Chat, whole and streamed.
pub(super) fn chat() -> Api {
    Api {
        call_path: Some("/v2/chat".into()),
        connect: kind("cohere"),
        call: Call::Chat(ChatCall {
            unread_keys: &[],
            usage: UsageRule::InputIncludesCache,
            decode_request: Box::new(decode_request),
        }),
    }
}

/// Embeddings.
pub(super) fn embed() -> Api {
    Api {
        call_path: Some("/v2/embed".into()),
        connect: kind("cohere"),
        call: Call::Embeddings(EmbeddingsCall {
            unread_keys: &[],
            decode_request: Box::new(decode_embed_request),
        }),
    }
}
