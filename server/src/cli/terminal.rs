//! What commands show on a terminal and ask there. Text that an agent wrote is shown with everything that could
//! move the cursor or deceive the eye made visible.

use std::io::{BufRead, IsTerminal};

use chrono::{DateTime, Utc};
use domain::text_safety::escaped;

use crate::failure::{Failure, Outcome};

/// The widest a column gets; longer values are cut.
const WIDEST: usize = 60;

/// Columns of text.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned).to_vec()] }
    }

    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.iter().map(|cell| cut(&escaped(cell))).collect());
    }

    pub(super) fn print(&self) {
        print!("{}", self.text());
    }

    fn text(&self) -> String {
        let columns = self.rows[0].len();
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDEST) {
        Some(_) => text.chars().take(WIDEST - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// A moment, to the minute.
pub(super) fn when(moment: Option<DateTime<Utc>>) -> String {
    moment.map_or_else(|| "-".to_owned(), |moment| moment.format("%Y-%m-%d %H:%MZ").to_string())
}

/// JSON as it came; on a terminal with its characters made harmless, which leaves it the same JSON.
pub(super) fn print_json(text: &str) {
    if std::io::stdout().is_terminal() {
        println!("{}", harmless(text));
    } else {
        println!("{text}");
    }
}

/// Every character that is not plain text becomes the escape that JSON has for it.
fn harmless(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        let text = character.to_string();
        if matches!(character, '\n' | ' '..='~') || escaped(&text) == text {
            shown.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    shown
}

/// A password: asked for without showing it, or the first line of standard input.
pub(super) fn read_password(prompt: &str) -> Outcome<String> {
    let unreadable = |error: std::io::Error| Failure::because("the password cannot be read", &error);
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password(prompt).map_err(unreadable);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(unreadable)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_move_the_cursor_or_turn_the_text() {
        let mut table = Table::new(["TOOL", "SUMMARY"]);
        table.row(["mail\u{1b}[2J".to_owned(), "pay \u{202e}evil".to_owned()]);
        let text = table.text();
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
        assert!(text.contains("evil"));
    }

    #[test]
    fn json_made_harmless_is_the_same_json() {
        let json = "{\n \"to\": \"a\u{202e}b\u{9b}1\u{e0041}é\"}";
        let shown = harmless(json);
        assert!(shown.contains("\\u202e") && shown.contains('é'), "{shown}");
        let (before, after): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(json).expect("json"), serde_json::from_str(&shown).expect("json"));
        assert_eq!(before, after);
    }

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(cut(&"x".repeat(100)).chars().count(), WIDEST);
        assert_eq!(cut("short"), "short");
    }
}
