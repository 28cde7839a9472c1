//! Anthropic's formats.

use interline_testkit::UsageRule;

use super::{Api, Call, ChatCall, kind};

/// The protocol `api`, if it is one of Anthropic's.
pub(super) fn of(api: &str) -> Option<Api> {
    let (call_path, call) = match api {
        "anthropic.messages" => (
            "/v1/messages",
            Call::Chat(ChatCall {
                unread_keys: &[],
                usage: UsageRule::InputExcludesCache,
                decode_request: Box::new(|body| {
                    Ok(interline_dialect_anthropic::decode_request(body, Vec::new())?.request)
                }),
            }),
        ),
        "anthropic.models" => ("/v1/models", Call::Models),
        _ => return None,
    };
    Some(Api {
        call_path: Some(call_path.into()),
        connect: kind("anthropic"),
        call,
    })
}
