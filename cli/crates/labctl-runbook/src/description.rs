//! What a block is for: the paragraph right before it.

/// A paragraph as Runme lists it: its Markdown as written, and a last character that cannot end a sentence
/// replaced by a full stop.
pub(crate) fn describe(paragraph: &str) -> String {
    let lines: Vec<&str> = paragraph.lines().map(without_prefix).collect();
    let mut text = lines.join("\n").trim().to_owned();
    if let Some(last) = text.pop() {
        let can_end = matches!(last, 'a'..='z' | '0'..='9' | '!' | '?' | '.');
        text.push(if can_end { last } else { '.' });
    }
    text
}

/// A paragraph's line without the quotes and list items around it; a `>` begins no line of a paragraph by itself.
fn without_prefix(line: &str) -> &str {
    line.trim_start_matches(|character: char| character == '>' || character.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_4_8_a_last_character_that_ends_no_sentence_becomes_a_full_stop() {
        for (paragraph, description) in [
            ("Read it:", "Read it."),
            ("Read **it**", "Read **it*."),
            ("Why?", "Why?"),
            ("All of IT", "All of I."),
            ("Run `x`", "Run `x."),
            ("line one\n  line two!", "line one\nline two!"),
            ("quoted\n> > on\r\n> and on", "quoted\non\nand on"),
            ("é", "."),
            ("", ""),
        ] {
            assert_eq!(describe(paragraph), description);
        }
    }
}
