//! Running other programs: with their output passed through, or watched line by line.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};

use owo_colors::OwoColorize;

use crate::{Result, screen};

/// Lines in flight between the readers and the watcher; a slow terminal holds the program back, not the memory.
/// Chosen, not measured.
const LINES_IN_FLIGHT: usize = 256;

/// Where a watched line came from, and so where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Output,
    Error,
}

/// Whether a watched line is passed on to the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Yes,
    No,
}

/// Runs a command whose output goes straight to this process's streams, progress bars included.
///
/// `true` means that it exited with 0.
pub(crate) fn through(command: &mut Command) -> Result<bool> {
    announce(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| cannot_start(command, &error))?;
    Ok(status.success())
}

/// Runs a command and shows each line that `observe` lets through.
pub(crate) fn watched(
    command: &mut Command,
    mut observe: impl FnMut(Source, &str) -> Shown,
) -> Result<bool> {
    announce(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start(command, &error))?;
    let (sender, lines) = sync_channel(LINES_IN_FLIGHT);
    let output = child.stdout.take();
    let errors = child.stderr.take();
    std::thread::scope(|scope| {
        let other = sender.clone();
        scope.spawn(move || forward(output, Source::Output, &sender));
        scope.spawn(move || forward(errors, Source::Error, &other));
        for (source, line) in lines {
            match (observe(source, &line), source) {
                (Shown::No, _) => {}
                (Shown::Yes, Source::Output) => screen::say(&line),
                (Shown::Yes, Source::Error) => screen::complain(&line),
            }
        }
    });
    Ok(child.wait()?.success())
}

/// What a command writes to standard output, or `None` if it cannot be started or fails.
pub(crate) fn captured(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn forward(stream: Option<impl Read>, source: Source, lines: &SyncSender<(Source, String)>) {
    let Some(stream) = stream else { return };
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']).to_owned();
        if lines.send((source, text)).is_err() {
            return;
        }
        line.clear();
    }
}

fn announce(command: &Command) {
    let mut words = vec![short(command.get_program())];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    screen::say(&format!("{}", format!("$ {}", words.join(" ")).dimmed()));
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start {}: {error}", short(command.get_program()))
}

/// A program's name without its folder.
fn short(program: &std::ffi::OsStr) -> String {
    std::path::Path::new(program)
        .file_name()
        .unwrap_or(program)
        .to_string_lossy()
        .into_owned()
}
