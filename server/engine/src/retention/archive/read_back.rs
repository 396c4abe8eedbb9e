//! Reading an archive back: that its bytes are the ones that were written, and that its entries are those of the chain.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::Instant;

use domain::digest::Digest;
use domain::event::Event;
use domain::problem::{Code, Problem};
use domain::seal::events_digest;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::file::away_from_requests;
use crate::audit::Anchor;
use crate::retention::Archive;
use crate::retention::purge::rest;
use crate::store::seals::Seal;
use crate::{Engine, Result, store};

/// How many seals are held against the chain at once.
const SEALS: i64 = 200;
/// How much is read at once.
const PIECE: usize = 1 << 20;

/// Whether the file has the length and the hash of the archive.
pub(super) async fn bytes(path: &Path, archive: &Archive) -> Result<()> {
    let opened = path.to_owned();
    let (bytes, digest) = away_from_requests("reading it back", path, move || {
        let mut file = File::open(opened)?;
        let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0_i64, vec![0; PIECE]);
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                return Ok((bytes, Digest(hash.finalize().into())));
            }
            hash.update(&piece[..read]);
            bytes += i64::try_from(read).unwrap_or_default();
        }
    })
    .await?;
    if bytes == archive.bytes && digest == archive.sha256 {
        return Ok(());
    }
    let words = format!("The archive {} is not as it was written: nothing is purged.", path.display());
    Err(Problem::new(Code::Unavailable, words).into())
}

#[derive(Deserialize)]
struct SealLine {
    seal: Anchor,
}

/// What does not fit between an archive of entries and the seals of the chain; nothing, if all is well.
pub(super) async fn events(engine: &Engine, path: &Path, (first, last): (i64, i64)) -> Result<Vec<String>> {
    let opened = path.to_owned();
    let file = away_from_requests("opening it again", path, move || File::open(opened)).await?;
    let mut lines = BufReader::with_capacity(PIECE, file);
    let mut read_to = first - 1;
    while read_to < last {
        let began = Instant::now();
        let seals = {
            let mut connection = store::acquire(&engine.pool).await?;
            store::seals::after(&mut connection, read_to, SEALS.min(last - read_to)).await?
        };
        let Some(end) = seals.last() else { break };
        read_to = end.number;
        let (fault, goes_on) = away_from_requests("reading it back", path, move || {
            let fault = seals.iter().find_map(|seal| held_against(seal, &mut lines).err());
            Ok((fault, lines))
        })
        .await?;
        lines = goes_on;
        if let Some(fault) = fault {
            return Ok(vec![fault]);
        }
        rest(began).await;
    }
    let more = away_from_requests("reading it back", path, move || Ok(lines.fill_buf()?.len())).await?;
    Ok(if read_to < last || more > 0 { vec!["it holds other seals than it should".to_owned()] } else { Vec::new() })
}

/// Reads one seal's lines and holds them against the seal of the chain.
fn held_against(seal: &Seal, lines: &mut BufReader<File>) -> std::result::Result<(), String> {
    let number = seal.number;
    let wrong = |what: &str| format!("seal {number}: {what}");
    let head: SealLine = next(lines).ok_or_else(|| wrong("its line is missing"))?;
    if (head.seal.number, head.seal.seal_sha256) != (number, seal.seal) {
        return Err(wrong("its line is another seal's"));
    }
    let mut hashes = Vec::with_capacity(seal.event_seqs.len());
    for seq in &seal.event_seqs {
        let event: Event = next(lines).ok_or_else(|| wrong("an entry is missing"))?;
        if event.seq != *seq || !event.is_intact() {
            return Err(wrong(&format!("entry {seq} is not what it was")));
        }
        hashes.push(event.content_hash);
    }
    if events_digest(&hashes) == seal.events { Ok(()) } else { Err(wrong("its entries are not the sealed ones")) }
}

fn next<T: serde::de::DeserializeOwned>(lines: &mut BufReader<File>) -> Option<T> {
    let mut line = String::new();
    lines.read_line(&mut line).ok().filter(|read| *read > 0)?;
    serde_json::from_str(&line).ok()
}
