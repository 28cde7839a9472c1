//! The name of a model: in an address, and in a body.

use std::fmt::Write as _;

/// Collections that a model's name may begin with.
const COLLECTIONS: [&str; 3] = ["models/", "tunedModels/", "endpoints/"];

/// The model's place below the base address; a name cannot leave it.
pub(crate) fn path(model: &str) -> String {
    let (collection, name) = split(model);
    format!("{collection}{}", encoded(name))
}

/// The text as one segment of an address, or one value of its query.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The model as bodies name it, with its collection.
pub(crate) fn resource(model: &str) -> String {
    let (collection, name) = split(model);
    format!("{collection}{name}")
}

/// The model as requests name it: without the collection that is meant where none is named.
pub(crate) fn of_resource(resource: &str) -> &str {
    let name = match resource.split_once("/models/") {
        Some((_, name)) => name,
        None => resource.strip_prefix("models/").unwrap_or(resource),
    };
    if name.is_empty() { resource } else { name }
}

fn split(model: &str) -> (&str, &str) {
    let collection = COLLECTIONS
        .iter()
        .find(|collection| model.starts_with(**collection));
    match model.split_at(collection.map_or(0, |collection| collection.len())) {
        ("", name) => ("models/", name),
        named => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &str, expected: &str) {
        assert_eq!(path(model), expected);
    }

    #[test]
    fn a_models_name_cannot_leave_its_place() {
        check("gemini-2.5-flash", "models/gemini-2.5-flash");
        check("models/gemini-2.5-flash", "models/gemini-2.5-flash");
        check("tunedModels/mine-1", "tunedModels/mine-1");
        check("../x?key=1#y", "models/..%2Fx%3Fkey%3D1%23y");
        check("gemini-1.5@001", "models/gemini-1.5@001");
        check("", "models/");
    }

    #[test]
    fn a_listed_name_is_one_that_requests_may_carry() {
        for (listed, name) in [
            ("models/gemini-2.5-flash", "gemini-2.5-flash"),
            ("publishers/google/models/gemini-x", "gemini-x"),
            ("tunedModels/mine-1", "tunedModels/mine-1"),
            ("models/", "models/"),
        ] {
            assert_eq!(of_resource(listed), name);
        }
        assert_eq!(resource("gemini-x"), "models/gemini-x");
        assert_eq!(resource("tunedModels/mine-1"), "tunedModels/mine-1");
    }
}
