//! Prompts with gaps, filled with the same topics and texts under every task.
//!
//! What is learned from them is that the instruction decides and the topic does not: "python" and "poem"
//! stand under every task.

use std::collections::BTreeMap;

use interline_routing::classifier::Task;

/// Fillings of each frame. More of them only repeat the frame.
const FILLINGS: usize = 6;

/// The frames and what fills them.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    frames: Vec<(Task, String)>,
    fillers: BTreeMap<String, Vec<String>>,
}

/// The sections that fill gaps, and the gaps.
const FILLERS: [(&str, &str); 4] = [
    ("topics", "{topic}"),
    ("languages", "{language}"),
    ("numbers", "{number}"),
    ("texts", "{text}"),
];

impl Frames {
    /// Reads sections of lines.
    ///
    /// # Errors
    /// The number of the broken line, and what is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, (usize, String)> {
        let mut frames = Self::default();
        let mut section = None;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
                section = Some(name.to_owned());
                continue;
            }
            let Some(section) = &section else {
                return Err((
                    index + 1,
                    "a line stands before the first section".to_owned(),
                ));
            };
            let line = line.replace("\\n", "\n");
            if FILLERS.iter().any(|(name, _)| name == section) {
                frames
                    .fillers
                    .entry(section.clone())
                    .or_default()
                    .push(line);
                continue;
            }
            let task = section
                .parse()
                .map_err(|error: interline_core::Error| (index + 1, error.message().to_owned()))?;
            frames.frames.push((task, line));
        }
        Ok(frames)
    }

    /// Every frame with several fillings, the same ones in every run.
    pub(crate) fn prompts(&self) -> Vec<(Task, String)> {
        let mut prompts = Vec::new();
        for (number, (task, frame)) in self.frames.iter().enumerate() {
            let mut filled: Vec<String> = (0..FILLINGS)
                .map(|round| self.fill(frame, number, round))
                .collect();
            filled.dedup();
            prompts.extend(filled.into_iter().map(|text| (*task, text)));
        }
        prompts
    }

    fn fill(&self, frame: &str, number: usize, round: usize) -> String {
        let mut text = frame.replace(
            "{topic2}",
            &self.pick("topics", number * 5 + round * 13 + 29),
        );
        for (place, (section, gap)) in FILLERS.iter().enumerate() {
            // Steps without a common divisor with the lists' lengths visit all of them.
            let index = number * 7 + round * 11 + place * 3;
            text = text.replace(gap, &self.pick(section, index));
        }
        text
    }

    fn pick(&self, section: &str, index: usize) -> String {
        let list = self
            .fillers
            .get(section)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let place = index % list.len().max(1);
        list.get(place).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_filled_from_the_lists() {
        let text = "[topics]\ntea\nrust\n[chat]\nDo you like {topic}?\nHi\n[math]\n{number} plus 1\n[numbers]\n3\n";
        let prompts = Frames::read(text).expect("sound").prompts();
        assert!(prompts.contains(&(Task::Chat, "Do you like tea?".to_owned())));
        assert!(prompts.contains(&(Task::Chat, "Do you like rust?".to_owned())));
        assert_eq!(prompts.iter().filter(|(_, text)| text == "Hi").count(), 1);
        assert_eq!(
            prompts
                .iter()
                .filter(|(task, _)| *task == Task::Math)
                .count(),
            1
        );
    }

    #[test]
    fn an_unknown_section_is_named() {
        let (line, what) = Frames::read("# c\n[party]\nfun").expect_err("unknown");
        assert_eq!(line, 3);
        assert!(what.starts_with("unknown task `party`"), "{what}");
        assert!(Frames::read("fun").is_err());
    }
}
