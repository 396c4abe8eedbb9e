//! An upstream that is started here: one message to a line, on its standard input and output. It lives as long as the link to
//! it, and all that it started ends with it.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::json::Json;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::message::{Answer, Fault, Incoming, read, reply, request};
use crate::config::Program;

/// How long it has to end by itself, and then again until it is ended.
const GRACE: Duration = Duration::from_secs(2);
/// The longest line that is read, in bytes: beyond it the upstream has lost its mind.
const LONGEST_LINE: usize = 16 << 20;

/// Who waits for an answer.
struct Waiting {
    answer: oneshot::Sender<Answer>,
    progress: Option<mpsc::UnboundedSender<Json>>,
}

/// A running upstream.
pub(super) struct Process {
    lines: mpsc::UnboundedSender<String>,
    waiting: Arc<Mutex<HashMap<i64, Waiting>>>,
    next: AtomicI64,
    /// Cancelled when it has ended, for whatever reason.
    pub(super) ended: CancellationToken,
    /// Cancelled when it is to end.
    stop: CancellationToken,
    /// Woken when its list of tools has changed.
    pub(super) changed: Arc<Notify>,
}

impl Process {
    /// Starts the program.
    pub(super) fn start(upstream: &str, program: &Program) -> Result<Self, Fault> {
        let path = &program.path;
        let mut command = Command::new(path);
        command.args(&program.arguments).env_clear().envs(&program.environment).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(directory) = &program.directory {
            command.current_dir(directory);
        }
        let mut child =
            command.spawn().map_err(|error| Fault::NotSent(format!("{path} cannot be started: {error}")))?;
        let (lines, to_write) = mpsc::unbounded_channel();
        let process = Self {
            lines,
            waiting: Arc::default(),
            next: AtomicI64::new(1),
            ended: CancellationToken::new(),
            stop: CancellationToken::new(),
            changed: Arc::new(Notify::new()),
        };
        let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Fault::NotSent(format!("{path} has no standard input and output")));
        };
        tokio::spawn(tell(upstream.to_owned(), errors));
        tokio::spawn(write(input, to_write, process.stop.clone()));
        let reader =
            Reader { waiting: process.waiting.clone(), lines: process.lines.clone(), changed: process.changed.clone() };
        tokio::spawn(live(child, reader, output, process.stop.clone(), process.ended.clone()));
        Ok(process)
    }

    /// Asks, and waits for the answer.
    pub(super) async fn request(
        &self,
        method: &str,
        params: impl FnOnce(i64) -> Json,
        progress: Option<mpsc::UnboundedSender<Json>>,
        within: Duration,
    ) -> Answer {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.lock().insert(id, Waiting { answer, progress });
        if self.ended.is_cancelled() || self.lines.send(request(id, method, params(id))).is_err() {
            self.lock().remove(&id);
            return Err(Fault::NotSent("the upstream has ended".to_owned()));
        }
        let outcome = tokio::select! {
            biased;
            answer = timeout(within, answered) => match answer {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => Err(Fault::Lost("The upstream ended before it answered.".to_owned())),
                Err(_) => Err(Fault::Lost(format!("The upstream did not answer within {} s.", within.as_secs()))),
            },
            () = self.ended.cancelled() => Err(Fault::Lost("The upstream ended before it answered.".to_owned())),
        };
        self.lock().remove(&id);
        outcome
    }

    pub(super) fn notify(&self, line: String) {
        // One that has ended needs no telling.
        let _ = self.lines.send(line);
    }

    /// Ends it, and waits until it has.
    pub(super) async fn end(&self) {
        self.stop.cancel();
        self.ended.cancelled().await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i64, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn write(mut input: ChildStdin, mut lines: mpsc::UnboundedReceiver<String>, stop: CancellationToken) {
    while let Some(Some(mut line)) = stop.run_until_cancelled(lines.recv()).await {
        line.push('\n');
        if input.write_all(line.as_bytes()).await.is_err() || input.flush().await.is_err() {
            return;
        }
    }
}

/// What it says beside its messages is for whoever runs it.
async fn tell(upstream: String, errors: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(errors).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let line = domain::redaction::mask_text(&line);
        tracing::debug!(upstream, line, "an upstream says");
    }
}

/// Reads until it ends or is to end, and leaves nothing of it behind.
async fn live(
    mut child: Child,
    reader: Reader,
    output: ChildStdout,
    stop: CancellationToken,
    ended: CancellationToken,
) {
    let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
    stop.run_until_cancelled(reader.read(output)).await;
    // Its standard input closes with the writer: that is how it is asked to go.
    stop.cancel();
    if timeout(GRACE, child.wait()).await.is_err() {
        signal(group, Signal::SIGTERM);
        let _ = timeout(GRACE, child.wait()).await;
    }
    signal(group, Signal::SIGKILL);
    let _ = child.wait().await;
    reader.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    ended.cancel();
}

/// To all that it started. A group that is gone already needs none.
fn signal(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        let _ = killpg(group, signal);
    }
}

struct Reader {
    waiting: Arc<Mutex<HashMap<i64, Waiting>>>,
    lines: mpsc::UnboundedSender<String>,
    changed: Arc<Notify>,
}

impl Reader {
    async fn read(&self, output: ChildStdout) {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        loop {
            line.clear();
            match read_line(&mut output, &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            // Some print to where only messages belong.
            if let Ok(message) = Json::parse(line.trim_ascii())
                && let Some(incoming) = read(&message)
            {
                self.take(incoming);
            }
        }
    }

    fn take(&self, incoming: Incoming) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match incoming {
            Incoming::Answer(id, answer) => {
                if let Some(waits) = waiting.remove(&id) {
                    let _ = waits.answer.send(answer);
                }
            }
            Incoming::Request { id, method } => {
                let _ = self.lines.send(reply(id, &method));
            }
            Incoming::Notification { method, .. } if method == "notifications/tools/list_changed" => {
                self.changed.notify_one();
            }
            Incoming::Notification { method, params } if method == "notifications/progress" => {
                let token = params.get("progressToken").and_then(Json::as_i64);
                let waits = token.and_then(|token| waiting.get(&token));
                if let Some(progress) = waits.and_then(|waits| waits.progress.as_ref()) {
                    let _ = progress.send(params);
                }
            }
            Incoming::Notification { .. } => {}
        }
    }
}

/// A line of no more than [`LONGEST_LINE`].
async fn read_line(output: &mut BufReader<ChildStdout>, line: &mut Vec<u8>) -> std::io::Result<usize> {
    use tokio::io::AsyncReadExt;
    let read = (&mut *output).take(LONGEST_LINE as u64).read_until(b'\n', line).await?;
    if read == LONGEST_LINE {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    Ok(read)
}
