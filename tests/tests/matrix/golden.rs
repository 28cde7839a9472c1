//! Compares a text with the file that people have reviewed, or writes the file when asked to.

use std::path::PathBuf;

/// What to set so that files are written instead of compared.
const BLESS: &str = "INTERLINE_BLESS";

/// Compares `text` with the golden file `name`; says how to write it where they differ.
pub(crate) fn check(name: &str, text: &str) -> Result<(), String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/matrix/golden")
        .join(name);
    if std::env::var_os(BLESS).is_some_and(|value| value == "1") {
        std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        return Ok(());
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    if golden == text {
        return Ok(());
    }
    let differs = golden
        .lines()
        .zip(text.lines())
        .position(|(golden, now)| golden != now)
        .unwrap_or_else(|| golden.lines().count().min(text.lines().count()));
    let line = |text: &str| text.lines().nth(differs).unwrap_or("(nothing)").to_owned();
    Err(format!(
        "{name} differs from line {}:\n  golden: {}\n  now:    {}\n\
         If the new text is right, write it with {BLESS}=1 and review the difference.",
        differs + 1,
        line(&golden),
        line(text)
    ))
}
