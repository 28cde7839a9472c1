//! Anthropic's list of models: its shape and its pages.

use std::collections::HashMap;

use axum::extract::Query;
use http::Uri;
use serde_json::{Value, json};

use crate::failure::Failure;

/// The most members that Anthropic's API gives on one page.
const MAX_LIMIT: usize = 1000;

/// The page of `ids` that the address asks for with `limit`, `after_id` and `before_id`.
///
/// Without `limit` a page holds everything, because programs that read one page only would miss
/// routes; Anthropic's own default is 20.
///
/// # Errors
/// 400 where `limit` is no number from 1 to 1000, and where a page is to begin at a name that is not in
/// the list: a program that pages on would begin anew, and never end.
pub(super) fn list(ids: &[String], asked: &Uri) -> Result<Value, Failure> {
    let query = Query::<HashMap<String, String>>::try_from_uri(asked);
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let limit = match query.get("limit") {
        None => ids.len(),
        Some(text) => match text.parse() {
            Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => limit,
            _ => return Err(wrong_limit(text)),
        },
    };
    let place = |name: &'static str| match query.get(name) {
        None => Ok(None),
        Some(id) => match ids.iter().position(|known| known == id) {
            Some(place) => Ok(Some(place)),
            None => Err(unknown(name, id)),
        },
    };
    let first = place("after_id")?.map_or(0, |place| place + 1);
    let end = place("before_id")?.unwrap_or(ids.len());
    let window = ids.get(first..end).unwrap_or_default();
    let left_out = window.len().saturating_sub(limit);
    // Before a name, the page is what stands next to it, so that paging back meets no gap.
    let page = if query.contains_key("before_id") {
        window.get(left_out..)
    } else {
        window.get(..window.len() - left_out)
    };
    let page = page.unwrap_or_default();
    let members: Value = page.iter().map(|id| model(id)).collect();
    Ok(json!({
        "data": members,
        "has_more": left_out > 0,
        "first_id": page.first(),
        "last_id": page.last(),
    }))
}

/// One member.
pub(super) fn model(id: &str) -> Value {
    // Anthropic's own word for an unknown release date.
    json!({"type": "model", "id": id, "display_name": id, "created_at": "1970-01-01T00:00:00Z"})
}

fn wrong_limit(text: &str) -> Failure {
    let text: String = text.chars().take(64).collect();
    let message = format!("`limit` is `{text}`; expected a whole number from 1 to {MAX_LIMIT}");
    Failure::new(400, "invalid_request", message).with_param("limit")
}

fn unknown(name: &'static str, id: &str) -> Failure {
    let id: String = id.chars().take(64).collect();
    let message = format!("`{name}` is `{id}`, which is not in the list of models");
    Failure::new(400, "invalid_request", message).with_param(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of `a` to `e`: the members as one word, and whether there are more.
    #[track_caller]
    fn check(query: &str, members: &str, has_more: bool) {
        let ids: Vec<String> = ["a", "b/x", "c", "d", "e"].map(str::to_owned).into();
        let asked = format!("/v1/models{query}").parse().expect("an address");
        let list = list(&ids, &asked).expect("a page");
        let data = list["data"].as_array().expect("a list");
        let word: Vec<_> = data.iter().filter_map(|one| one["id"].as_str()).collect();
        assert_eq!(word.join(" "), members, "{query}");
        assert_eq!(list["has_more"], has_more, "{query}");
        assert_eq!(list["last_id"].as_str(), word.last().copied(), "{query}");
    }

    #[test]
    fn pages_follow_each_other_in_both_directions() {
        check("", "a b/x c d e", false);
        check("?limit=1000", "a b/x c d e", false);
        check("?limit=2", "a b/x", true);
        check("?limit=2&after_id=b%2Fx", "c d", true);
        check("?limit=2&after_id=d", "e", false);
        check("?after_id=e", "", false);
        check("?limit=2&before_id=d", "b/x c", true);
        check("?before_id=b/x", "a", false);
        check("?beta=true", "a b/x c d e", false);
    }

    #[test]
    fn a_page_that_means_nothing_is_refused() {
        for limit in ["0", "1001", "-1", "many", ""] {
            let asked = format!("/v1/models?limit={limit}")
                .parse()
                .expect("an address");
            let failure = list(&[], &asked).expect_err("refused");
            assert_eq!((failure.status(), failure.param()), (400, Some("limit")));
        }
        for name in ["after_id", "before_id"] {
            let asked = format!("/v1/models?{name}=gone")
                .parse()
                .expect("an address");
            let failure = list(&["a".to_owned()], &asked).expect_err("refused");
            assert_eq!((failure.status(), failure.param()), (400, Some(name)));
        }
    }
}
