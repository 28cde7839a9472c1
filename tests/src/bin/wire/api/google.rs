//! Google's formats: the model stands in the path, not in the body.

use interline_testkit::{RecordedCase, UsageRule};

use super::{Api, Call, ChatCall, Connect};

/// generateContent, whole and streamed.
pub(super) fn generate_content(case: &RecordedCase, connect: Connect) -> Api {
    let path = case.request.path.split('?').next().unwrap_or_default();
    let call_path = path.rfind("/models/").map_or("", |start| &path[start..]);
    let model = case.model.clone().unwrap_or_default();
    Api {
        call_path: Some(call_path.to_owned().into()),
        connect,
        call: Call::Chat(ChatCall {
            unread_keys: &[],
            usage: UsageRule::OutputExcludesThinking,
            decode_request: Box::new(move |body| {
                interline_dialect_gemini::decode_request(model.as_str(), body)
            }),
        }),
    }
}
