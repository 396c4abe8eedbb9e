//! Where PostgreSQL's programs are on this machine.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::ClusterError;

/// The environment variable that names the directory of PostgreSQL's programs.
pub const BINARIES_VARIABLE: &str = "COUNTERSIGN_PG_BIN";

/// The oldest major version that has what the schema and the start options use.
const OLDEST: u32 = 13;

/// Where distributions put one directory per major version.
const VERSIONED: &[&str] = &["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

/// A directory with PostgreSQL's programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The directory.
    pub directory: PathBuf,
    /// The major version of the server in it.
    pub major: u32,
}

impl Binaries {
    /// The program `name`.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Finds PostgreSQL: `explicit`, else what [`BINARIES_VARIABLE`] names, else `pg_config --bindir`, else the newest
/// of the distribution's directories, else PATH. `major` is the version that the data directory needs, where
/// there is one already: a fitting version is preferred then to a newer one.
///
/// # Errors
/// When there is none, when the one that was named is none, or when none fits the data directory.
pub async fn find_binaries(explicit: Option<&Path>, needs: Option<(PathBuf, u32)>) -> Result<Binaries, ClusterError> {
    let named = explicit.map(Path::to_owned).or_else(|| std::env::var_os(BINARIES_VARIABLE).map(PathBuf::from));
    let found = match named {
        Some(directory) => vec![inspect_named(directory).await?],
        None => discover().await?,
    };
    let Some((cluster, made_by)) = needs else {
        return Ok(found.into_iter().next().expect("an empty list was refused before"));
    };
    let first = found[0].clone();
    found.into_iter().find(|binaries| binaries.major == made_by).ok_or(ClusterError::WrongMajor {
        cluster,
        made_by,
        found: first.major,
        binaries: first.directory,
    })
}

async fn inspect_named(directory: PathBuf) -> Result<Binaries, ClusterError> {
    for missing in ["postgres", "initdb"] {
        if !directory.join(missing).is_file() {
            return Err(ClusterError::WrongBinaries { directory, missing });
        }
    }
    inspect(&directory).await.ok_or(ClusterError::WrongBinaries { directory, missing: "working postgres" })
}

/// All usable installations, best first.
async fn discover() -> Result<Vec<Binaries>, ClusterError> {
    let mut candidates = Vec::new();
    candidates.extend(said_by_pg_config().await);
    candidates.extend(VERSIONED.iter().flat_map(|root| newest_first(Path::new(root))));
    candidates.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let mut found: Vec<Binaries> = Vec::new();
    for directory in candidates {
        if found.iter().any(|known| known.directory == directory) {
            continue;
        }
        found.extend(inspect(&directory).await.filter(|binaries| binaries.major >= OLDEST));
    }
    if found.is_empty() {
        let mut looked_at = vec![BINARIES_VARIABLE.to_owned(), "pg_config --bindir".to_owned()];
        looked_at.extend(VERSIONED.iter().map(|root| format!("{root}/*/bin")));
        looked_at.push("PATH".to_owned());
        return Err(ClusterError::NoBinaries { looked_at });
    }
    Ok(found)
}

async fn said_by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().await.ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(said.trim()))
}

fn newest_first(root: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix("postgresql@").unwrap_or(&name).parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|version| std::cmp::Reverse(version.0));
    versions.into_iter().map(|(_, directory)| directory).collect()
}

/// What stands in `directory`, if it is an installation of a server that runs.
async fn inspect(directory: &Path) -> Option<Binaries> {
    if !directory.join("initdb").is_file() || !directory.join("postgres").is_file() {
        return None;
    }
    let output = Command::new(directory.join("postgres")).arg("--version").output().await.ok()?;
    let major = major_of(std::str::from_utf8(&output.stdout).ok()?)?;
    Some(Binaries { directory: directory.to_owned(), major })
}

/// The major version in `postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)`.
fn major_of(said: &str) -> Option<u32> {
    let version = said.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_says_of_itself() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("something else"), None);
    }

    #[tokio::test]
    async fn a_named_directory_without_postgres_is_an_error_and_nothing_else_is_tried() {
        let error = find_binaries(Some(Path::new("/nowhere")), None).await.expect_err("nothing is there");
        assert!(error.to_string().contains("/nowhere has no postgres"), "{error}");
    }

    #[tokio::test]
    async fn a_data_directory_of_another_major_version_is_refused_and_both_are_named() {
        let needs = Some((PathBuf::from("/data/postgres"), 9));
        let error = find_binaries(None, needs).await.expect_err("nobody has version 9");
        let said = error.to_string();
        assert!(said.contains("/data/postgres was made by PostgreSQL 9"), "{said}");
        assert!(said.contains("Install PostgreSQL 9"), "{said}");
    }
}
