//! Which blocks a document has, and what they are called.

use labctl_runbook::{Block, Language, Runbook, ShellKind};

fn parse(source: &str) -> Vec<Block> {
    Runbook::parse(source).blocks
}

#[track_caller]
fn check_codes(source: &str, codes: &[&str]) {
    let blocks = parse(source);
    let read: Vec<_> = blocks.iter().map(|block| block.code.as_str()).collect();
    assert_eq!(read, codes, "{source}");
    for block in &blocks {
        let lines: Vec<_> = block
            .code_lines
            .iter()
            .map(|line| &source[line.range()])
            .collect();
        let code: Vec<_> = block.code.lines().collect();
        assert_eq!(lines.len(), code.len(), "{source}");
        for (line, text) in lines.iter().zip(code) {
            assert_eq!(line.trim_start(), text.trim_start(), "{source}");
        }
    }
}

#[track_caller]
fn check_names(source: &str, names: &[&str]) {
    let blocks = parse(source);
    let read: Vec<_> = blocks.iter().map(|block| block.name.as_str()).collect();
    assert_eq!(read, names, "{source}");
}

#[test]
fn rule_2_1_fences_are_those_of_commonmark() {
    check_codes("```\na\n```", &["a"]);
    check_codes("   ```\n    a\n   ```", &[" a"]);
    check_codes("````\na\n```\nb\n`````\nc", &["a\n```\nb"]);
    check_codes("``` a`b\nc\n", &[]);
    check_codes("``\na\n``", &[]);
}

#[test]
fn names_are_given_in_order() {
    check_names(
        "```bash {\"name\": \"a\"}\nx\n```\n```sh\ndocker compose up\n```\n",
        &["a", "docker-compose"],
    );
    let blocks = parse("```bash {\"name\": \"a\"}\nx\n```\n");
    assert_eq!(blocks[0].language, Language::Shell(ShellKind::Bash));
}
