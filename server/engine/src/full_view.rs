//! What is too long for the open action's card: all values, page by page, and all of a long text, part by part.

use domain::argument::{ArgumentRow, ArgumentValue, ClassOverrides, Fold, argument_rows};
use domain::id::ActionId;
use domain::identity::Principal;
use domain::json::Json;
use domain::problem::Problem;
use domain::text_safety::{Piece, escaped};

use crate::{Engine, Result, actions};

/// Values on one page.
pub const PAGE: usize = 500;
/// Characters of each value there; and of a long text, in one part.
const SOME: usize = 600;
pub const PART: usize = 40_000;

/// Which of an action's trees of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tree {
    Arguments,
    Evidence,
    Result,
}

/// A stretch of a tree, masked.
#[derive(Debug)]
pub struct Values {
    pub tool_name: String,
    pub rows: Vec<ArgumentRow>,
    /// Where the first of them stands among all, from 0.
    pub from: usize,
    pub total: usize,
}

/// A stretch of one text, masked.
#[derive(Debug)]
pub struct Text {
    pub tool_name: String,
    /// Where in the tree it is.
    pub path: String,
    pub pieces: Vec<Piece>,
    /// The first character's place, from 0, and the one behind the last.
    pub from: usize,
    pub to: usize,
    pub total: usize,
}

/// Up to [`PAGE`] values of a tree.
///
/// # Errors
/// `not_found`, also where the action has no such tree; `forbidden`.
pub async fn values(engine: &Engine, principal: &Principal, id: ActionId, tree: Tree, from: usize) -> Result<Values> {
    let found = find(engine, principal, id, tree).await?;
    let mut rows = found.rows(Fold { skip_rows: from, ..Fold::at(from.saturating_add(PAGE), SOME) });
    let hidden = match rows.last().map(|row| &row.value) {
        Some(ArgumentValue::Folded { hidden_rows }) => *hidden_rows,
        _ => 0,
    };
    if hidden > 0 {
        rows.pop();
    }
    let total = rows.len() + hidden;
    Ok(Values { tool_name: found.tool_name, rows: rows.into_iter().skip(from).collect(), from, total })
}

/// Up to [`PART`] characters of the text, fewer where many of them are marked, at a place of a tree.
///
/// # Errors
/// As [`values`]; or there is no text at this place.
pub async fn text(
    engine: &Engine,
    principal: &Principal,
    id: ActionId,
    tree: Tree,
    place: usize,
    from: usize,
) -> Result<Text> {
    let found = find(engine, principal, id, tree).await?;
    let missing = || Problem::not_found("text in this action");
    let fold = Fold { skip_chars: from, skip_rows: place, ..Fold::at(place.saturating_add(1), PART) };
    let row = found.rows(fold).into_iter().nth(place).ok_or_else(missing)?;
    let ArgumentValue::Text { pieces, total_chars: total, hidden_chars, .. } = row.value else {
        return Err(missing().into());
    };
    Ok(Text { tool_name: found.tool_name, path: row.path, pieces, from, to: total - hidden_chars, total })
}

struct Found {
    tool_name: String,
    json: Json,
    overrides: ClassOverrides,
}

impl Found {
    fn rows(&self, fold: Fold) -> Vec<ArgumentRow> {
        argument_rows(&self.json, &self.overrides, fold)
    }
}

async fn find(engine: &Engine, principal: &Principal, id: ActionId, tree: Tree) -> Result<Found> {
    let actions::FullAction { action, overrides, .. } = actions::get(engine, principal, id).await?;
    let mask = action.mask(&overrides);
    let tool_name = escaped(&action.tool_name);
    let found = match tree {
        Tree::Arguments => Some((action.effective_args().clone(), overrides)),
        Tree::Evidence => action.evidence.map(|evidence| (mask.json(&evidence), overrides)),
        Tree::Result => action
            .execution_result
            .and_then(|result| result.result)
            .map(|result| (mask.json(&result), ClassOverrides::default())),
    };
    let (json, overrides) = found.ok_or_else(|| Problem::not_found("such part of this action"))?;
    Ok(Found { tool_name, json, overrides })
}
