//! Cells for spreadsheets, which take what begins like a formula for one.

/// A cell that starts like a formula is text to a spreadsheet with a quote in front (OWASP, "CSV injection").
pub(crate) fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

/// Rows as CSV (RFC 4180), each cell harmless.
pub(crate) fn csv<Row: AsRef<[String]>>(rows: impl IntoIterator<Item = Row>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        let cells = row.as_ref().iter().map(|cell| harmless(cell));
        writer.write_record(cells).expect("a table in memory takes every row");
    }
    writer.into_inner().expect("a table in memory is whole")
}

#[cfg(test)]
mod tests {
    use super::csv;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for start in ["=", "+", "-", "@", "\t", "\r"] {
            let text = String::from_utf8(csv([vec![format!("{start}HYPERLINK(1)")]])).expect("cells are text");
            assert!(text.trim_start_matches('"').starts_with(&format!("'{start}HYPERLINK")), "{text:?}");
        }
        assert_eq!(csv([vec!["a,b".to_owned(), "c\"d\ne".to_owned()]]), b"\"a,b\",\"c\"\"d\ne\"\r\n");
    }
}
