//! Tasks that live in another package's binary, because they need the workspace's code.
//!
//! [`start`] is the one place that says which binary that is: to move a task, change its [`Home`].

use std::path::{Path, PathBuf};

use clap::Args;

use crate::workspace::Workspace;
use crate::{Result, Verdict, run};

/// Where the recorded vendor traffic lies, seen from the workspace's root.
pub(crate) const WIRE_CASES: &str = "../shared/fixtures/wire";

/// The package and the binary that hold a task.
struct Home {
    package: &'static str,
    binary: &'static str,
}

const WIRE: Home = Home {
    package: "interline-tests",
    binary: "wire",
};

const FUZZ: Home = Home {
    package: "interline-tests",
    binary: "fuzz",
};

const VENDORS: Home = Home {
    package: "interline-tests",
    binary: "vendors",
};

const CHAOS: Home = Home {
    package: "interline-tests",
    binary: "chaos",
};

const BENCH: Home = Home {
    package: "interline-tests",
    binary: "bench",
};

const TRAINER: Home = Home {
    package: "interline-trainer",
    binary: "train-classifier",
};

const CHAOS_PROXY: Home = Home {
    package: "interline-tests",
    binary: "chaos-proxy",
};

/// What `cargo xtask chaos` understands: the task's own command line says it, with `--help`.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct ChaosOptions {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<String>,
}

impl ChaosOptions {
    /// The few minutes that a test suite can spare.
    pub(crate) fn smoke() -> Self {
        Self {
            arguments: vec!["--smoke".to_owned()],
        }
    }
}

/// Breaks vendors on purpose and checks what comes of it.
pub(crate) fn chaos(
    workspace: &Workspace,
    options: &ChaosOptions,
    launch: Launch,
) -> Result<Verdict> {
    let (home, told) = match options.arguments.split_first() {
        Some((first, rest)) if first == "proxy" => (&CHAOS_PROXY, rest),
        _ => (&CHAOS, options.arguments.as_slice()),
    };
    start(workspace, home, launch, &from_where_the_user_stands(told))
}

/// What `cargo xtask bench` understands: the task's own command line says it, with `--help`.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct BenchOptions {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<String>,
}

/// Measures what decisions cost.
pub(crate) fn bench(
    workspace: &Workspace,
    options: &BenchOptions,
    launch: Launch,
) -> Result<Verdict> {
    start(
        workspace,
        &BENCH,
        launch,
        &from_where_the_user_stands(&options.arguments),
    )
}

/// What `cargo xtask train-classifier` understands: the task's own command line says it, with `--help`.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct TrainOptions {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<String>,
}

/// Fits the classifier that is compiled in.
pub(crate) fn train_classifier(
    workspace: &Workspace,
    options: &TrainOptions,
    launch: Launch,
) -> Result<Verdict> {
    start(
        workspace,
        &TRAINER,
        launch,
        &from_where_the_user_stands(&options.arguments),
    )
}

/// The task runs at the workspace's root; files are named from where the user stands.
fn from_where_the_user_stands(told: &[String]) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut is_file = false;
    for argument in told {
        let path = std::path::absolute(argument).ok().filter(|_| is_file);
        is_file = matches!(
            argument.as_str(),
            "--json" | "--markdown" | "--html" | "--plan" | "--data"
        );
        arguments.push(path.map_or_else(|| argument.clone(), |path| path.display().to_string()));
    }
    arguments
}

/// What `cargo xtask wire` understands.
#[derive(Debug, Default, Args)]
pub(crate) struct WireOptions {
    /// Folder with the recorded cases, one folder per vendor
    #[arg(long, value_name = "DIR", default_value = WIRE_CASES)]
    cases: PathBuf,
    /// Only this vendor's cases; may be given several times
    #[arg(long, value_name = "P")]
    provider: Vec<String>,
}

impl WireOptions {
    /// Every vendor's cases in the usual folder.
    pub(crate) fn everything() -> Self {
        Self {
            cases: PathBuf::from(WIRE_CASES),
            provider: Vec::new(),
        }
    }

    /// The folder as seen from the workspace's root, which is where the task runs.
    pub(crate) fn folder(&self, workspace: &Workspace) -> PathBuf {
        if self.cases.as_path() == Path::new(WIRE_CASES) {
            return workspace.root().join(&self.cases);
        }
        // A folder that the user names is relative to where the user stands.
        std::path::absolute(&self.cases).unwrap_or_else(|_| self.cases.clone())
    }
}

/// What `cargo xtask fuzz` understands.
#[derive(Debug, Args)]
pub(crate) struct FuzzOptions {
    /// How long to mutate for each target, in seconds
    #[arg(long, value_name = "N", default_value_t = 20.0)]
    seconds: f64,
    /// Only this target; may be given several times
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
    /// List the targets and what each promises
    #[arg(long)]
    list: bool,
    /// Run this one input instead of mutating; needs one --target
    #[arg(long, value_name = "FILE", requires = "target")]
    input: Option<PathBuf>,
    /// Seed of the mutations; the same seed gives the same inputs
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

impl FuzzOptions {
    /// Every target, for as long as a test suite can spare: every seed, and a moment of mutations.
    pub(crate) fn smoke() -> Self {
        Self {
            seconds: 0.15,
            target: Vec::new(),
            list: false,
            input: None,
            seed: 1,
        }
    }
}

/// Feeds mutated input to every reader of foreign bytes.
pub(crate) fn fuzz(
    workspace: &Workspace,
    options: &FuzzOptions,
    launch: Launch,
) -> Result<Verdict> {
    let mut arguments = vec![
        "--seconds".to_owned(),
        options.seconds.to_string(),
        "--seed".to_owned(),
        options.seed.to_string(),
    ];
    for target in &options.target {
        arguments.extend(["--target".to_owned(), target.clone()]);
    }
    if options.list {
        arguments.push("--list".to_owned());
    }
    if let Some(file) = &options.input {
        // The task runs at the workspace's root; the file is named from where the user stands.
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        arguments.extend(["--input".to_owned(), file.display().to_string()]);
    }
    let cases = WireOptions::everything().folder(workspace);
    if cases.is_dir() {
        arguments.extend(["--cases".to_owned(), cases.display().to_string()]);
    }
    start(workspace, &FUZZ, launch, &arguments)
}

/// What `cargo xtask vendors` understands.
#[derive(Debug, Args)]
pub(crate) struct VendorsOptions {
    /// Write nothing; fail where docs/vendors.md is stale
    #[arg(long)]
    check: bool,
}

/// Writes the page about vendors, or checks it.
pub(crate) fn vendors(
    workspace: &Workspace,
    options: &VendorsOptions,
    launch: Launch,
) -> Result<Verdict> {
    let check = options.check.then(|| "--check".to_owned());
    let arguments: Vec<String> = check.into_iter().collect();
    start(workspace, &VENDORS, launch, &arguments)
}

/// How a task's binary is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Launch {
    /// Built first if it is not fresh, with the features of its own package only.
    Cargo,
    /// The same, optimised: for tasks that compute for minutes otherwise.
    Optimised,
    /// As the whole workspace was just built, which `cargo run` would not reuse: it resolves other features.
    Built,
}

/// Runs the recorded traffic through the providers.
pub(crate) fn wire(
    workspace: &Workspace,
    options: &WireOptions,
    launch: Launch,
) -> Result<Verdict> {
    let folder = options.folder(workspace);
    if !folder.is_dir() {
        return Err(format!(
            "no recorded cases at {}: name the folder that holds them with --cases DIR",
            folder.display()
        )
        .into());
    }
    let mut arguments = vec!["--cases".to_owned(), folder.display().to_string()];
    for provider in &options.provider {
        arguments.extend(["--provider".to_owned(), provider.clone()]);
    }
    start(workspace, &WIRE, launch, &arguments)
}

/// Starts a task's binary with the given arguments.
fn start(
    workspace: &Workspace,
    home: &Home,
    launch: Launch,
    arguments: &[String],
) -> Result<Verdict> {
    let Home { package, binary } = home;
    let mut command = match launch {
        Launch::Cargo | Launch::Optimised => {
            let mut command = workspace.cargo(["run", "--quiet", "--package", package]);
            if launch == Launch::Optimised {
                command.arg("--release");
            }
            command.args(["--bin", binary, "--"]);
            command
        }
        Launch::Built => {
            let name = format!("{binary}{}", std::env::consts::EXE_SUFFIX);
            workspace.program(workspace.binaries()?.join(name))
        }
    };
    command.args(arguments);
    Ok(if run::through(&mut command)? {
        Verdict::Passed
    } else {
        Verdict::Failed
    })
}
