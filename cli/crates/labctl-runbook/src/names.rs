//! What a block is called: its `name` attribute, or a name made from its first command; unique by a suffix.

use std::collections::HashMap;

/// The first command of a block's lines: what is left of the first line that has something before its first `#`;
/// if none has, the first line.
pub(crate) fn first_command(code: &str) -> &str {
    code.lines()
        .map(|line| {
            let line = line.trim();
            line.split('#').next().unwrap_or_default()
        })
        .find(|command| !command.is_empty())
        .or_else(|| code.lines().next())
        .unwrap_or_default()
}

/// Makes a name from a command, as Runme does: the first two words of its first 32 bytes, or what is assigned to.
pub(crate) fn slug(command: &str) -> String {
    let assigned = match command.find('=') {
        Some(at) if at > 0 => &command[..at],
        _ => command,
    };
    let bytes = &assigned.as_bytes()[..assigned.len().min(32)];
    // A character that the cut divides is one that a name does not keep.
    let text = String::from_utf8_lossy(bytes);
    let mut pieces = text.split(' ');
    let first = pieces.next().unwrap_or_default();
    let second = pieces.next().map(|piece| format!(" {piece}"));
    let words = format!("{first}{}", second.unwrap_or_default()).to_lowercase();
    let mut name = String::new();
    for character in words.chars() {
        match character {
            ' ' if !name.is_empty() => name.push('-'),
            'a'..='z' | '0'..='9' => name.push(character),
            _ => {}
        }
    }
    name
}

/// Makes names unique within a document: the n-th use of a name gets `-n`.
#[derive(Debug, Default)]
pub(crate) struct NameCounter {
    /// Per candidate name: how often it was used, and the line of its first use.
    uses: HashMap<String, (usize, usize)>,
}

/// A name, made unique.
#[derive(Debug)]
pub(crate) struct UniqueName {
    /// The name, with its suffix.
    pub(crate) name: String,
    /// If it has a suffix: the line of the block that has the name without it.
    pub(crate) first_line: Option<usize>,
}

impl NameCounter {
    /// Takes `candidate` for the block at `line`.
    pub(crate) fn take(&mut self, candidate: &str, line: usize) -> UniqueName {
        let (count, first_line) = self.uses.entry(candidate.to_owned()).or_insert((0, line));
        *count += 1;
        if *count == 1 {
            return UniqueName {
                name: candidate.to_owned(),
                first_line: None,
            };
        }
        UniqueName {
            name: format!("{candidate}-{count}"),
            first_line: Some(*first_line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &str, name: &str) {
        assert_eq!(slug(first_command(command)), name, "{command}");
    }

    #[test]
    fn rule_4_3_vectors_of_generated_names() {
        check("echo \"Hello, runme!\"", "echo-hello");
        check("temp_dir=$(mktemp -d -t x)", "tempdir");
        check("package main", "package-main");
        check("def say_hi():", "def-sayhi");
        check("docker compose up --build -d", "docker-compose");
        check("./run.sh", "runsh");
        check("export FOO=bar", "export-foo");
        check("curl -X POST http://a/b?x=1", "curl-x");
        check("a  b", "a-");
        check("=x y", "x-y");
        check("ÄÖ x", "x");
        check("stty -opost", "stty-opost");
        check("", "");
    }

    #[test]
    fn rule_4_3_only_32_bytes_count() {
        check(&"a".repeat(40), &"a".repeat(32));
        check(&format!("{}äb", "a".repeat(31)), &"a".repeat(31));
    }

    #[test]
    fn rule_4_2_first_command_skips_comments_and_blank_lines() {
        let first = |code| first_command(code);
        assert_eq!(first("# why\n\n  ls -l # all\necho"), "ls -l ");
        assert_eq!(first("echo \"#1\""), "echo \"");
        assert_eq!(first("# only\n# comments"), "# only");
        assert_eq!(first(""), "");
    }

    #[test]
    fn rule_4_4_the_nth_use_gets_a_suffix() {
        let mut names = NameCounter::default();
        assert_eq!(names.take("x", 3).name, "x");
        let second = names.take("x", 9);
        assert_eq!((second.name.as_str(), second.first_line), ("x-2", Some(3)));
        assert_eq!(names.take("x", 12).name, "x-3");
    }

    #[test]
    fn rule_4_5_suffixed_names_are_not_checked_against_others() {
        let mut names = NameCounter::default();
        let taken = ["x-2", "x", "x"].map(|name| names.take(name, 1).name);
        assert_eq!(taken, ["x-2", "x", "x-2"]);
    }
}
