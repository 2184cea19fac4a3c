//! Columns of text, as `docker compose ps`, `psql` and their likes print them.

/// The cells below the header `column`, up to a blank line or the end. `Err`: there is no such column, more than one
/// table has it, or a row does not fit.
///
/// Columns are set apart by `|`, or aligned with at least two blanks (or a tab) between headers.
pub(super) fn cells(text: &str, column: &str) -> Result<Vec<String>, String> {
    let lines: Vec<_> = text.lines().collect();
    let mut seen: Vec<String> = Vec::new();
    let mut found: Option<Vec<String>> = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let form = Form::of(line);
        let headers = split(line, form);
        let named = headers.iter().position(|(_, name)| name == column);
        let Some(index) = named else {
            if seen.is_empty() && headers.len() > 1 {
                seen = headers.into_iter().map(|(_, name)| name).collect();
            }
            at += 1;
            continue;
        };
        if found.is_some() {
            return Err(several(column));
        }
        let table = Table { form, headers };
        let (cells, end) = table.column(&lines, at + 1, index)?;
        found = Some(cells);
        at = end;
    }
    if let Some(cells) = found {
        return Ok(cells);
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

fn several(column: &str) -> String {
    format!("more than one table has a column `{column}`")
}

/// How columns are set apart, as a header line shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Pipes,
    Tabs,
    Aligned,
}

impl Form {
    fn of(header: &str) -> Self {
        if header.contains('\t') {
            Self::Tabs
        } else if header.contains('|') {
            Self::Pipes
        } else {
            Self::Aligned
        }
    }
}

/// A header line.
struct Table {
    form: Form,
    headers: Vec<(usize, String)>,
}

impl Table {
    /// The cells of one column from line `from` on, and the line after the table.
    fn column(
        &self,
        lines: &[&str],
        from: usize,
        index: usize,
    ) -> Result<(Vec<String>, usize), String> {
        let mut cells = Vec::new();
        for (at, row) in lines.iter().enumerate().skip(from) {
            // A table set with `|` ends where there are none; `(2 rows)` closes one that has nothing but a column.
            let is_over = row.trim().is_empty() || is_row_count(row);
            if is_over || self.form == Form::Pipes && !row.contains('|') && !is_rule(row) {
                return Ok((cells, at));
            }
            if is_rule(row) {
                continue;
            }
            let mut fields = self.fields(row).ok_or_else(|| {
                format!(
                    "line {} does not fit the table's {} columns",
                    at + 1,
                    self.headers.len()
                )
            })?;
            if fields.iter().eq(self.headers.iter().map(|(_, name)| name)) {
                return Err(several(&self.headers[index].1));
            }
            cells.push(fields.swap_remove(index));
        }
        Ok((cells, lines.len()))
    }

    /// One field for each header; `None` if they cannot be told apart.
    fn fields(&self, row: &str) -> Option<Vec<String>> {
        if self.form == Form::Aligned
            && let Some(fields) = self.aligned(row)
        {
            return Some(fields);
        }
        let fields = split(row, self.form);
        (fields.len() == self.headers.len())
            .then(|| fields.into_iter().map(|(_, field)| field).collect())
    }

    /// The fields below the headers' first characters, if no word crosses these borders: numbers may stand on the right.
    fn aligned(&self, row: &str) -> Option<Vec<String>> {
        let characters: Vec<char> = row.chars().collect();
        let is_blank = |at: usize| characters.get(at).is_none_or(|each| each.is_whitespace());
        let is_border = |from: usize| from == 0 || is_blank(from - 1) || is_blank(from);
        let first = self.headers.first()?.0;
        let is_aligned =
            self.headers.iter().all(|(from, _)| is_border(*from)) && (0..first).all(is_blank);
        if !is_aligned {
            return None;
        }
        let ends = self.headers.iter().skip(1).map(|(start, _)| *start);
        let fields = self.headers.iter().zip(ends.chain([usize::MAX]));
        Some(
            fields
                .map(|((from, _), to)| {
                    let field: String = characters.iter().skip(*from).take(to - from).collect();
                    field.trim().to_owned()
                })
                .collect(),
        )
    }
}

/// Where each field begins, in characters, and its text.
fn split(line: &str, form: Form) -> Vec<(usize, String)> {
    if form == Form::Pipes {
        let inner = line.trim();
        let inner = match inner.strip_prefix('|') {
            Some(inner) => inner.strip_suffix('|').unwrap_or(inner),
            None => inner,
        };
        return inner
            .split('|')
            .map(|field| (0, field.trim().to_owned()))
            .collect();
    }
    if form == Form::Tabs {
        return line
            .split('\t')
            .map(|field| (0, field.trim().to_owned()))
            .collect();
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

/// A line that only rules.
fn is_rule(line: &str) -> bool {
    line.chars().all(|character| "-+=|: ".contains(character)) && line.contains(['-', '='])
}

/// psql's closing `(2 rows)`.
fn is_row_count(line: &str) -> bool {
    line.starts_with('(') && (line.ends_with(" rows)") || line.ends_with(" row)"))
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

    #[test]
    fn numbers_may_stand_on_the_right() {
        let text = "  ID  COUNT\n 123      4\n   7  12345\n\ntotal\n";
        check(text, "ID", &["123", "7"]);
        check(text, "COUNT", &["4", "12345"]);
        check(
            "A  COUNT\nx  1234567\nyyyyyy  8\n",
            "COUNT",
            &["1234567", "8"],
        );
    }

    #[test]
    fn empty_cells_are_cells() {
        check("| a | b |\n|---|---|\n| 1 |   |\n", "b", &[""]);
        check(" a | b\n---+---\n 1 | \n(1 row)\n", "b", &[""]);
        check(" count \n-------\n     5\n(1 row)\n", "count", &["5"]);
        check("a\tb\n\tx\n1\t\n", "b", &["x", ""]);
        check("a\tb\n\tx\n1\t\n", "a", &["", "1"]);
    }

    #[test]
    fn which_table_and_which_cell_is_never_guessed() {
        #[track_caller]
        fn refused(text: &str, expected: &str) {
            assert_eq!(cells(text, "S").unwrap_err(), expected);
        }
        let two = "more than one table has a column `S`";
        refused("N  S\na  up\n\nN  S\nb  down\n", two);
        refused("N  S\na  up\nN  S\nb  down\n", two);
        refused("N | S\na | up\ndone\nN | S\n", two);
        refused(
            " N | S | T\na | b|c | d\n",
            "line 2 does not fit the table's 3 columns",
        );
        refused(
            "N    S\nabcdefgh\n",
            "line 2 does not fit the table's 2 columns",
        );
        check("N | S\n1 | up\nlast line of text\n", "S", &["up"]);
    }
}
