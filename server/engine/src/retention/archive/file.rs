//! Files that are there whole or not at all, for their owner alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::problem::{Code, Problem};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::retention::{Archive, Kind, Run};
use crate::{Error, Result};

/// An archive to hand out.
#[derive(Debug)]
pub struct Download {
    pub archive: Archive,
    pub file: tokio::fs::File,
}

/// This machine's name.
pub(crate) fn host() -> String {
    nix::unistd::gethostname().map_or_else(|_| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// An archive that is being written.
pub(super) struct Writing {
    directory: PathBuf,
    name: String,
    file: File,
    hash: Sha256,
    archive: Option<Archive>,
    kind: Kind,
    bytes: i64,
}

/// Work on files, away from those who answer requests.
pub(super) async fn away_from_requests<T: Send + 'static>(
    what: &'static str,
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(|error| {
        tracing::error!(path = %path.display(), error = &error as &dyn std::error::Error, "an archive: {what} failed");
        Problem::new(Code::Unavailable, format!("The archive {}: {what} failed ({error}).", path.display())).into()
    })
}

impl Writing {
    /// Opens the file beside its name, empty: what an earlier try left there goes.
    pub(super) async fn begin(run: &Run, kind: Kind) -> Result<Self> {
        let day = run.started_at.format("%Y-%m-%d");
        let name = format!("{day}-{}-{}.ndjson", kind.as_str(), run.id.simple());
        let directory = PathBuf::from(&run.directory);
        let part = part(&directory, &name);
        let (opened, made) = (part.clone(), directory.clone());
        let file = away_from_requests("opening it", &part, move || {
            DirBuilder::new().recursive(true).mode(0o700).create(made)?;
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(opened)
        })
        .await?;
        Ok(Self { directory, name, file, hash: Sha256::new(), archive: None, kind, bytes: 0 })
    }

    /// Adds lines: so many entries, from a time to a time.
    pub(super) async fn add(
        &mut self,
        lines: Vec<u8>,
        entries: usize,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<()> {
        self.hash.update(&lines);
        self.bytes += i64::try_from(lines.len()).expect("lines in memory");
        let mut file = self.file.try_clone().map_err(|error| unwritable(&self.name, &error))?;
        let path = part(&self.directory, &self.name);
        away_from_requests("writing it", &path, move || file.write_all(&lines)).await?;
        let entries = i64::try_from(entries).expect("lines in memory");
        let archive = self.archive.get_or_insert_with(|| Archive {
            id: Uuid::now_v7(),
            kind: self.kind,
            file: self.name.clone(),
            entries: 0,
            bytes: 0,
            sha256: Digest([0; 32]),
            from_time: from,
            to_time: to,
            seals: None,
        });
        archive.entries += entries;
        archive.from_time = archive.from_time.min(from);
        archive.to_time = archive.to_time.max(to);
        Ok(())
    }

    /// Gives the file its name, once every byte of it is on the disk.
    pub(super) async fn finish(self, seals: Option<(i64, i64)>) -> Result<Archive> {
        let Self { directory, name, file, hash, archive, bytes, .. } = self;
        let archive = archive.ok_or_else(|| Error::Corrupt(format!("archive {name} has no entry")))?;
        let (from, to, folder) = (part(&directory, &name), directory.join(&name), directory.clone());
        away_from_requests("putting it in its place", &to.clone(), move || {
            file.sync_all()?;
            std::fs::rename(from, to)?;
            File::open(folder)?.sync_all()
        })
        .await?;
        Ok(Archive { bytes, sha256: Digest(hash.finalize().into()), seals, ..archive })
    }
}

fn part(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.part"))
}

fn unwritable(name: &str, error: &io::Error) -> Error {
    Problem::new(Code::Unavailable, format!("The archive {name} cannot be written ({error}).")).into()
}

/// An archive that this machine does not have, or not whole.
pub(super) fn away(run: &Run, archive: &Archive) -> Problem {
    Problem::new(
        Code::NotFound,
        format!(
            "The archive {} is not here as it was written: it belongs on {} in {}.",
            archive.file, run.host, run.directory
        ),
    )
}

pub(super) async fn open(run: &Run, archive: Archive) -> Result<Download> {
    if run.host != host() {
        return Err(away(run, &archive).into());
    }
    let path = Path::new(&run.directory).join(&archive.file);
    let file = tokio::fs::File::open(&path).await.map_err(|_| away(run, &archive))?;
    let bytes = file.metadata().await.map_or(0, |there| there.len());
    if bytes != archive.bytes.cast_unsigned() {
        return Err(away(run, &archive).into());
    }
    Ok(Download { archive, file })
}
