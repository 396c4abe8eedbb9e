//! Where people reach the console: a server says so when it has started, so that a command on the same database can
//! print a link that works, whatever flags the server was given.

use crate::{Engine, Result, store};

const KEY: &str = "console_url";

/// Announces the console's address.
///
/// # Errors
/// When the database cannot be written.
pub async fn announce(engine: &Engine, url: &str) -> Result<()> {
    Ok(store::settings::set_text(&engine.pool, KEY, url, "system:server").await?)
}

/// The address of the server that started last. `None`: there was none yet.
///
/// # Errors
/// When the database cannot be read.
pub async fn announced(engine: &Engine) -> Result<Option<String>> {
    Ok(store::settings::text(&engine.pool, KEY).await?)
}
