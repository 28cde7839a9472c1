//! Text with variables: `{{system}}`, `{{task}}`, `{{provider}}`, `{{model}}`, `{{tag.NAME}}`.
//!
//! A variable may name what stands for it where it is empty: `{{tag.team|the team}}`. `\{{` is two
//! braces that mean nothing. What is put in is never read as a template again.

use std::fmt;

use interline_core::{Error, Result};

use super::VariantFacts;

/// Text with variables, found right.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable { name: Name, otherwise: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    System,
    Task,
    Provider,
    Model,
    Tag(String),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// `InvalidRequest` where a variable is unknown or has no end.
    pub fn parse(text: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            if let Some(before) = before.strip_suffix('\\') {
                pieces.push(Piece::Text(format!("{before}{{{{")));
                rest = behind;
                continue;
            }
            pieces.push(Piece::Text(before.to_owned()));
            let (variable, behind) = behind.split_once("}}").ok_or_else(|| {
                Error::invalid_request(
                    "a variable has no end: write `}}` behind it, or `\\{{` for two braces",
                )
            })?;
            pieces.push(read_variable(variable)?);
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        pieces.retain(|piece| *piece != Piece::Text(String::new()));
        Ok(Self { pieces })
    }

    /// The text for an attempt; `system` is what the caller wrote.
    pub(crate) fn rendered(&self, system: &str, facts: &VariantFacts<'_>) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(words) => text.push_str(words),
                Piece::Variable { name, otherwise } => {
                    let value = match name {
                        Name::System => system,
                        Name::Task => facts.task.unwrap_or_default(),
                        Name::Provider => facts.target.provider.as_str(),
                        Name::Model => facts.target.model.as_str(),
                        Name::Tag(tag) => facts.tags.get(tag).map_or("", String::as_str),
                    };
                    text.push_str(if value.is_empty() { otherwise } else { value });
                }
            }
        }
        text
    }
}

fn read_variable(text: &str) -> Result<Piece> {
    let (name, otherwise) = text.split_once('|').unwrap_or((text, ""));
    let name = match name.trim() {
        "system" => Name::System,
        "task" => Name::Task,
        "provider" => Name::Provider,
        "model" => Name::Model,
        other => match other.strip_prefix("tag.") {
            Some(tag) if !tag.is_empty() => Name::Tag(tag.to_owned()),
            _ => {
                return Err(Error::invalid_request(format!(
                    "variable `{other}` is unknown: use `system`, `task`, `provider`, `model` or \
                     `tag.NAME`, or write `\\{{{{` for two braces"
                )));
            }
        },
    };
    Ok(Piece::Variable {
        name,
        otherwise: otherwise.to_owned(),
    })
}

impl fmt::Debug for Template {
    /// Its size only: prompts are nobody's business in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("pieces", &self.pieces.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use interline_core::Target;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn rendered(text: &str) -> String {
        let tags = BTreeMap::from([("team".to_owned(), "{{model}}".to_owned())]);
        let target = Target::new("groq", "llama");
        let facts = VariantFacts {
            target: &target,
            task: None,
            tags: &tags,
        };
        let template = Template::parse(text).expect("a template");
        template.rendered("S", &facts)
    }

    #[test]
    fn variables_are_replaced_once() {
        assert_eq!(
            rendered("{{ system }}, {{provider}}/{{model}}"),
            "S, groq/llama"
        );
        assert_eq!(
            rendered("<{{tag.team}}>"),
            "<{{model}}>",
            "never read again"
        );
        assert_eq!(rendered("<{{tag.other}}|{{task|any}}>"), "<|any>");
        assert_eq!(rendered(r"\{{system}} {{system}}"), "{{system}} S");
        assert_eq!(rendered("a } b { c }} d"), "a } b { c }} d");
    }

    #[track_caller]
    fn refused(text: &str, named: &str) {
        let error = Template::parse(text).expect_err("a mistake");
        assert!(error.message().contains(named), "{error}");
    }

    #[test]
    fn unknown_variables_and_loose_ends_are_refused() {
        refused("{{user}}", "`user`");
        refused("{{tag.}}", "`tag.`");
        refused("{{system", "no end");
    }

    proptest! {
        #[test]
        fn text_without_braces_stays_as_it_is(text in "[^{}\\\\]*") {
            prop_assert_eq!(rendered(&text), text);
        }

        #[test]
        fn nothing_panics(text in ".*") {
            let _ = Template::parse(&text);
        }
    }
}
