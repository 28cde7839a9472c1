//! URLs as text: joining, and showing them without secrets.

/// Joins a base URL and a path with exactly one slash, keeping any path prefix of the base.
#[must_use]
pub fn join_url(base: &str, path: &str) -> String {
    format!(
        "{}/{}",
        base.trim_end_matches('/'),
        path.trim_start_matches('/')
    )
}

/// The URL without user info, query and fragment, where keys may hide.
pub(crate) fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_join(base: &str, path: &str, expected: &str) {
        assert_eq!(join_url(base, path), expected);
    }

    #[test]
    fn joining_keeps_the_prefix_and_makes_one_slash() {
        check_join("https://h/v1", "chat", "https://h/v1/chat");
        check_join("https://h/v1/", "/chat", "https://h/v1/chat");
        check_join(
            "https://h/openai/v1//",
            "chat/x",
            "https://h/openai/v1/chat/x",
        );
        check_join(
            "http://h:1",
            "/v1/models?limit=1",
            "http://h:1/v1/models?limit=1",
        );
    }

    #[track_caller]
    fn check_shown(url: &str, expected: &str) {
        assert_eq!(without_secrets(url), expected);
    }

    #[test]
    fn secrets_in_urls_are_not_shown() {
        check_shown("https://me:pw@h:1/a/b?key=k#f", "https://h:1/a/b");
        check_shown("https://h?key=k", "https://h");
        check_shown("me:pw@h/a", "h/a");
        check_shown("https://h/a@b", "https://h/a@b");
        check_shown("", "");
    }
}
