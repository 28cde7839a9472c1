//! How a skipped check counts: a warning at a desk, a failure in CI.

use super::outcome::{Cause, Skip};

/// What the environment asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Skipped checks are shown and forgiven.
    Desk,
    /// `CI=true`: a skipped check is a failure.
    Ci,
    /// `CI=true` and `INTERLINE_NO_SHARED=1`: only the lack of the shared folder is forgiven.
    CiWithoutShared,
}

impl Strictness {
    /// Reads `CI` and `INTERLINE_NO_SHARED`.
    pub(crate) fn of_environment() -> Self {
        Self::of(
            std::env::var("CI").ok().as_deref(),
            std::env::var("INTERLINE_NO_SHARED").ok().as_deref(),
        )
    }

    fn of(ci: Option<&str>, no_shared: Option<&str>) -> Self {
        let set = |value: Option<&str>| !matches!(value, None | Some("" | "0" | "false"));
        match (set(ci), set(no_shared)) {
            (false, _) => Self::Desk,
            (true, false) => Self::Ci,
            (true, true) => Self::CiWithoutShared,
        }
    }

    /// Whether this skip fails the run.
    pub(crate) fn forbids(self, skip: &Skip) -> bool {
        match self {
            Self::Desk => false,
            Self::Ci => true,
            Self::CiWithoutShared => skip.cause != Cause::NoSharedFolder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ci: Option<&str>, no_shared: Option<&str>, expected: Strictness) {
        assert_eq!(Strictness::of(ci, no_shared), expected);
    }

    #[test]
    fn ci_is_strict_unless_it_is_switched_off() {
        check(None, None, Strictness::Desk);
        check(Some("false"), None, Strictness::Desk);
        check(Some(""), Some("1"), Strictness::Desk);
        check(Some("true"), None, Strictness::Ci);
        check(Some("1"), Some("0"), Strictness::Ci);
        check(Some("true"), Some("1"), Strictness::CiWithoutShared);
    }

    #[test]
    fn only_the_shared_folder_may_be_missing_in_ci() {
        let shared = Skip::without_shared("no recorded cases");
        let other = Skip::new("no python3");
        assert!(Strictness::Ci.forbids(&shared));
        assert!(!Strictness::CiWithoutShared.forbids(&shared));
        assert!(Strictness::CiWithoutShared.forbids(&other));
        assert!(!Strictness::Desk.forbids(&other));
    }
}
