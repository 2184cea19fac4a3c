//! What holds of every document, however odd.

use std::{collections::HashSet, fmt::Write as _};

use labctl_runbook::{LineIndex, Runbook, Span, expect::Statement, infer, redact};
use proptest::prelude::*;

/// Pieces that mean something, to be put together without sense.
const PIECES: [&str; 74] = [
    "```",
    "````",
    "~~~",
    "`",
    "bash",
    "sh ",
    "python",
    "mermaid",
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "> ",
    ">",
    "- ",
    "1. ",
    "* ",
    "# ",
    "---\n",
    "+++\n",
    "---",
    "{",
    "}",
    "{}",
    "{\"name\": \"x\"}",
    "{name=x}",
    "{ name: x }",
    "{\"ignore\": true}",
    "{\"a\": [1, {\"b\"",
    "<!--",
    "-->",
    "<!-- expect\n",
    "<!-- expect ",
    "<!-- expct ",
    "<!-->",
    "expect",
    "exit == 0\n",
    "json $.a == 1",
    "stdout contains \"-->\"",
    "timeout 5m\n",
    "<details>\n",
    "</details>\n",
    "<b>",
    "\\",
    "\"",
    "'",
    "=",
    "#",
    "$ ",
    "$",
    "echo hi",
    "docker compose up",
    "a: b\n",
    "labctl:\n",
    "  timeout: 5m\n",
    "  env: {A: 1}\n",
    "  redact: [uuid]\n",
    "[x]: y\n",
    "![a](b)",
    "é",
    "日本",
    "\u{feff}",
    "\u{2028}",
    "\0",
    "🦀",
    "\u{200d}",
    "&amp;",
    "|a|b|\n|--|--|\n",
    "text",
    "*em*",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)
        .prop_map(|pieces| pieces.concat())
}

fn check_span(source: &str, span: Span) -> Result<(), TestCaseError> {
    prop_assert!(
        source.get(span.range()).is_some(),
        "{span:?} of {}",
        source.len()
    );
    Ok(())
}

fn check(source: &str) -> Result<(), TestCaseError> {
    let runbook = Runbook::parse(source);
    prop_assert_eq!(Runbook::count_blocks(source), runbook.blocks.len());
    let index = LineIndex::new(source);
    let mut last = 0;
    for diagnostic in &runbook.diagnostics {
        check_span(source, diagnostic.span)?;
        prop_assert!(diagnostic.span.start() >= last, "out of order");
        last = diagnostic.span.start();
        let message = &diagnostic.message;
        prop_assert!(
            !message.contains('\n') && !message.ends_with('.'),
            "{message:?}"
        );
        index.position(last);
    }
    let mut candidates = HashSet::new();
    for block in &runbook.blocks {
        check_span(source, block.span)?;
        check_span(source, block.opening)?;
        prop_assert_eq!(index.line(block.opening.start()), block.line);
        prop_assert!(block.span.start() <= block.opening.start());
        prop_assert!(block.opening.end() <= block.span.end());
        prop_assert!(!block.code.ends_with('\n'));
        let lines: Vec<_> = block.code.split('\n').collect();
        let count = if block.code.is_empty() {
            0
        } else {
            lines.len()
        };
        prop_assert_eq!(block.code_lines.len(), count);
        for (span, line) in block.code_lines.iter().zip(lines) {
            check_span(source, *span)?;
            prop_assert_eq!(source[span.range()].trim_start(), line.trim_start());
            prop_assert!(block.span.start() <= span.start() && span.end() <= block.span.end());
        }
        for statement in &block.expectations.statements {
            check_span(
                source,
                match statement {
                    Statement::Claim(claim) => claim.span,
                    Statement::Capture(capture) => capture.span,
                },
            )?;
        }
        // Rule 4.5: only a name that is another's plus a suffix may be there twice.
        let is_new = candidates.insert(block.name.clone());
        let has_suffix = block
            .name
            .rsplit_once('-')
            .is_some_and(|(_, suffix)| suffix.parse::<usize>().is_ok());
        prop_assert!(is_new || has_suffix, "{}", block.name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_panic(source in any::<String>()) {
        check(&source)?;
    }

    #[test]
    fn any_markdown_is_read_without_panic(source in soup()) {
        check(&source)?;
    }

    #[test]
    fn any_front_matter_is_read_without_panic(body in soup(), delimiter in prop::sample::select(&["---", "+++", "{"][..])) {
        check(&format!("{delimiter}\n{body}\n{delimiter}\n```sh\nx\n```\n"))?;
    }

    #[test]
    fn any_info_string_is_no_error(info in "[^\n\r`\0]{0,40}") {
        let source = format!("```{info}\nx\n```\n");
        let runbook = Runbook::parse(&source);
        prop_assert!(!runbook.has_errors());
        prop_assert!(runbook.blocks.iter().all(|block| block.code == "x"));
        check(&source)?;
    }

    #[test]
    fn code_survives_any_depth_of_lists_and_quotes(
        lines in prop::collection::vec("[a-z]( {0,3}[a-z#>-]){0,4}", 1..6),
        containers in prop::collection::vec(prop::sample::select(&["> ", "- ", "12) "][..]), 0..6),
    ) {
        let mut source = String::new();
        for (index, line) in std::iter::once("```sh").chain(lines.iter().map(String::as_str)).chain(["```"]).enumerate() {
            for container in &containers {
                let is_continued = index > 0 && *container != "> ";
                let _ = if is_continued { write!(source, "{}", " ".repeat(container.len())) } else { write!(source, "{container}") };
            }
            let _ = writeln!(source, "{line}");
        }
        let runbook = Runbook::parse(&source);
        prop_assert_eq!(runbook.blocks.len(), 1, "{}", &source);
        prop_assert_eq!(&runbook.blocks[0].code, &lines.join("\n"), "{}", &source);
        check(&source)?;
    }
}

/// Lines of what commands print: words, JSON, and values of the kinds that are hidden.
fn printed() -> impl Strategy<Value = String> {
    let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}";
    let piece = prop_oneof![
        uuid.prop_map(|uuid: String| format!("{{\"id\": \"{uuid}\", \"n\": 3}}")),
        "[0-9]{1,3}".prop_map(|n: String| format!("[{{\"at\": {n}}}, {{\"at\": 7}}]")),
        "[0-9]{1,3}".prop_map(|n: String| format!("took {n}ms on :80{n}")),
        "[a-z{}\\[\\]\",:0-9 ]{0,12}",
        Just("same".to_owned()),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|lines| lines.join("\n"))
}

proptest! {
    /// Rules that are found do what they are found for; where there are none, the outputs differ.
    #[test]
    fn inferred_rules_make_outputs_the_same(texts in proptest::collection::vec(printed(), 1..4)) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        match infer(&texts) {
            Ok(rules) => {
                let hidden: Result<Vec<_>, _> = texts.iter().map(|text| redact(text, &rules)).collect();
                let hidden = hidden.expect("the rules fit");
                prop_assert!(hidden.windows(2).all(|pair| pair[0].lines().eq(pair[1].lines())), "{hidden:?} {rules:?}");
            }
            Err(difference) => {
                prop_assert!(difference.line > 0 && difference.first != difference.other);
            }
        }
    }

    /// Beside a value that varies, one of its kind that does not is kept.
    #[test]
    fn what_does_not_vary_at_its_path_is_never_hidden(ids in proptest::collection::hash_set("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", 3..4)) {
        let ids: Vec<String> = ids.into_iter().collect();
        let texts = [&ids[0], &ids[1]].map(|id| format!("{{\"id\": \"{id}\", \"owner\": \"{}\"}}", ids[2]));
        let rules = infer(&[&texts[0], &texts[1]]).expect("they are ids");
        let hidden = redact(&texts[0], &rules).expect("the rules fit");
        prop_assert_eq!(hidden, format!("{{\"id\": \"[uuid]\", \"owner\": \"{}\"}}", ids[2]));
    }
}
