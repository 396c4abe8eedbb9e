//! The operating-system user that PostgreSQL runs as: ourselves, or, because it refuses root, another one.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use nix::unistd::{Uid, User};
use tokio::process::Command;

use super::ClusterError;
use super::layout::CLUSTER;

/// The user PostgreSQL runs as.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) uid: u32,
    gid: u32,
    name: String,
    /// Whether that is another user than ours.
    other: bool,
}

impl Account {
    /// The owner of the cluster in `data_dir`; where there is none yet, ourselves or `postgres`.
    pub(super) fn that_runs(data_dir: &Path) -> Result<Self, ClusterError> {
        let cluster = data_dir.join(CLUSTER);
        let owner = std::fs::metadata(&cluster).ok().map(|metadata| metadata.uid());
        let ourselves = Uid::effective();
        if !ourselves.is_root() {
            return match owner {
                Some(owner) if owner != ourselves.as_raw() => {
                    Err(ClusterError::WrongOwner { path: cluster, owner: name_of(owner) })
                }
                _ => Ok(Self {
                    uid: ourselves.as_raw(),
                    gid: nix::unistd::Gid::effective().as_raw(),
                    name: name_of(ourselves.as_raw()),
                    other: false,
                }),
            };
        }
        let user = match owner {
            Some(0) => return Err(ClusterError::WrongOwner { path: cluster, owner: "root".to_owned() }),
            Some(uid) => User::from_uid(Uid::from_raw(uid)),
            None => User::from_name("postgres"),
        };
        let user = user.ok().flatten().ok_or(ClusterError::NoUser)?;
        let account = Self { uid: user.uid.as_raw(), gid: user.gid.as_raw(), name: user.name, other: true };
        account.require_way_to(data_dir)?;
        Ok(account)
    }

    /// Makes `command` run as this user.
    pub(super) fn run(&self, command: &mut Command) {
        if self.other {
            // The standard library drops root's supplementary groups along with it.
            command.uid(self.uid).gid(self.gid);
        }
    }

    /// Gives `path` to this user.
    pub(super) fn give(&self, path: &Path) -> io::Result<()> {
        if self.other { std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid)) } else { Ok(()) }
    }

    /// The user must be able to walk down to the data directory. The directory itself is ours to open for
    /// passing through (not for listing); what lies above it is not.
    fn require_way_to(&self, data_dir: &Path) -> Result<(), ClusterError> {
        for directory in data_dir.ancestors() {
            let metadata =
                std::fs::metadata(directory).map_err(ClusterError::io("looking at a directory", directory))?;
            if self.may_pass(&metadata) {
                continue;
            }
            if directory != data_dir {
                return Err(ClusterError::Closed { path: directory.to_owned(), user: self.name.clone() });
            }
            let mode = metadata.permissions().mode() | 0o011;
            std::fs::set_permissions(directory, PermissionsExt::from_mode(mode))
                .map_err(ClusterError::io("opening the data directory to PostgreSQL's user", directory))?;
        }
        Ok(())
    }

    fn may_pass(&self, metadata: &std::fs::Metadata) -> bool {
        let mode = metadata.permissions().mode();
        let bit = if metadata.uid() == self.uid {
            0o100
        } else if metadata.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        mode & bit != 0
    }
}

fn name_of(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => format!("the user {uid}"),
    }
}
