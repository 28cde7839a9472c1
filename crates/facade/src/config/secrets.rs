//! References to secrets: `${NAME}` is an environment variable, `file:/path` a file's content.
//!
//! Messages name the reference, never what it stands for.

use std::fmt;

use serde_json::Value;

/// Longer files are no keys; chosen, not measured.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Said where a secret itself stands in the file.
pub(super) const NOT_A_REFERENCE: &str =
    "must be a reference, `${NAME}` or `file:/path`, not the key itself";

/// Looks references up.
pub(super) struct Secrets<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl<'a> Secrets<'a> {
    pub(super) const fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable }
    }

    /// Replaces the references in all texts inside `value`; tells of each that leads nowhere.
    pub(super) fn resolve(
        &self,
        path: &str,
        value: &Value,
        complain: &mut dyn FnMut(&str, String),
    ) -> Value {
        match value {
            Value::String(text) => match self.resolve_text(text) {
                Ok(text) => Value::String(text),
                Err(message) => {
                    complain(path, message);
                    Value::Null
                }
            },
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(place, item)| self.resolve(&format!("{path}[{place}]"), item, complain))
                .collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, item)| {
                    let inner = self.resolve(&format!("{path}.{key}"), item, complain);
                    (key.clone(), inner)
                })
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// Replaces the references in one text.
    pub(super) fn resolve_text(&self, text: &str) -> Result<String, String> {
        if let Some(path) = text.strip_prefix("file:") {
            return read_file(path);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, reference) = rest.split_at(start);
            out.push_str(before);
            let end = reference
                .find('}')
                .ok_or("`${` without a closing `}`: write `${NAME}`")?;
            let (name, after) = (&reference[2..end], &reference[end + 1..]);
            out.push_str(&self.look_up(name)?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn look_up(&self, name: &str) -> Result<String, String> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(format!("`${{{name}}}` is not the name of a variable"));
        }
        match (self.variable)(name) {
            None => Err(format!("environment variable `{name}` is not set")),
            Some(value) if value.trim().is_empty() => {
                Err(format!("environment variable `{name}` is empty"))
            }
            Some(value) => Ok(value.trim().to_owned()),
        }
    }
}

/// Whether a text is nothing but a reference, so that no secret stands in the file.
pub(super) fn is_reference(text: &str) -> bool {
    text.starts_with("file:") || (text.starts_with("${") && text.ends_with('}'))
}

fn read_file(path: &str) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| format!("file `{path}`: {error}"))?;
    if length.len() > MAX_FILE_BYTES {
        return Err(format!(
            "file `{path}` is larger than {} KiB: it cannot hold just a secret",
            MAX_FILE_BYTES / 1024
        ));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("file `{path}`: {error}"))?;
    match text.trim() {
        "" => Err(format!("file `{path}` is empty")),
        secret => Ok(secret.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "KEY" => Some("sk-test\n".to_owned()),
            "EMPTY" => Some(" ".to_owned()),
            _ => None,
        }
    }

    fn resolved(text: &str) -> Result<String, String> {
        Secrets::new(&environment).resolve_text(text)
    }

    #[test]
    fn variables_are_replaced_anywhere_in_a_text() {
        assert_eq!(resolved("${KEY}").as_deref(), Ok("sk-test"));
        assert_eq!(resolved("Bearer ${KEY}!").as_deref(), Ok("Bearer sk-test!"));
        assert_eq!(resolved("plain $5 {x}").as_deref(), Ok("plain $5 {x}"));
    }

    #[test]
    fn what_leads_nowhere_is_named() {
        for (text, named) in [
            ("${NONE}", "`NONE` is not set"),
            ("${EMPTY}", "`EMPTY` is empty"),
            ("${KEY", "without a closing"),
            ("${}", "not the name of a variable"),
            ("${A-B}", "not the name of a variable"),
            ("file:/no/such/file", "`/no/such/file`"),
        ] {
            let message = resolved(text).expect_err("a bad reference");
            assert!(message.contains(named), "{text}: {message}");
        }
    }

    #[test]
    fn nested_texts_are_resolved_and_complaints_name_the_path() {
        let mut complaints = Vec::new();
        let value = json!({"headers": {"a": "${KEY}", "b": "${NONE}"}, "n": 1});
        let out = Secrets::new(&environment).resolve("p", &value, &mut |path, message| {
            complaints.push(format!("{path}: {message}"));
        });
        assert_eq!(out["headers"]["a"], json!("sk-test"));
        assert_eq!(out["n"], json!(1));
        assert_eq!(
            complaints,
            ["p.headers.b: environment variable `NONE` is not set"]
        );
    }
}
