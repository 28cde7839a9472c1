//! What a JSON document says, piece by piece, and whether another document says it too.
//!
//! Texts are looked for wherever they may stand, because formats keep the same thing in different
//! places: as a whole text, or as words inside one. A text that says something twice has to be found
//! twice, so that a result keeps the id of its call.

use serde_json::Value;

/// One thing that a document says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leaf {
    /// Where: keys joined by dots, lists as `[]`.
    pub(crate) path: String,
    pub(crate) what: What,
}

/// A name that the document's author chose, or a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Key(String),
    Text(String),
    Number(f64),
    Flag(bool),
    /// An object without fields.
    Empty,
}

impl What {
    /// The value as text.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Key(word) | Self::Text(word) => word.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Empty => "{}".to_owned(),
        }
    }
}

/// Objects whose keys are names that somebody chose: of properties, arguments and labels.
const NAMING: [&str; 7] = [
    "properties",
    "arguments",
    "input",
    "args",
    "metadata",
    "requestMetadata",
    "logit_bias",
];

/// Under these keys stands a JSON Schema.
const SCHEMAS: [&str; 3] = ["parameters", "input_schema", "schema"];

/// Words of the format itself, which every format has its own of.
const FORMAT_WORDS: [&str; 4] = ["type", "role", "object", "index"];

/// Everything that a document says.
pub(crate) fn leaves(document: &Value) -> Vec<Leaf> {
    let mut found = everything(document);
    found.retain(|leaf| leaf.what != What::Empty && !is_format_word(&leaf.path));
    found
}

fn everything(document: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    descend("", document, &mut found);
    found
}

fn descend(path: &str, value: &Value, found: &mut Vec<Leaf>) {
    let mut push = |what| {
        found.push(Leaf {
            path: path.to_owned(),
            what,
        });
    };
    match value {
        Value::Null => {}
        Value::Bool(flag) => push(What::Flag(*flag)),
        Value::Number(number) => push(What::Number(number.as_f64().unwrap_or(f64::NAN))),
        Value::String(text) if text.starts_with(SIGNATURE_SEAL) => {
            descend(path, &proof(text).into(), found);
        }
        Value::String(text) => match (embedded(text), data_address(text)) {
            (Some(json), _) => descend(path, &json, found),
            (None, Some((mime, data))) => {
                push(What::Text(mime.to_owned()));
                push(What::Text(data.to_owned()));
            }
            (None, None) if text.is_empty() => {}
            (None, None) => push(What::Text(text.clone())),
        },
        Value::Array(items) => {
            for item in items {
                descend(&format!("{path}[]"), item, found);
            }
        }
        Value::Object(fields) if fields.is_empty() => push(What::Empty),
        Value::Object(fields) => {
            for (key, field) in fields {
                if NAMING.contains(&last(path)) {
                    found.push(Leaf {
                        path: path.to_owned(),
                        what: What::Key(key.clone()),
                    });
                }
                let dot = if path.is_empty() { "" } else { "." };
                descend(&format!("{path}{dot}{key}"), field, found);
            }
        }
    }
}

/// What seals another format's proofs for callers of Responses, as JSON.
const SEAL: &str = "interline.reasoning.1:";

/// What seals them for callers of Messages: the format and the proof.
const SIGNATURE_SEAL: &str = "interline.signature.1:";

/// Arguments, structured answers and sealed proofs are JSON inside a text.
fn embedded(text: &str) -> Option<Value> {
    let text = text.strip_prefix(SEAL).unwrap_or(text);
    let json = serde_json::from_str(text).ok();
    json.filter(|json: &Value| json.is_object() || json.is_array())
}

/// The proof behind a seal and a format.
fn proof(sealed: &str) -> &str {
    let rest = &sealed[SIGNATURE_SEAL.len()..];
    rest.split_once(':').map_or(rest, |(_, proof)| proof)
}

fn data_address(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("data:")?.split_once(";base64,")
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

fn is_format_word(path: &str) -> bool {
    let in_schema = path.split('.').any(|key| SCHEMAS.contains(&key));
    !in_schema && FORMAT_WORDS.contains(&last(path))
}

/// A document in which things are looked for.
#[derive(Debug)]
pub(crate) struct Haystack(Vec<Leaf>);

impl Haystack {
    pub(crate) fn of(document: &Value) -> Self {
        Self(everything(document))
    }

    /// Whether `what`, which stands under `key`, is said at least `times`.
    pub(crate) fn says(&self, what: &What, path: &str, times: usize) -> bool {
        match what {
            What::Text(text) => {
                let count = |leaf: &Leaf| match &leaf.what {
                    What::Text(hay) => occurrences(hay, text),
                    _ => 0,
                };
                self.0.iter().map(count).sum::<usize>() >= times
            }
            What::Number(_) | What::Key(_) | What::Empty => {
                self.0.iter().any(|leaf| leaf.what == *what)
            }
            // Two flags are the same only under the same name.
            What::Flag(_) => {
                let is_it = |leaf: &Leaf| leaf.what == *what && last(&leaf.path) == last(path);
                self.0.iter().any(is_it)
            }
        }
    }

    /// Whether `text` stands as the value at `path`.
    pub(crate) fn has(&self, path: &str, text: &str) -> bool {
        let is_it = |leaf: &Leaf| leaf.path == path && leaf.what.word() == text;
        self.0.iter().any(is_it)
    }

    /// All texts, for what must not be there.
    pub(crate) fn contains(&self, text: &str) -> bool {
        let inside = |leaf: &Leaf| matches!(&leaf.what, What::Text(hay) if hay.contains(text));
        self.0.iter().any(inside)
    }
}

/// How often `needle` stands in `hay` as words of their own.
fn occurrences(hay: &str, needle: &str) -> usize {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let alone = |at: usize| {
        let before = hay[..at].chars().next_back();
        let after = hay[at + needle.len()..].chars().next();
        let joins_before = is_word(before) && is_word(needle.chars().next());
        let joins_after = is_word(after) && is_word(needle.chars().next_back());
        !joins_before && !joins_after
    };
    hay.match_indices(needle)
        .filter(|(at, _)| alone(*at))
        .count()
}

impl std::fmt::Display for Leaf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = self.what.word();
        match &self.what {
            What::Key(_) => write!(f, "`{}`: the name `{word}`", self.path),
            _ => write!(f, "`{}`: `{word}`", self.path),
        }
    }
}
