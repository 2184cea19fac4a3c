//! Requests whose failure nobody would notice: curl ends with 0 whatever the server answers.

use super::{LintFacts, Reader};
use crate::{
    Block, Diagnostic,
    expect::judges_more_than_exit,
    script::{Command, option_is_set},
    shell_block::Places,
};

pub(super) fn check(reader: &Reader<'_>, facts: &LintFacts) -> Vec<Diagnostic> {
    let is_compared = |block: &Block| {
        block.expectations.snapshot.is_on()
            || facts
                .snapshots
                .iter()
                .any(|header| header.block == block.name)
    };
    let unseen = reader
        .shell_blocks()
        .filter(|(block, _)| block.expectations.skip.is_none())
        .filter(|(block, _)| !judges_more_than_exit(&block.expectations) && !is_compared(block))
        .filter_map(|(block, script)| {
            let request = script
                .commands
                .iter()
                .find(|command| sees_no_status(command))?;
            Some(Places::new(block).of(&request.range()))
        });
    let unseen: Vec<_> = unseen.collect();
    let Some((first, others)) = unseen.split_first() else {
        return Vec::new();
    };
    let and_others = match others.len() {
        0 => String::new(),
        1 => "; so it is with 1 more block".to_owned(),
        count => format!("; so it is with {count} more blocks"),
    };
    // A page that nobody has written claims for needs one word, not one a block.
    let message = format!(
        "curl ends with 0 whatever the server answers, and nothing else of this block is judged{and_others}"
    );
    let help =
        "claim something of what it prints, record it (`labctl record`), or let it fail: `curl -f`";
    vec![Diagnostic::warning("status-unseen", *first, message).with_help(help)]
}

fn sees_no_status(command: &Command) -> bool {
    // Each fails on a status, or shows it for somebody to look at.
    const SEEN: [(&str, char); 3] = [("fail", 'f'), ("fail-with-body", 'f'), ("write-out", 'w')];
    let words = command.arguments();
    command.program_name() == Some("curl")
        && !SEEN
            .iter()
            .any(|(long, short)| option_is_set(words, long, Some(*short)))
        && !words.iter().any(|word| {
            word.has_expansion && !word.text.contains("://") && word.text.starts_with('$')
        })
}
