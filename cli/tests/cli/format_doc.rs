//! Plays the examples of `docs/runbook-format.md` whose fence says `markdown verify`: they must pass.

use crate::page::Page;

const PAGE: &str = include_str!("../../../docs/runbook-format.md");

/// The examples to be played, each with the line of its fence, from 1.
fn examples() -> Vec<(usize, String)> {
    let mut lines = PAGE.lines().zip(1..);
    let mut found = Vec::new();
    while let Some((line, number)) = lines.next() {
        if line == "````markdown verify" {
            let inside = lines.by_ref().take_while(|(line, _)| *line != "````");
            found.push((number, inside.flat_map(|(line, _)| [line, "\n"]).collect()));
        }
    }
    found
}

#[test]
fn every_example_of_the_format_page_that_needs_only_a_shell_passes() {
    let examples = examples();
    assert!(examples.len() > 5, "{}", examples.len());
    for (line, text) in examples {
        println!("docs/runbook-format.md:{line}");
        Page::of(&text).verify().passes();
    }
}
