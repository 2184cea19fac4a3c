//! Columns for a person on a terminal, tab-separated fields for a program behind a pipe.

use std::io::{IsTerminal, stdout};

use comfy_table::{ContentArrangement, Table, presets::NOTHING};

/// A header and rows, ready to print.
pub(crate) fn columns(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    if !stdout().is_terminal() {
        return tab_separated(header, rows);
    }
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    format!("{}\n", table.trim_fmt())
}

fn tab_separated(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("{}\n", header.join("\t"));
    for row in rows {
        let fields: Vec<_> = row
            .iter()
            .map(|field| field.replace(['\t', '\n', '\r'], " "))
            .collect();
        text.push_str(&fields.join("\t"));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_keeps_to_its_column() {
        let rows = [vec!["a\tb".to_owned(), "c\nd".to_owned()]].into_iter();
        assert_eq!(tab_separated(&["X", "Y"], rows), "X\tY\na b\tc d\n");
    }
}
