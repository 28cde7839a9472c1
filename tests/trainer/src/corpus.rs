//! The prompts: the folder's train and dev files, the project's own, and the measured difficulty.

use std::collections::BTreeMap;
use std::path::Path;

use anstream::println;
use interline_routing::classifier::Task;
use interline_routing::classifier::features::LexiconBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Result;
use crate::frames::Frames;

/// Everything that is learned from.
#[derive(Debug)]
pub(crate) struct Corpus {
    pub(crate) prompts: Vec<Labelled>,
    pub(crate) measured: Vec<Measured>,
    pub(crate) lexicon: LexiconBuilder,
}

/// A prompt with its task.
#[derive(Clone, Debug)]
pub(crate) struct Labelled {
    pub(crate) text: String,
    pub(crate) task: Task,
    /// Where it comes from, without the part of it: `arena-hard`, `own/chat`.
    pub(crate) source: String,
    pub(crate) origin: Origin,
    /// Whether a plain list of keywords gives another task.
    pub(crate) misleads_keywords: bool,
}

/// Which file it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Train,
    Dev,
    Own,
    /// A frame with its gaps filled.
    Frame,
}

/// A prompt whose answers by several models were measured.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) text: String,
    pub(crate) subject: String,
    /// The share of the models that fail, 0–1.
    pub(crate) failing: f64,
}

#[derive(Deserialize)]
struct TaskLine {
    prompt: String,
    task: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    keyword_misfire: bool,
}

#[derive(Deserialize)]
struct RoutingLine {
    set: String,
    subject: String,
    prompt: String,
    models: BTreeMap<String, Quality>,
}

#[derive(Deserialize)]
struct Quality {
    q: f64,
}

/// Sources of prompts that people typed to an assistant.
const NATURAL: [&str; 2] = ["openassistant", "self-instruct"];

impl Labelled {
    pub(crate) fn is_dev(&self) -> bool {
        self.origin == Origin::Dev
    }

    pub(crate) fn is_natural(&self) -> bool {
        NATURAL.contains(&self.source.as_str())
    }
}

impl Corpus {
    pub(crate) fn read(data: &Path, own: &Path) -> Result<Self> {
        let mut prompts = labelled(&data.join("tasks-train.jsonl"), Origin::Train)?;
        prompts.extend(labelled(&data.join("tasks-dev.jsonl"), Origin::Dev)?);
        let mut files: Vec<_> = std::fs::read_dir(own)
            .map_err(|error| format!("cannot read {}: {error}", own.display()))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
            .collect();
        // Folders list their files in any order.
        files.sort();
        for file in files {
            prompts.extend(labelled(&file, Origin::Own)?);
        }
        let file = own.join("frames.txt");
        let frames =
            Frames::read(&text_of(&file)?).map_err(|(line, what)| at(&file, line, &what))?;
        prompts.extend(frames.prompts().into_iter().map(|(task, text)| Labelled {
            text,
            task,
            source: "own/frames".to_owned(),
            origin: Origin::Frame,
            misleads_keywords: false,
        }));
        Ok(Self {
            prompts,
            measured: measured(&data.join("routing-train.jsonl"))?,
            lexicon: lexicon(&own.join("lexicon.txt"))?,
        })
    }

    pub(crate) fn print(&self) {
        let count = |origin| {
            let of = |prompt: &&Labelled| prompt.origin == origin;
            self.prompts.iter().filter(of).count()
        };
        println!(
            "{} train, {} dev and {} own prompts, {} from frames; {} of measured difficulty; {} lexicon groups",
            count(Origin::Train),
            count(Origin::Dev),
            count(Origin::Own),
            count(Origin::Frame),
            self.measured.len(),
            self.lexicon.names().len()
        );
    }
}

fn labelled(file: &Path, origin: Origin) -> Result<Vec<Labelled>> {
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let stem = stem.unwrap_or_default();
    lines(file)?
        .into_iter()
        .map(|(place, line): (usize, TaskLine)| {
            let task = line
                .task
                .parse()
                .map_err(|error: interline_core::Error| at(file, place, error.message()))?;
            let source = match origin {
                Origin::Own | Origin::Frame => format!("own/{stem}"),
                Origin::Train | Origin::Dev => family(&line.source),
            };
            Ok(Labelled {
                text: line.prompt,
                task,
                source,
                origin,
                misleads_keywords: line.keyword_misfire,
            })
        })
        .collect()
}

/// `arena-hard-v2.0 (hard prompt)` is of the family `arena-hard`.
fn family(source: &str) -> String {
    let end = source.find([':', '/', ' ', '+']).unwrap_or(source.len());
    let name = source.get(..end).unwrap_or(source);
    match name.rsplit_once("-v") {
        Some((family, version)) if version.starts_with(|first: char| first.is_ascii_digit()) => {
            family.to_owned()
        }
        _ => name.to_owned(),
    }
}

/// The prompts that nine models answered: the share that failed is how hard they are.
fn measured(file: &Path) -> Result<Vec<Measured>> {
    let lines: Vec<(usize, RoutingLine)> = lines(file)?;
    let mut measured = Vec::new();
    for (place, line) in lines {
        if line.set != "llmrouter-9" {
            continue;
        }
        let failing: f64 = line.models.values().map(|model| 1.0 - model.q).sum();
        let models = u32::try_from(line.models.len()).unwrap_or(u32::MAX);
        let failing = failing / f64::from(models);
        if !(0.0..=1.0).contains(&failing) {
            return Err(at(
                file,
                place,
                "`q` is not within 0 and 1, or there are no models",
            ));
        }
        measured.push(Measured {
            text: line.prompt,
            subject: line.subject,
            failing,
        });
    }
    Ok(measured)
}

fn lexicon(file: &Path) -> Result<LexiconBuilder> {
    let mut lexicon = LexiconBuilder::new();
    for (index, line) in text_of(file)?.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, entries) = line
            .split_once(':')
            .ok_or_else(|| at(file, index + 1, "a line is like `group: word, two words`"))?;
        lexicon
            .group(name.trim(), entries.split(',').map(str::trim))
            .map_err(|error| at(file, index + 1, &error))?;
    }
    Ok(lexicon)
}

/// The lines of a file as JSON, with their numbers from 1.
fn lines<T: DeserializeOwned>(file: &Path) -> Result<Vec<(usize, T)>> {
    let text = text_of(file)?;
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| match serde_json::from_str(line) {
            Ok(value) => Ok((index + 1, value)),
            Err(error) => Err(at(file, index + 1, &error.to_string())),
        })
        .collect()
}

fn text_of(file: &Path) -> Result<String> {
    std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))
}

fn at(file: &Path, line: usize, what: &str) -> String {
    format!("{}:{line}: {what}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_known_by_its_family() {
        for (source, name) in [
            ("arena-hard-v2.0 (hard_prompt)", "arena-hard"),
            ("arena-hard-v0.1", "arena-hard"),
            ("flan-templates+xsum", "flan-templates"),
            ("openassistant/en_100 (hand-labelled)", "openassistant"),
            ("nq-open", "nq-open"),
        ] {
            assert_eq!(family(source), name);
        }
    }

    #[test]
    fn a_broken_line_is_named_with_its_place() {
        let file =
            std::env::temp_dir().join(format!("interline-corpus-{}.jsonl", std::process::id()));
        for (text, part) in [
            (
                "{\"prompt\":\"a\",\"task\":\"chat\"}\n\n{\"prompt\"",
                "jsonl:3: EOF",
            ),
            (
                "{\"prompt\":\"a\",\"task\":\"chit\"}",
                "jsonl:1: unknown task `chit`",
            ),
        ] {
            std::fs::write(&file, text).expect("written");
            let error = labelled(&file, Origin::Own).expect_err("broken");
            assert!(error.contains(part), "{error}");
        }
        std::fs::remove_file(&file).expect("removed");
    }
}
