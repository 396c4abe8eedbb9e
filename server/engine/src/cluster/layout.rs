//! Where the cluster's files are, and that nobody else can get at them.

use std::fs::DirBuilder;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::Uid;
use sha2::{Digest, Sha256};

use super::account::Account;
use super::{ClusterError, PORT};

/// The cluster's directory inside the data directory.
pub(super) const CLUSTER: &str = "postgres";

/// The longest path of a Unix socket (`sun_path`, without its final NUL).
const SOCKET_PATH_LIMIT: usize = 107;

/// The places that belong to one cluster.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) data_dir: PathBuf,
    /// PostgreSQL's own data directory.
    pub(super) cluster: PathBuf,
    /// Where PostgreSQL listens. Only its user (and root) can enter: that is the whole authentication.
    pub(super) socket_dir: PathBuf,
    /// What PostgreSQL says.
    pub(super) log: PathBuf,
}

impl Layout {
    fn new(data_dir: &Path, socket_dir: PathBuf) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            cluster: data_dir.join(CLUSTER),
            socket_dir,
            log: data_dir.join("postgres.log"),
        }
    }

    /// Makes what is missing, for `account`.
    pub(super) fn prepare(data_dir: &Path, account: &Account) -> Result<Self, ClusterError> {
        let candidates = socket_dirs(data_dir);
        let socket_dir = candidates.iter().find(|directory| make_private(directory, account));
        let socket_dir = socket_dir.ok_or_else(|| ClusterError::NoSocket { path: candidates[0].clone() })?;
        Ok(Self::new(data_dir, socket_dir.clone()))
    }

    /// The places of a cluster that another process runs: its pid file says where it listens.
    pub(super) fn existing(data_dir: &Path) -> Result<Self, ClusterError> {
        let data_dir = data_dir.canonicalize().map_err(ClusterError::io("finding the data directory", data_dir))?;
        let first = socket_dirs(&data_dir).swap_remove(0);
        Ok(Self::new(&data_dir, first))
    }

    /// Takes away what lies outside the data directory, once PostgreSQL has stopped.
    pub(super) fn leave(&self) {
        if !self.socket_dir.starts_with(&self.data_dir) {
            // Not being able to is no harm: it is private and empty, and the next start finds it.
            let _ = std::fs::remove_dir(&self.socket_dir);
        }
    }
}

/// The version that the cluster in `data_dir` was made by, with the cluster's path; `None`: there is no cluster yet.
pub(super) fn major_version(data_dir: &Path) -> Option<(PathBuf, u32)> {
    let cluster = data_dir.join(CLUSTER);
    let version = std::fs::read_to_string(cluster.join("PG_VERSION")).ok()?;
    Some((cluster, version.trim().parse().ok()?))
}

/// Makes the data directory, and finds its real path.
pub(super) fn create_data_dir(data_dir: &Path) -> Result<PathBuf, ClusterError> {
    // Root's is passed through by PostgreSQL's user; whoever is not root runs PostgreSQL as himself.
    let mode = if Uid::effective().is_root() { 0o711 } else { 0o700 };
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(data_dir)
        .map_err(ClusterError::io("making the data directory", data_dir))?;
    data_dir.canonicalize().map_err(ClusterError::io("finding the data directory", data_dir))
}

/// Where the socket may be, best place first, all short enough for the operating system.
fn socket_dirs(data_dir: &Path) -> Vec<PathBuf> {
    let name = format!("countersign-{}", &hex::encode(Sha256::digest(data_dir.as_os_str().as_bytes()))[..16]);
    let runtime = if Uid::effective().is_root() { Some("/run".into()) } else { std::env::var_os("XDG_RUNTIME_DIR") };
    let shared = runtime.map(PathBuf::from).into_iter().chain([PathBuf::from("/tmp")]);
    let mut all: Vec<PathBuf> = shared.map(|directory| directory.join(&name)).collect();
    all.insert(0, data_dir.join("socket"));
    let fits: Vec<PathBuf> =
        all.iter().filter(|directory| socket_of(directory).as_os_str().len() <= SOCKET_PATH_LIMIT).cloned().collect();
    if fits.is_empty() { all } else { fits }
}

/// The socket file in `directory`.
fn socket_of(directory: &Path) -> PathBuf {
    directory.join(format!(".s.PGSQL.{PORT}"))
}

/// Makes `directory` for `account` alone. False when it cannot be, for instance because it stands in a shared
/// place and somebody else was there first.
fn make_private(directory: &Path, account: &Account) -> bool {
    if DirBuilder::new().mode(0o700).create(directory).is_ok() && account.give(directory).is_err() {
        return false;
    }
    std::fs::symlink_metadata(directory).is_ok_and(|metadata| {
        metadata.is_dir() && metadata.uid() == account.uid && metadata.permissions().mode() & 0o077 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_data_directory_gets_its_socket_elsewhere() {
        let long = PathBuf::from(format!("/srv/{}", "d".repeat(120)));
        for directory in socket_dirs(&long) {
            assert!(socket_of(&directory).as_os_str().len() <= SOCKET_PATH_LIMIT);
            assert!(!directory.starts_with(&long));
        }
        assert_eq!(socket_dirs(Path::new("/srv/short"))[0], Path::new("/srv/short/socket"));
    }

    #[test]
    fn two_data_directories_never_share_a_socket() {
        let (one, other) = (format!("/srv/{}", "d".repeat(120)), format!("/srv/{}", "e".repeat(120)));
        assert_ne!(socket_dirs(Path::new(&one)), socket_dirs(Path::new(&other)));
    }
}
