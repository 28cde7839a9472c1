//! The gateway as a process: started over a configuration file, signalled, watched through `/proc`.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::caller::Caller;

/// How long the gateway may take to start: far more than it needs, because a machine may be busy.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A gateway that runs; it is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) caller: Caller,
    pub(super) config: ConfigFile,
    child: Child,
    pid: u32,
    log: Arc<Mutex<Vec<String>>>,
}

/// How to start one.
#[derive(Clone, Debug)]
pub(super) struct Start {
    binary: PathBuf,
    /// Most file descriptors; what the shell allows where `None`.
    descriptors: Option<u32>,
}

impl Start {
    pub(super) fn of(binary: &Path) -> Self {
        Self {
            binary: binary.to_owned(),
            descriptors: None,
        }
    }

    pub(super) const fn with_descriptors(mut self, most: u32) -> Self {
        self.descriptors = Some(most);
        self
    }

    /// Starts one over what `config` says, on a free port, and waits until it serves.
    pub(super) async fn run(&self, config: &str) -> Gateway {
        self.run_on(free_port(), config).await
    }

    /// The same on a port that is known.
    pub(super) async fn run_on(&self, address: SocketAddr, config: &str) -> Gateway {
        let file = ConfigFile::write(address, config);
        let mut command = match self.descriptors {
            None => Command::new(&self.binary),
            Some(most) => {
                let mut shell = Command::new("sh");
                shell
                    .args(["-c", &format!("ulimit -n {most}; exec \"$@\""), "sh"])
                    .arg(&self.binary);
                shell
            }
        };
        let mut child = command
            .args(["serve", "--config"])
            .arg(&file.path)
            .env("NO_COLOR", "1")
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the gateway starts");
        let pid = child.id().expect("it was not waited for");
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let said = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                said.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        let gateway = Gateway {
            caller: Caller::new(address),
            config: file,
            child,
            pid,
            log,
        };
        gateway.is_up().await;
        gateway
    }
}

impl Gateway {
    /// Waits until it accepts connections.
    async fn is_up(&self) {
        let begun = Instant::now();
        while TcpStream::connect(self.caller.address).await.is_err() {
            assert!(
                begun.elapsed() < START_LIMIT,
                "the gateway does not listen; it said: {:?}",
                self.said("")
            );
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(super) async fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.pid.to_string())
            .status()
            .await;
        assert!(sent.expect("kill is there").success(), "SIG{name}");
    }

    /// How the process ended, within `limit`.
    pub(super) async fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        timeout(limit, self.child.wait()).await.ok()?.ok()
    }

    /// The lines of its log that contain `words`.
    pub(super) fn said(&self, words: &str) -> Vec<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter()
            .filter(|line| line.contains(words))
            .cloned()
            .collect()
    }

    /// Its resident memory in MiB.
    pub(super) fn memory(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
        kib.expect("/proc tells a process's memory") / 1024.0
    }

    /// Its open file descriptors.
    pub(super) fn descriptors(&self) -> usize {
        let folder = std::fs::read_dir(format!("/proc/{}/fd", self.pid));
        folder.expect("/proc tells a process's files").count()
    }

    /// The processor time that it has used.
    pub(super) fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        // The name in brackets may hold spaces; user and system time are the 12th and 13th field behind it.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok());
        // A tick is a hundredth of a second on every Linux that Rust runs on.
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.pid)).unwrap_or_default()
    }
}

/// A configuration file that goes with its gateway.
#[derive(Debug)]
pub(super) struct ConfigFile {
    path: PathBuf,
    listen: SocketAddr,
}

impl ConfigFile {
    fn write(listen: SocketAddr, text: &str) -> Self {
        static FILES: AtomicU64 = AtomicU64::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("interline-chaos-{}-{number}.yaml", std::process::id());
        let file = Self {
            path: std::env::temp_dir().join(name),
            listen,
        };
        file.replace(text);
        file
    }

    /// Puts another text in its place, at once, as careful deployments do.
    pub(super) fn replace(&self, text: &str) {
        let new = self.path.with_extension("new");
        let text = format!("version: 1\nlisten: {}\n{text}", self.listen);
        std::fs::write(&new, text).expect("the folder for temporary files can be written");
        std::fs::rename(&new, &self.path).expect("a file can be renamed");
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        // A file that stays behind harms nobody.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A port that nobody has. Whoever takes it meanwhile makes the start fail, loudly.
pub(super) fn free_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound port has an address")
}
