//! A throw-away cluster goes away with the process that made it, even when that is killed: a small shell waits
//! for the end of a pipe whose other end only that process holds, then stops PostgreSQL and removes the files.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::ClusterError;

const SCRIPT: &str = r#"
trap '' HUP INT TERM
read -r done
[ "$done" = done ] && exit 0
pid=$(head -n 1 "$1/postgres/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
  kill -QUIT "$pid"
  for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
fi
rm -rf -- "$1"
"#;

/// The waiting shell.
#[derive(Debug)]
pub(super) struct Watchdog(Child);

impl Watchdog {
    /// Watches over the throw-away cluster in `data_dir`.
    pub(super) fn start(data_dir: &Path) -> Result<Self, ClusterError> {
        let child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "countersign-watchdog"])
            .arg(data_dir)
            .current_dir("/")
            // Its input stays open as long as we live and keep it; what we start does not inherit it.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(ClusterError::io("starting the watch over a throw-away database", "/bin/sh"))?;
        Ok(Self(child))
    }

    /// Removes the files of the cluster, which has stopped in an orderly way, and sends the shell home.
    pub(super) fn clean_up(mut self, data_dir: &Path) -> Result<(), ClusterError> {
        let removed = std::fs::remove_dir_all(data_dir);
        if let Some(mut input) = self.0.stdin.take() {
            let _ = io::Write::write_all(&mut input, b"done\n");
        }
        let _ = self.0.wait();
        removed.map_err(ClusterError::io("removing a throw-away database", data_dir))
    }
}
