//! Copies of a prompt that ask for the same in another form.

/// Copies of `text`: the instruction moved to the other end, and typed carelessly.
pub(crate) fn copies(text: &str) -> Vec<String> {
    [turned(text), careless(text)]
        .into_iter()
        .flatten()
        .collect()
}

/// The first paragraph after the rest, where it is short enough to be the instruction.
fn turned(text: &str) -> Option<String> {
    let (instruction, material) = text.split_once("\n\n")?;
    let (instruction, material) = (instruction.trim(), material.trim());
    let is_instruction =
        (10..300).contains(&instruction.len()) && material.len() > instruction.len();
    is_instruction.then(|| format!("{material}\n\n{instruction}"))
}

/// Without capitals, and without the last mark; nothing for long texts, which people paste.
fn careless(text: &str) -> Option<String> {
    if text.len() > 300 || text.contains('\n') {
        return None;
    }
    let lower = text.to_lowercase();
    let typed = lower.trim_end_matches(['.', '?', '!']).to_owned();
    (typed != text && !typed.is_empty()).then_some(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_moves_to_the_other_end() {
        let text = "Summarize this text.\n\nA cat sat on a mat for years.";
        let turned = "A cat sat on a mat for years.\n\nSummarize this text.";
        assert_eq!(copies(text), [turned]);
    }

    #[test]
    fn a_short_prompt_is_typed_carelessly() {
        assert_eq!(copies("Who was Ada?"), ["who was ada"]);
        assert!(copies("who was ada").is_empty());
    }
}
