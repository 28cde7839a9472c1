//! Anthropic's formats.

use interline_testkit::UsageRule;

use super::{Api, Call, ChatCall, kind};

/// Messages.
pub(super) fn messages() -> Api {
    Api {
        call_path: Some("/v1/messages".into()),
        connect: kind("anthropic"),
        call: Call::Chat(ChatCall {
            unread_keys: &[],
            usage: UsageRule::InputExcludesCache,
            decode_request: Box::new(|body| {
                Ok(interline_dialect_anthropic::decode_request(body, Vec::new())?.request)
            }),
        }),
    }
}
