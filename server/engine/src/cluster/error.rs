//! Why there is no database, and what to do about it: every message names its remedy.

use std::io;
use std::path::PathBuf;

/// Why the private PostgreSQL is not there.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(
        "PostgreSQL was not found (looked at {}). Install it (Debian, Ubuntu: `apt-get install postgresql`), name the directory \
         of its programs in COUNTERSIGN_PG_BIN, or use a server of your own with --database-url.",
        .looked_at.join(", ")
    )]
    NoBinaries { looked_at: Vec<String> },

    #[error("{} has no {missing}. Correct COUNTERSIGN_PG_BIN, or unset it to let Countersign look by itself.", .directory.display())]
    WrongBinaries { directory: PathBuf, missing: &'static str },

    #[error(
        "{} was made by PostgreSQL {made_by}, and only PostgreSQL {found} was found ({}). Install PostgreSQL {made_by} or name its \
         programs in COUNTERSIGN_PG_BIN; to move to {found}, dump with the old one and restore into a new --data-dir.",
        .cluster.display(), .binaries.display()
    )]
    WrongMajor { cluster: PathBuf, made_by: u32, found: u32, binaries: PathBuf },

    #[error("{} cannot be written. Give this user the right to, or choose another place with --data-dir.", .path.display())]
    NotWritable { path: PathBuf, source: io::Error },

    #[error(
        "PostgreSQL does not run as root, so it runs as the user {user}, and {} is closed to that user. Choose a --data-dir it can \
         reach, such as /var/lib/countersign, or start Countersign as an ordinary user.",
        .path.display()
    )]
    Closed { path: PathBuf, user: String },

    #[error(
        "PostgreSQL does not run as root, and there is no user `postgres` to run it as. Start Countersign as an ordinary user, or \
         create one: `useradd --system postgres`."
    )]
    NoUser,

    #[error("{} belongs to {owner}, and PostgreSQL must run as its owner. Start Countersign as that user.", .path.display())]
    WrongOwner { path: PathBuf, owner: String },

    #[error(
        "Another Countersign ({holder}) works in {}. Stop it first, or give this one a --data-dir of its own. Several servers can \
         share one database with --database-url.",
        .directory.display()
    )]
    Busy { directory: PathBuf, holder: String },

    #[error("{} is no place for PostgreSQL's socket, and neither is any other: the path must be shorter. Choose a shorter --data-dir.", .path.display())]
    NoSocket { path: PathBuf },

    #[error("initdb could not make a database in {}: {output}. The directory is as it was; mend the cause and start again.", .cluster.display())]
    Initdb { cluster: PathBuf, output: String },

    #[error("PostgreSQL did not start: {said}. Its log is {}.", .log.display())]
    NotStarted { said: String, log: PathBuf },

    #[error("PostgreSQL is still not ready after {seconds} s. Its log is {}; start again to give it more time.", .log.display())]
    NotReady { seconds: u64, log: PathBuf },

    #[error(
        "PostgreSQL (process {pid}) does not stop. End it with `kill -QUIT {pid}`; nothing committed is lost by that."
    )]
    NotStopped { pid: i32 },

    #[error("{doing} failed ({}). Mend the cause and start again.", .path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },

    #[error(
        "The new database could not be set up. Start again; if it stays, look into postgres.log in the data directory."
    )]
    Database(#[from] sqlx::Error),
}

impl ClusterError {
    /// For `map_err`: names what was being done, and a lack of rights as such.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::NotWritable { path, source },
            _ => Self::Io { doing, path, source },
        }
    }
}
