//! The server process: starting it, waiting until it answers, stopping it, and dealing with one that a killed
//! Countersign has left behind.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::sleep;

use super::account::Account;
use super::binaries::Binaries;
use super::initdb::clean_command;
use super::layout::Layout;
use super::{ClusterError, PORT};

/// Crash recovery of a large database may take its time; as long as the process lives it is getting there.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// How long a fast stop may take (it writes a checkpoint) before the immediate one.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);
const KILLED_WITHIN: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(5);
/// The log is put aside once when it has grown past this.
const LOG_LIMIT: u64 = 10 << 20;

/// What every cluster of ours runs with; settings live here and not in `postgresql.conf`, so that an old data
/// directory gets the new ones.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "shared_buffers=128MB",
    // Room for the places of a frequent word in a million actions: what does not fit is looked at row by row.
    "work_mem=16MB",
    // Plans here are short; compiling them costs more than it gives.
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_destination=stderr",
    "logging_collector=off",
    // Errors of statements reach the engine and are told there; the details of a failing row are nobody's to log.
    "log_min_messages=log",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "log_checkpoints=off",
];

/// For data that nobody will miss.
const THROW_AWAY: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
];

/// A server process of ours. Dropped without [`Postmaster::stop`] it is told to stop, but not waited for.
#[derive(Debug)]
pub(super) struct Postmaster {
    child: Child,
    binaries: Binaries,
    account: Account,
    throw_away: bool,
}

impl Postmaster {
    pub(super) async fn start(
        layout: &Layout,
        binaries: Binaries,
        account: Account,
        throw_away: bool,
    ) -> Result<Self, ClusterError> {
        let child = launch(layout, &binaries, &account, throw_away).await?;
        Ok(Self { child, binaries, account, throw_away })
    }

    pub(super) async fn restart(&mut self, layout: &Layout) -> Result<(), ClusterError> {
        self.child = launch(layout, &self.binaries, &self.account, self.throw_away).await?;
        Ok(())
    }

    pub(super) async fn exited(&mut self) -> Option<ExitStatus> {
        self.child.wait().await.ok()
    }

    /// Fast stop: sessions are ended, what is committed is written. If that hangs, the immediate stop, after
    /// which the next start recovers.
    pub(super) async fn stop(&mut self) -> Result<(), ClusterError> {
        let Some(pid) = self.pid() else { return Ok(()) };
        for (signal, patience) in [(Signal::SIGINT, STOPPED_WITHIN), (Signal::SIGQUIT, KILLED_WITHIN)] {
            let _ = kill(pid, signal);
            if tokio::time::timeout(patience, self.child.wait()).await.is_ok() {
                return Ok(());
            }
        }
        Err(ClusterError::NotStopped { pid: pid.as_raw() })
    }

    fn pid(&self) -> Option<Pid> {
        self.child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw)
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = kill(pid, Signal::SIGINT);
        }
    }
}

/// Starts the process and waits until it takes connections.
async fn launch(
    layout: &Layout,
    binaries: &Binaries,
    account: &Account,
    throw_away: bool,
) -> Result<Child, ClusterError> {
    let mut attempts = 0;
    loop {
        let (log, from) = open_log(layout)?;
        let mut child = spawn(layout, binaries, account, throw_away, &log)?;
        let started = Instant::now();
        let ended = loop {
            if PidFile::read(layout).is_some_and(|file| file.ready && child.id() == u32::try_from(file.pid).ok()) {
                return Ok(child);
            }
            if let Ok(Some(status)) = child.try_wait() {
                break status;
            }
            if started.elapsed() > READY_WITHIN {
                let _ = child.start_kill();
                return Err(ClusterError::NotReady { seconds: READY_WITHIN.as_secs(), log: layout.log.clone() });
            }
            sleep(STEP).await;
        };
        let said = read_from(&log, from);
        // After a crash of the server process its sessions take a moment to notice.
        attempts += 1;
        if said.contains("shared memory block") && attempts < 25 {
            sleep(Duration::from_millis(200)).await;
            continue;
        }
        let said = if said.is_empty() { ended.to_string() } else { said };
        return Err(ClusterError::NotStarted { said, log: layout.log.clone() });
    }
}

fn spawn(
    layout: &Layout,
    binaries: &Binaries,
    account: &Account,
    throw_away: bool,
    log: &File,
) -> Result<Child, ClusterError> {
    let program = binaries.program("postgres");
    let log = log.try_clone().map_err(ClusterError::io("opening PostgreSQL's log", &layout.log))?;
    let mut command = clean_command(&program);
    command.arg("-D").arg(&layout.cluster).arg("-k").arg(&layout.socket_dir).args(["-p", &PORT.to_string()]);
    let more = if throw_away { THROW_AWAY } else { &[] };
    for setting in SETTINGS.iter().chain(more) {
        command.args(["-c", setting]);
    }
    account.run(&mut command);
    command
        .stdout(Stdio::null())
        .stderr(log)
        // Ctrl-C in a terminal goes to the whole process group; we stop PostgreSQL ourselves, last.
        .process_group(0)
        .spawn()
        .map_err(ClusterError::io("starting PostgreSQL", &program))
}

/// The log, and how long it is already.
fn open_log(layout: &Layout) -> Result<(File, u64), ClusterError> {
    let path = &layout.log;
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > LOG_LIMIT) {
        std::fs::rename(path, path.with_extension("log.old"))
            .map_err(ClusterError::io("putting the log aside", path))?;
    }
    let log = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(ClusterError::io("opening PostgreSQL's log", path))?;
    let length = log.metadata().map_err(ClusterError::io("reading PostgreSQL's log", path))?.len();
    Ok((log, length))
}

/// What PostgreSQL has said since `from`, on one line.
fn read_from(log: &File, from: u64) -> String {
    let mut bytes = vec![0; 4096];
    let length = log.read_at(&mut bytes, from).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).trim().replace('\n', "; ")
}

/// What `postmaster.pid` says. PostgreSQL writes one fact per line.
struct PidFile {
    pid: i32,
    socket_dir: PathBuf,
    ready: bool,
}

impl PidFile {
    fn read(layout: &Layout) -> Option<Self> {
        let text = std::fs::read_to_string(layout.cluster.join("postmaster.pid")).ok()?;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        Some(Self {
            pid: lines.first()?.parse().ok()?,
            socket_dir: lines.get(4).copied().unwrap_or_default().into(),
            ready: lines.get(7) == Some(&"ready"),
        })
    }
}

/// Waits until the cluster that another process runs takes connections, and learns where.
pub(super) async fn wait_for_ready(layout: &Layout, patience: Duration) -> Result<Layout, ClusterError> {
    let started = Instant::now();
    loop {
        if let Some(file) = PidFile::read(layout)
            && file.ready
            && is_alive(file.pid)
        {
            return Ok(Layout { socket_dir: file.socket_dir, ..layout.clone() });
        }
        if started.elapsed() > patience {
            return Err(ClusterError::NotReady { seconds: patience.as_secs(), log: layout.log.clone() });
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Deals with the server process of a Countersign that was killed. We hold the lock, so nobody needs it any more.
pub(super) async fn settle_leftover(layout: &Layout) -> Result<(), ClusterError> {
    let Some(PidFile { pid, .. }) = PidFile::read(layout) else { return Ok(()) };
    if !is_alive(pid) {
        // PostgreSQL recognises such a file itself.
        return Ok(());
    }
    if !works_in(pid, layout) {
        // Another program got the number since; PostgreSQL would take it for a server and refuse.
        let path = layout.cluster.join("postmaster.pid");
        return std::fs::remove_file(&path).map_err(ClusterError::io("removing a stale pid file", &path));
    }
    tracing::info!(pid, "stopping the PostgreSQL that an earlier Countersign left running");
    for (signal, patience) in [(Signal::SIGINT, STOPPED_WITHIN), (Signal::SIGQUIT, KILLED_WITHIN)] {
        let _ = kill(Pid::from_raw(pid), signal);
        let started = Instant::now();
        while started.elapsed() < patience {
            if !is_alive(pid) {
                return Ok(());
            }
            sleep(STEP).await;
        }
    }
    Err(ClusterError::NotStopped { pid })
}

fn is_alive(pid: i32) -> bool {
    // Signal 0 asks whether the process is there; not being allowed to signal it means that it is.
    pid > 0 && kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH)
}

/// Whether the process is a server of this cluster: a server's working directory is its cluster. Where the
/// system does not tell (it has no /proc), the pid file is believed.
fn works_in(pid: i32, layout: &Layout) -> bool {
    match std::fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(directory) => directory == layout.cluster,
        Err(_) => !std::path::Path::new("/proc/self").exists(),
    }
}
