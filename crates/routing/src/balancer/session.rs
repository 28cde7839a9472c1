//! What calls belong together: a key, from what the caller says or from how the conversation begins.

use std::collections::BTreeMap;

use interline_core::{ChatRequest, Message, Part, PartKind, Role, Tool};

use super::Affinity;
use super::draws::mixed;

/// The tag of `x-interline-tags` that names a session.
const TAG: &str = "session";
/// The labels of a request that name a session, by the habits of the field.
const LABELS: [&str; 3] = ["session_id", "conversation_id", "thread_id"];
/// How much of each text is read: the start of a long one tells conversations apart well enough, and
/// caches share what begins alike (chosen, not measured).
const HEAD: usize = 4096;

/// Stands for calls that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey(u64);

impl SessionKey {
    /// The session of that name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(hash(name.as_bytes()))
    }

    /// What `request` belongs to; `None` without affinity.
    ///
    /// | affinity | the first of |
    /// |---|---|
    /// | `session` | the tag `session`; `prompt_cache_key`; a label `session_id`, `conversation_id` or `thread_id`; `user`; the start of the conversation |
    /// | `prompt` | `prompt_cache_key`; the start of the conversation |
    ///
    /// The start of a conversation is what stays the same from turn to turn and what caches of prompts
    /// share: tools, instructions, and the first message that is not an instruction.
    #[must_use]
    pub fn of_chat(
        request: &ChatRequest,
        tags: &BTreeMap<String, String>,
        affinity: Affinity,
    ) -> Option<Self> {
        let said = match affinity {
            Affinity::Off => return None,
            Affinity::Session => tags
                .get(TAG)
                .map(String::as_str)
                .or_else(|| cache_key(request))
                .or_else(|| label(request))
                .or(request.user.as_deref()),
            Affinity::Prompt => cache_key(request),
        };
        let said = said.filter(|name| !name.is_empty());
        Some(said.map_or_else(|| Self(start_of(request)), Self::named))
    }

    pub(super) const fn word(self) -> u64 {
        self.0
    }
}

fn cache_key(request: &ChatRequest) -> Option<&str> {
    let extra = &request.extra;
    extra.get(extra.format()?, "prompt_cache_key")?.as_str()
}

fn label(request: &ChatRequest) -> Option<&str> {
    let labels = LABELS.iter();
    let mut found = labels.filter_map(|name| request.metadata.get(*name));
    found.next().map(String::as_str)
}

fn start_of(request: &ChatRequest) -> u64 {
    let mut word = 0;
    let mut add = |text: &str| {
        let bytes = text.as_bytes();
        let head = bytes.get(..HEAD).unwrap_or(bytes);
        word = mixed(word ^ hash(head));
    };
    for tool in &request.tools {
        if let Tool::Function(function) = tool {
            add(&function.name);
        }
    }
    for message in &request.messages {
        texts(message, &mut add);
        if !matches!(message.role, Role::System | Role::Developer) {
            break;
        }
    }
    word
}

fn texts(message: &Message, add: &mut impl FnMut(&str)) {
    for part in &message.parts {
        if let Part {
            kind: PartKind::Text(text),
            ..
        } = part
        {
            add(text);
        }
    }
}

/// Eight bytes at a time, so that long texts take microseconds. No secret: nobody is kept from choosing
/// names that meet.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut word = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut eight = [0; 8];
        for (slot, byte) in eight.iter_mut().zip(chunk) {
            *slot = *byte;
        }
        word = mixed(word.wrapping_add(0x9E37_79B9_7F4A_7C15) ^ u64::from_le_bytes(eight));
    }
    mixed(word)
}

#[cfg(test)]
mod tests {
    use interline_core::{ChatBody, Extra, FormatId};
    use serde_json::json;

    use super::*;

    fn conversation(later: &[&str]) -> ChatBody {
        let mut body = ChatBody::default();
        body.messages = vec![Message::system("Be brief."), Message::user("What is Rust?")];
        body.messages
            .extend(later.iter().map(|text| Message::user(*text)));
        body
    }

    fn key(body: ChatBody, affinity: Affinity) -> SessionKey {
        let request = ChatRequest::from_body("chat", body);
        SessionKey::of_chat(&request, &BTreeMap::new(), affinity).expect("a key")
    }

    #[test]
    fn without_affinity_there_is_no_key() {
        let request = ChatRequest::from_body("chat", conversation(&[]));
        let key = SessionKey::of_chat(&request, &BTreeMap::new(), Affinity::Off);
        assert_eq!(key, None);
    }

    #[test]
    fn a_conversation_keeps_its_key_as_it_grows() {
        for affinity in [Affinity::Session, Affinity::Prompt] {
            let first = key(conversation(&[]), affinity);
            assert_eq!(key(conversation(&["And Go?"]), affinity), first);
            let mut other = conversation(&[]);
            other.messages[1] = Message::user("What is Go?");
            assert_ne!(key(other, affinity), first);
        }
    }

    #[test]
    fn what_the_caller_says_comes_before_what_the_conversation_shows() {
        let mut body = conversation(&[]);
        body.user = Some("u1".to_owned());
        assert_eq!(
            key(body.clone(), Affinity::Session),
            SessionKey::named("u1")
        );
        assert_eq!(
            key(body.clone(), Affinity::Prompt),
            key(conversation(&[]), Affinity::Prompt)
        );
        body.metadata.insert("session_id".into(), "s1".into());
        assert_eq!(
            key(body.clone(), Affinity::Session),
            SessionKey::named("s1")
        );
        let serde_json::Value::Object(fields) = json!({"prompt_cache_key": "k1"}) else {
            unreachable!("an object was written");
        };
        body.extra = Extra::new(FormatId::from_static("openai.responses"), fields);
        for affinity in [Affinity::Session, Affinity::Prompt] {
            assert_eq!(key(body.clone(), affinity), SessionKey::named("k1"));
        }
        let tags = BTreeMap::from([("session".to_owned(), "t1".to_owned())]);
        let request = ChatRequest::from_body("chat", body);
        let tagged = SessionKey::of_chat(&request, &tags, Affinity::Session);
        assert_eq!(tagged, Some(SessionKey::named("t1")));
    }

    #[test]
    fn hashes_of_like_names_share_no_bits_by_design() {
        let differing = (0..1000_u32)
            .map(|n| {
                let (a, b) = (format!("s{n}"), format!("s{}", n + 1));
                (hash(a.as_bytes()) ^ hash(b.as_bytes())).count_ones()
            })
            .sum::<u32>();
        assert!((31_000..33_000).contains(&differing), "{differing}");
    }
}
