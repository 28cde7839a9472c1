//! Licence expressions: parsed, then held against a list of allowed licences.
//!
//! The grammar is that of SPDX 2.3 annex D, with the old `/` for OR that some manifests still have.

/// A licence expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// One licence, with its exception if it has one: `Apache-2.0 WITH LLVM-exception`.
    Licence(String),
    /// All of these apply.
    All(Vec<Expression>),
    /// Any of these may be chosen.
    Any(Vec<Expression>),
}

impl Expression {
    /// Parses an expression; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let spaced = text
            .replace('(', " ( ")
            .replace(')', " ) ")
            .replace('/', " OR ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut parser = Parser { words: &words };
        let expression = parser.any()?;
        match parser.words.first() {
            None => Ok(expression),
            Some(word) => Err(format!("unexpected `{word}`")),
        }
    }

    /// Whether the allowed licences are enough to use the package.
    pub(crate) fn allowed_by(&self, allowed: &[String]) -> bool {
        match self {
            Self::Licence(licence) => allowed.iter().any(|one| one.eq_ignore_ascii_case(licence)),
            Self::All(parts) => parts.iter().all(|part| part.allowed_by(allowed)),
            Self::Any(parts) => parts.iter().any(|part| part.allowed_by(allowed)),
        }
    }
}

struct Parser<'a> {
    words: &'a [&'a str],
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    /// Consumes the next word if it is this operator.
    fn takes(&mut self, operator: &str) -> bool {
        let found = self
            .words
            .first()
            .is_some_and(|word| word.eq_ignore_ascii_case(operator));
        if found {
            self.next();
        }
        found
    }

    fn any(&mut self) -> Result<Expression, String> {
        let first = self.all()?;
        let mut parts = vec![first];
        while self.takes("OR") {
            parts.push(self.all()?);
        }
        Ok(single_or(parts, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, String> {
        let first = self.one()?;
        let mut parts = vec![first];
        while self.takes("AND") {
            parts.push(self.one()?);
        }
        Ok(single_or(parts, Expression::All))
    }

    fn one(&mut self) -> Result<Expression, String> {
        if self.takes("(") {
            let inside = self.any()?;
            return if self.takes(")") {
                Ok(inside)
            } else {
                Err("a parenthesis is not closed".to_owned())
            };
        }
        let licence = self.name()?;
        if self.takes("WITH") {
            let exception = self.name()?;
            return Ok(Expression::Licence(format!("{licence} WITH {exception}")));
        }
        Ok(Expression::Licence(licence.to_owned()))
    }

    fn name(&mut self) -> Result<&'a str, String> {
        match self.next() {
            None => Err("a licence is missing at the end".to_owned()),
            Some(word @ ("(" | ")" | "AND" | "OR" | "WITH")) => {
                Err(format!("expected a licence, found `{word}`"))
            }
            Some(word) => Ok(word),
        }
    }
}

fn single_or(
    mut parts: Vec<Expression>,
    many: impl FnOnce(Vec<Expression>) -> Expression,
) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        let allowed = ["MIT", "Apache-2.0", "ISC", "Apache-2.0 WITH LLVM-exception"];
        let allowed: Vec<String> = allowed.iter().map(|one| (*one).to_owned()).collect();
        let expression = Expression::parse(text).expect("the expression is well formed");
        assert_eq!(expression.allowed_by(&allowed), expected, "{text}");
    }

    #[test]
    fn one_allowed_alternative_is_enough() {
        check("MIT", true);
        check("GPL-3.0-only", false);
        check("MIT OR GPL-3.0-only", true);
        check("GPL-3.0-only OR LGPL-2.1-or-later", false);
        check("MIT/Apache-2.0", true);
        check("Unlicense / MIT", true);
        check("mit or gpl-2.0", true);
    }

    #[test]
    fn every_conjunct_must_be_allowed() {
        check("MIT AND ISC", true);
        check("MIT AND GPL-2.0", false);
        check("(MIT OR GPL-2.0) AND ISC", true);
        check("MIT OR (GPL-2.0 AND ISC)", true);
        check("GPL-2.0 OR MIT AND GPL-3.0", false);
        check("MIT OR GPL-2.0 AND GPL-3.0", true);
    }

    #[test]
    fn an_exception_makes_another_licence() {
        check("Apache-2.0 WITH LLVM-exception", true);
        check("ISC WITH LLVM-exception", false);
        check("GPL-2.0 OR Apache-2.0 WITH LLVM-exception", true);
    }

    #[test]
    fn malformed_expressions_are_errors() {
        for text in [
            "", "MIT OR", "(MIT", "MIT)", "MIT ISC", "AND MIT", "MIT WITH",
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
