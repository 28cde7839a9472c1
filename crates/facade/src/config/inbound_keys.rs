//! The keys that callers of the gateway may present.

use secrecy::SecretString;

use super::located::Located;
use super::mistakes::Mistakes;
use super::secrets::{NOT_A_REFERENCE, Secrets, is_reference};

/// Looks the keys up; notes each that is written out, leads nowhere, or is empty.
pub(super) fn read(
    keys: &[Located<String>],
    secrets: &Secrets<'_>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<SecretString> {
    let mut found = Vec::new();
    for (place, key) in keys.iter().enumerate() {
        let path = format!("keys[{place}]");
        if !is_reference(&key.value) {
            mistakes.add(&path, key.place, NOT_A_REFERENCE);
            continue;
        }
        match secrets.resolve_text(&key.value) {
            Ok(text) => found.push(SecretString::from(text)),
            Err(message) => mistakes.add(&path, key.place, message),
        }
    }
    found
}
