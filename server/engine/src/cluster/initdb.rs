//! Making a cluster where there is none. It is made beside its place and moved there when it is whole, so a
//! crash in between leaves nothing that looks like a cluster.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tokio::process::Command;

use super::account::Account;
use super::binaries::Binaries;
use super::layout::Layout;
use super::{ClusterError, SUPERUSER};

/// Sorted by code point either way; the second knows upper and lower case of ASCII only, and exists everywhere.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

pub(super) async fn make_cluster(
    layout: &Layout,
    binaries: &Binaries,
    account: &Account,
    throw_away: bool,
) -> Result<(), ClusterError> {
    if layout.cluster.exists() {
        return Ok(());
    }
    let unfinished = layout.data_dir.join("postgres.unfinished");
    let mut said = String::new();
    for locale in LOCALES {
        make_empty(&unfinished, account)?;
        match run_initdb(&unfinished, binaries, account, locale, throw_away).await? {
            None => {
                return std::fs::rename(&unfinished, &layout.cluster)
                    .map_err(ClusterError::io("putting the new database in its place", &layout.cluster));
            }
            Some(output) => said = output,
        }
    }
    Err(ClusterError::Initdb { cluster: layout.cluster.clone(), output: said })
}

fn make_empty(directory: &Path, account: &Account) -> Result<(), ClusterError> {
    if directory.exists() {
        std::fs::remove_dir_all(directory).map_err(ClusterError::io("removing an unfinished database", directory))?;
    }
    DirBuilder::new()
        .mode(0o700)
        .create(directory)
        .map_err(ClusterError::io("making the database's directory", directory))?;
    account.give(directory).map_err(ClusterError::io("giving the database's directory to PostgreSQL's user", directory))
}

/// What initdb complained of, if it did.
async fn run_initdb(
    directory: &Path,
    binaries: &Binaries,
    account: &Account,
    locale: &str,
    throw_away: bool,
) -> Result<Option<String>, ClusterError> {
    let program = binaries.program("initdb");
    let mut command = clean_command(&program);
    command
        .arg("--pgdata")
        .arg(directory)
        .args(["--username", SUPERUSER, "--encoding", "UTF8", "--locale", locale])
        // Whoever can enter the socket's directory is us; nobody comes over TCP.
        .args(["--auth-local", "trust", "--auth-host", "reject"]);
    if throw_away {
        command.arg("--no-sync");
    }
    account.run(&mut command);
    let output = command.output().await.map_err(ClusterError::io("running initdb", &program))?;
    if output.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    Ok(Some(if said.is_empty() { output.status.to_string() } else { said }))
}

/// A command that inherits neither our secrets nor somebody's `PG*` settings, in a directory that every user can be in.
pub(super) fn clean_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir("/").stdin(std::process::Stdio::null());
    for kept in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}
