//! A block's code as it will be run, and where each of its lines stands.

use crate::{Span, markdown::RawLine};

/// Lines cleaned up for running.
#[derive(Debug)]
pub(crate) struct Code {
    /// Joined by `\n`, no newline at the end.
    pub(crate) text: String,
    /// One span per line of `text`.
    pub(crate) lines: Vec<Span>,
}

/// Takes a leading `$ ` and trailing white space from every line, and blank lines from the end.
///
/// Runme takes every leading `$`, which makes `(cmd)` of `$(cmd)`; labctl takes only the prompt.
pub(crate) fn clean(source: &str, raw: &[RawLine]) -> Code {
    let is_blank = |line: &&RawLine| line.span.text(source).trim().is_empty();
    let trailing = raw.iter().rev().take_while(is_blank).count();
    let mut code = Code {
        text: String::new(),
        lines: Vec::with_capacity(raw.len() - trailing),
    };
    for line in &raw[..raw.len() - trailing] {
        let text = line.span.text(source).trim_end();
        let prompt = if line.indent == 0 && text.starts_with("$ ") {
            2
        } else {
            0
        };
        if !code.lines.is_empty() {
            code.text.push('\n');
        }
        if !text.is_empty() {
            code.text.extend(std::iter::repeat_n(' ', line.indent));
        }
        code.text.push_str(&text[prompt..]);
        let start = line.span.start();
        code.lines
            .push(Span::new(start + prompt, start + text.len()));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, text: &str) {
        let mut start = 0;
        let mut raw = Vec::new();
        for line in source.split('\n') {
            raw.push(RawLine {
                indent: 0,
                span: Span::new(start, start + line.len()),
            });
            start += line.len() + 1;
        }
        let code = clean(source, &raw);
        assert_eq!(code.text, text);
        let lines: Vec<_> = code.lines.iter().map(|line| line.text(source)).collect();
        assert_eq!(lines, text.lines().collect::<Vec<_>>());
    }

    #[test]
    fn rule_7_5_only_a_dollar_and_a_space_are_a_prompt() {
        check(
            "$ echo hi  \n$(cmd)\n$HOME/bin/x\n$",
            "echo hi\n$(cmd)\n$HOME/bin/x\n$",
        );
        check("$ $ x\n  $ y", "$ x\n  $ y");
        check("\t\n\na\t\r\n \n", "\n\na");
        check("", "");
    }
}
