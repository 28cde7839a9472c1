//! Targets of a file: `provider/model`, with a provider that is configured.

use interline_core::{Error, Target};

use super::located::{Located, Place};
use super::mistakes::Mistakes;

/// Reads a target, or notes what is wrong with it.
pub(super) fn read(
    path: &str,
    text: &str,
    place: Place,
    providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) -> Option<Target> {
    let target: Target = match text.parse() {
        Ok(target) => target,
        Err(error) => {
            let error: Error = error;
            mistakes.add(path, place, error.message());
            return None;
        }
    };
    if !providers.contains(&target.provider.as_str()) {
        let message = format!(
            "`{target}` names provider `{}`, which is not configured (configured: {})",
            target.provider,
            providers.join(", ")
        );
        mistakes.add(path, place, message);
        return None;
    }
    Some(target)
}

/// Notes a provider that is not configured.
pub(super) fn check_provider(
    path: &str,
    name: &Located<String>,
    providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) {
    if !providers.contains(&name.value.as_str()) {
        let message = format!(
            "provider `{}` is not configured (configured: {})",
            name.value,
            providers.join(", ")
        );
        mistakes.add(path, name.place, message);
    }
}
