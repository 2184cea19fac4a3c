//! Large and hostile documents are read in one pass. Where that is lost, these tests take minutes instead of seconds.

use labctl_runbook::Runbook;

#[track_caller]
fn check(source: &str, blocks: usize, diagnostics: usize) {
    let runbook = Runbook::parse(source);
    let found = (runbook.blocks.len(), runbook.diagnostics.len());
    assert_eq!(found, (blocks, diagnostics));
    assert_eq!(Runbook::count_blocks(source), blocks);
}

#[test]
fn ten_thousand_blocks_with_claims() {
    let blocks = (0..10_000).map(|index| {
        format!("Text:\n\n```bash {{\"name\": \"b{index}\"}}\necho {index}\n```\n<!-- expect\nexit == 0\n-->\n")
    });
    let source: Vec<_> = blocks.collect();
    check(&source.join("\n"), 10_000, 0);
}

#[test]
fn ten_megabytes() {
    let code = format!("```sh\n{}", "echo hello world\n".repeat(600_000));
    check(&code, 1, 1);
    check(&"\0\u{1}\u{fffd}".repeat(2_000_000), 0, 0);
}

#[test]
fn one_line_full_of_comments() {
    let many = 50_000;
    check(&format!("x {}", "<!-- expect ".repeat(many)), 0, many);
    check(&format!("x {}", "<!-- expcet -->".repeat(many)), 0, many);
    let claims = "<!-- expect exit == 0 -->".repeat(many);
    check(&format!("```sh\nx\n```\n{claims}"), 1, 0);
}

#[test]
fn deep_containers_and_many_blank_lines() {
    check(&format!("{}x", "> ".repeat(100_000)), 0, 0);
    check(
        &format!("{}x\n{}", "- ".repeat(5_000), "\n".repeat(100_000)),
        0,
        0,
    );
    let stairs: Vec<_> = (0..500)
        .map(|depth| format!("{}- x", "  ".repeat(depth)))
        .collect();
    check(
        &format!("{}{}", stairs.join("\n"), "\n".repeat(100_000)),
        0,
        0,
    );
}

#[test]
fn long_front_matter() {
    let pairs: Vec<_> = (0..50_000)
        .map(|index| format!("{{\"k{index}\": {index}}}"))
        .collect();
    check(&format!("{{\"a\": [{}]}}", pairs.join(",")), 0, 0);
    check(&format!("---\n{}", "x\n".repeat(100_000)), 0, 1);
}
