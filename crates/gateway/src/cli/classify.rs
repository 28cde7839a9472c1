//! `interline classify`: says what prompts ask for, one JSON object a line.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal, Write};

use clap::Args;
use interline::classifier::{Embedded, Prompt};
use owo_colors::OwoColorize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::exit::Exit;

/// What `classify` takes.
#[derive(Debug, Args)]
#[command(long_about = "Say what prompts ask for.\n\n\
        Reads JSON Lines from standard input, {\"id\", \"prompt\"}, and writes one object for each: \
        {\"id\", \"task\", \"confidence\", \"complexity\", \"abstained\", \"micros\"}. \
        `task` is always the best guess; `abstained` says that a router would not act on it; \
        `micros` is the time the classification took, in microseconds.")]
pub(super) struct Arguments {}

/// Classifies what comes in.
pub(super) fn perform(_: &Arguments) -> Result<(), Exit> {
    let input = io::stdin().lock();
    if io::stdin().is_terminal() {
        anstream::eprintln!("reading {{\"id\", \"prompt\"}} lines from standard input");
    }
    let broken = classify(input, io::stdout().lock(), |line, what| {
        anstream::eprintln!("{} line {line}: {what}", "error:".red().bold());
    })?;
    match broken {
        0 => Ok(()),
        1 => Err(Exit::failed("1 line was not classified")),
        _ => Err(Exit::failed(format!("{broken} lines were not classified"))),
    }
}

/// Answers every line that can be read and tells `complain` of the others; returns how many those are.
fn classify(
    mut input: impl BufRead,
    mut output: impl Write,
    mut complain: impl FnMut(u64, &str),
) -> io::Result<u64> {
    let model = Embedded::standard();
    // The first run pays for memory that was never touched, which is no property of the first prompt.
    let _ = model.classification(&Prompt::of_text("warm up"));
    let (mut number, mut broken) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(broken);
        }
        number += 1;
        let text = match number {
            1 => line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line),
            _ => &line,
        };
        if text.trim_ascii().is_empty() {
            continue;
        }
        match answer(&model, text) {
            Ok(answer) => {
                output.write_all(answer.as_bytes())?;
                output.write_all(b"\n")?;
                output.flush()?;
            }
            Err(what) => {
                broken += 1;
                complain(number, &what);
            }
        }
    }
}

/// The answer to one line, or what is wrong with the line.
fn answer(model: &Embedded, line: &[u8]) -> Result<String, String> {
    // Ids are echoed as they are written, so that no number loses a digit.
    let fields: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(line).map_err(|error| format!("not a JSON object: {error}"))?;
    let prompt = fields.get("prompt").ok_or("`prompt` is missing")?.get();
    let prompt: String =
        serde_json::from_str(prompt).map_err(|_| "`prompt` is not a string".to_owned())?;
    let id = fields.get("id").map_or("null", |id| id.get());
    let start = Instant::now();
    let said = model.classification(&Prompt::of_text(&prompt));
    let micros = start.elapsed().as_secs_f64() * 1e6;
    // Names need no escapes, and written by hand the fields keep their order.
    Ok(format!(
        "{{\"id\":{id},\"task\":\"{}\",\"confidence\":{},\"complexity\":\"{}\",\"abstained\":{},\"micros\":{}}}",
        said.task.name(),
        rounded(said.confidence.into()),
        said.complexity.name(),
        said.is_abstained,
        rounded(micros),
    ))
}

/// Three decimals: more would be noise.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The answers, the complaints and how many lines were broken.
    fn run(input: &[u8]) -> (Vec<Value>, Vec<(u64, String)>, u64) {
        let (mut output, mut complaints) = (Vec::new(), Vec::new());
        let complain = |line, what: &str| complaints.push((line, what.to_owned()));
        let broken = classify(input, &mut output, complain).expect("memory does not fail");
        let text = String::from_utf8(output).expect("JSON");
        let answers = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        (answers.collect(), complaints, broken)
    }

    #[test]
    fn every_line_is_answered_with_its_id() {
        let (answers, complaints, broken) = run(
            b"{\"id\":\"a\",\"prompt\":\"Translate to French: good morning\"}\n\
              {\"prompt\":\"\",\"id\":[1,{\"x\":null}]}\r\n\n\
              {\"prompt\":\"hi\"}",
        );
        assert_eq!((complaints.len(), broken), (0, 0));
        let ids: Vec<_> = answers.iter().map(|answer| answer["id"].clone()).collect();
        assert_eq!(ids, [json!("a"), json!([1, {"x": null}]), Value::Null]);
        assert_eq!(answers[0]["task"], "translation");
        assert_eq!(answers[1]["abstained"], true);
        for answer in &answers {
            let confidence = answer["confidence"].as_f64().expect("a number");
            assert!((0.0..=1.0).contains(&confidence));
            assert!(answer["micros"].as_f64().expect("a number") >= 0.0);
            assert!(answer["complexity"].is_string());
        }
    }

    #[test]
    fn an_id_keeps_every_digit() {
        let mut output = Vec::new();
        let line = b"{\"id\":12345678901234567890123.50,\"prompt\":\"hi\"}";
        classify(&line[..], &mut output, |_, _| ()).expect("memory does not fail");
        assert!(output.starts_with(b"{\"id\":12345678901234567890123.50,"));
    }

    #[test]
    fn a_broken_line_is_named_and_the_others_are_answered() {
        let (answers, complaints, broken) = run(
            b"{\"id\":1,\"prompt\":\"hi\"}\nnonsense\n{\"id\":3}\n{\"id\":4,\"prompt\":7}\n\xff\xfe\n{\"id\":6,\"prompt\":\"bye\"}\n",
        );
        assert_eq!(answers.len(), 2);
        assert_eq!(broken, 4);
        let lines: Vec<_> = complaints.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
        assert_eq!(complaints[1].1, "`prompt` is missing");
        assert_eq!(complaints[2].1, "`prompt` is not a string");
    }

    #[test]
    fn each_answer_is_flushed_before_the_next_line_is_read() {
        /// Counts what was flushed.
        struct Watched(u32);
        impl Write for Watched {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                self.0 += 1;
                Ok(())
            }
        }
        let mut output = Watched(0);
        let input = b"{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n";
        classify(&input[..], &mut output, |_, _| ()).expect("memory does not fail");
        assert_eq!(output.0, 2);
    }

    #[test]
    fn a_huge_prompt_is_classified() {
        let line = json!({"id": 1, "prompt": "word ".repeat(400_000)}).to_string();
        let (answers, _, broken) = run(line.as_bytes());
        assert_eq!(
            (answers[0]["task"].as_str(), broken),
            (Some("long_document"), 0)
        );
    }
}
