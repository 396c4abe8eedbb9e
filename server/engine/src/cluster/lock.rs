//! One process at a time works in a data directory. The operating system lets the lock go when its holder
//! ends, however it ends; the file's text only tells the others who it is.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::ClusterError;

/// Who holds a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// A server: it stays, and others use its cluster.
    Server,
    /// A command: it is over in a moment, and others wait for it.
    Command,
}

impl Holder {
    const fn word(self) -> &'static str {
        match self {
            Self::Server => "serve",
            Self::Command => "command",
        }
    }
}

/// The right to start and stop the cluster.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of `data_dir`, waiting up to `patience` for commands that hold it.
    pub(super) async fn take(data_dir: &Path, holder: Holder, patience: Duration) -> Result<Self, ClusterError> {
        let path = data_dir.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(ClusterError::io("opening the lock", &path))?;
        let started = Instant::now();
        let mut seen_a_server = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(ClusterError::io("locking", &path)(error)),
            }
            let said = std::fs::read_to_string(&path).unwrap_or_default();
            let server = said.starts_with(Holder::Server.word());
            // A new holder writes its line after it has the lock, so the first reading may be of the one before.
            if (server && seen_a_server) || started.elapsed() > patience {
                let holder = if said.trim().is_empty() { "unknown process".to_owned() } else { said.trim().to_owned() };
                return Err(ClusterError::Busy { directory: data_dir.to_owned(), holder });
            }
            seen_a_server = server;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let line = format!("{}, process {}\n", holder.word(), std::process::id());
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(line.as_bytes()))
            .map_err(ClusterError::io("writing the lock", &path))?;
        Ok(Self { _file: file })
    }
}
