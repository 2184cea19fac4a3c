//! Columns of text, as `docker compose ps`, `psql` and their likes print them.

/// The cells below the header `column`: of the first line that has it, up to a blank line or the end.
///
/// Columns are set apart by `|`, or aligned with at least two blanks (or a tab) between headers.
pub(super) fn cells(text: &str, column: &str) -> Result<Vec<String>, String> {
    let lines: Vec<_> = text.lines().collect();
    let mut seen: Vec<String> = Vec::new();
    for (at, header) in lines.iter().enumerate() {
        let headers = split(header);
        if let Some(index) = headers.iter().position(|(_, name)| name == column) {
            let rows = lines[at + 1..]
                .iter()
                .take_while(|row| !row.trim().is_empty());
            return Ok(rows
                .filter(|row| is_row(row))
                .filter_map(|row| cell(header, &headers, index, row))
                .collect());
        }
        if seen.is_empty() && headers.len() > 1 {
            seen = headers.into_iter().map(|(_, name)| name).collect();
        }
    }
    Err(if seen.is_empty() {
        format!("there is no table with a column `{column}` in standard output")
    } else {
        format!(
            "no column `{column}`; the first line with columns has {}",
            seen.join(", ")
        )
    })
}

/// Where each field begins, in characters, and its text.
fn split(line: &str) -> Vec<(usize, String)> {
    if let Some(separator) = separator(line) {
        return separated(line, separator);
    }
    let mut fields: Vec<(usize, String)> = Vec::new();
    let mut gap = 2;
    for (at, character) in line.chars().enumerate() {
        if character == ' ' {
            gap += 1;
            continue;
        }
        match fields.last_mut() {
            Some((_, field)) if gap < 2 => {
                field.extend(std::iter::repeat_n(' ', gap));
                field.push(character);
            }
            _ => fields.push((at, character.to_string())),
        }
        gap = 0;
    }
    fields
}

/// What sets a header's columns apart; `None`: blanks.
fn separator(header: &str) -> Option<char> {
    ['\t', '|']
        .into_iter()
        .find(|separator| header.contains(*separator))
}

fn separated(line: &str, separator: char) -> Vec<(usize, String)> {
    let inner = match separator {
        '|' => line.trim().trim_start_matches('|').trim_end_matches('|'),
        _ => line,
    };
    inner
        .split(separator)
        .map(|field| (0, field.trim().to_owned()))
        .collect()
}

/// Not a line that only rules, and not psql's closing `(2 rows)`.
fn is_row(line: &str) -> bool {
    let is_rule = line.chars().all(|character| "-+=|: ".contains(character));
    let is_count = line.starts_with('(') && (line.ends_with(" rows)") || line.ends_with(" row)"));
    !is_rule && !is_count
}

fn cell(header: &str, headers: &[(usize, String)], index: usize, row: &str) -> Option<String> {
    if let Some(separator) = separator(header) {
        return separated(row, separator)
            .into_iter()
            .nth(index)
            .map(|(_, field)| field);
    }
    let from = headers[index].0;
    let to = headers
        .get(index + 1)
        .map_or(usize::MAX, |(start, _)| *start);
    let text: String = row.chars().skip(from).take(to - from).collect();
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, column: &str, expected: &[&str]) {
        assert_eq!(cells(text, column).unwrap(), expected);
    }

    #[test]
    fn aligned_columns_may_have_blanks_in_cells_and_empty_cells() {
        let text = "NAME        STATUS                   PORTS\n\
                    lab08-redis Up 3 seconds (healthy)   127.0.0.1:6379->6379/tcp\n\
                    k6          Exited (0)\n\nNAME ignored";
        check(text, "STATUS", &["Up 3 seconds (healthy)", "Exited (0)"]);
        check(text, "PORTS", &["127.0.0.1:6379->6379/tcp", ""]);
        check(
            "CONTAINER ID   IMAGE\nabc            redis\n",
            "CONTAINER ID",
            &["abc"],
        );
    }

    #[test]
    fn psql_and_markdown_tables_are_read() {
        check(
            " id | name \n----+------\n 1  | Mouse\n 2  | Hub\n(2 rows)\n",
            "name",
            &["Mouse", "Hub"],
        );
        check("| a | b |\n|---|---|\n| 1 | 2 |\n", "b", &["2"]);
        check("A\tB\n1\t\n2\tx | y\n", "A", &["1", "2"]);
        check("A\tB\n1\t\n2\tx | y\n", "B", &["", "x | y"]);
    }

    #[test]
    fn a_missing_column_is_said_with_those_that_are_there() {
        assert_eq!(
            cells("NAME  STATE\nx     up\n", "STATUS").unwrap_err(),
            "no column `STATUS`; the first line with columns has NAME, STATE"
        );
        assert!(cells("", "STATUS").is_err());
    }
}
