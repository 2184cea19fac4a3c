//! Which blocks a document has, and what they are called.

use labctl_runbook::{Block, Language, Runbook, ShellKind};

fn parse(source: &str) -> Vec<Block> {
    let blocks = Runbook::parse(source).blocks;
    assert_eq!(Runbook::count_blocks(source), blocks.len(), "{source}");
    blocks
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

/// Each finding's code, and `place: message`.
fn diagnostics(source: &str) -> Vec<(&'static str, String)> {
    Runbook::parse(source)
        .diagnostics
        .into_iter()
        .map(|found| {
            let place = &source[found.span.range()];
            (found.code, format!("{place}: {}", found.message))
        })
        .collect()
}

#[test]
fn rule_2_1_fences_are_those_of_commonmark() {
    check_codes("```\na\n```", &["a"]);
    check_codes("   ```\n    a\n   ```", &[" a"]);
    check_codes("````\na\n```\nb\n`````\nc", &["a\n```\nb"]);
    check_codes("``` a`b\nc\n", &[]);
    check_codes("``\na\n``", &[]);
    check_codes("```\n```\n", &[""]);
    check_codes("```sh\r\na\r\n\r\nb\r\n```\r\n", &["a\n\nb"]);
    check_codes("text\n```\na\n```\ntext", &["a"]);
}

#[test]
fn rule_2_2_a_longer_fence_swallows_shorter_ones() {
    check_codes("````md\n```bash\nx\n```\n````\n", &["```bash\nx\n```"]);
}

#[test]
fn rule_2_3_tilde_fences_are_equal() {
    check_codes("~~~sh `x`\na\n```\n~~~\n", &["a\n```"]);
    let block = &parse("~~~bash {\"name\": \"`x`\"}\na\n~~~\n")[0];
    assert_eq!((block.name.as_str(), block.is_named), ("`x`", true));
}

#[test]
fn rule_2_4_fences_in_lists_and_quotes_lose_the_prefix() {
    check_codes("- a\n\n  ```\n  x\n    y\n  ```\n", &["x\n  y"]);
    check_codes("1. ```\n   x\n\n   y\n   ```\n", &["x\n\ny"]);
    check_codes("> ```\n> x\n>\n> y\n> ```\n", &["x\n\ny"]);
    check_codes("> 1. > - ```\n>    >   x\n>    >   ```\n", &["x"]);
    check_codes("> > ```\n> > a\r\n> > b\n> ```\nx", &["a\nb", ""]);
    check_codes("- ```\n  a\n  ```\n- ```\n  b\n  ```\n", &["a", "b"]);
}

#[test]
fn rule_2_4_tabs_count_as_columns() {
    check_codes("-\t```\n\tx\n\t\ty\n\t```\n", &["x\n\ty"]);
    check_codes("```\n\tx\n```\n", &["\tx"]);
    check_codes(" ```\n\tx\n ```\n", &["   x"]);
}

#[test]
fn rule_2_5_an_open_fence_runs_to_the_end_of_its_container() {
    check_codes("```\na\n\nb", &["a\n\nb"]);
    check_codes("> ```\n> a\n\nb\n", &["a"]);
    check_codes("- ```\n  a\n\nb\n", &["a"]);
    for (source, is_reported) in [
        ("```sh\na", true),
        ("```sh\na\n``", true),
        ("> ```\n> a\n\nb\n", true),
        ("```", true),
        ("```\n```", false),
        ("> ```\n> a\n> ```\n", false),
        ("~~~\n```\n~~~  \n", false),
        ("```\r\na\r\n```\r\n", false),
    ] {
        let found = diagnostics(source);
        assert_eq!(
            found.first().map(|(code, _)| *code),
            is_reported.then_some("unclosed-fence"),
            "{source}"
        );
    }
}

#[test]
fn rule_2_6_indented_code_is_an_unnamed_block_without_language() {
    let blocks = parse("text\n\n    $ ls -l\n    x\n\n\ttab {\"name\": \"y\"}\n\ntext");
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].code, "ls -l\nx\n\ntab {\"name\": \"y\"}");
    assert_eq!(blocks[0].language, Language::None);
    assert_eq!(blocks[0].name, "ls-l");
    assert!(!blocks[0].is_named && blocks[0].attributes.is_empty());
    check_codes("text\n    no code\n", &[]);
}

#[test]
fn rule_2_7_fences_in_html_are_no_blocks() {
    check_codes("<!--\n```\nx\n```\n-->\n", &[]);
    check_codes("<details>\n```\nx\n```\n</details>\n", &[]);
    check_codes("<details>\n\n```\nx\n```\n\n</details>\n", &["x"]);
    check_codes("<!-- a --> \n```\nx\n```\n", &["x"]);
}

#[test]
fn rule_2_8_ignored_and_mermaid_blocks_are_dropped() {
    let is_listed = |info: &str| !parse(&format!("```{info}\nx\n```")).is_empty();
    for info in [
        "sh {\"ignore\": \"true\"}",
        "sh {\"ignore\": true}",
        "sh {ignore=1}",
        "sh {\"transform\": false}",
        "sh {transform=F ignore=0}",
        "sh {transform=maybe ignore=t}",
        "mermaid",
        "mermaid {\"ignore\": \"yes\"}",
        "mermaid {\"transform\": false, \"ignore\": false}",
    ] {
        assert!(!is_listed(info), "{info}");
    }
    for info in [
        "sh {\"ignore\": false}",
        "sh {\"ignore\": \"yes\"}",
        "sh {\"transform\": true, \"ignore\": true}",
        "sh {transform=no}",
        "mermaid {\"transform\": true}",
        "mermaid {ignore=0}",
        "Mermaid",
    ] {
        assert!(is_listed(info), "{info}");
    }
}

#[test]
fn rule_2_9_dropped_blocks_consume_names() {
    check_names(
        "```sh {ignore=1}\necho\n```\n```sh\necho\n```\n```mermaid {\"name\": \"x\"}\ng\n```\n```sh {name=x}\ny\n```",
        &["echo-2", "x-2"],
    );
}

#[test]
fn rule_2_10_every_language_is_listed() {
    let languages = [
        ("", Language::None),
        ("bash", Language::Shell(ShellKind::Bash)),
        ("sh", Language::Shell(ShellKind::Default)),
        ("shell", Language::Shell(ShellKind::Default)),
        ("zsh", Language::Shell(ShellKind::Zsh)),
        ("python", Language::Other("python".into())),
        ("yaml", Language::Other("yaml".into())),
        ("bash{name=x}", Language::Shell(ShellKind::Bash)),
        ("{name=x}", Language::None),
    ];
    for (word, language) in languages {
        assert_eq!(parse(&format!("```{word}\nx\n```"))[0].language, language);
    }
}

#[test]
fn rule_2_11_extensions_do_not_change_which_fences_are_seen() {
    check_codes("| a |\n|---|\n| b |\n```\nx\n```\n", &["x"]);
    check_codes("> [!NOTE]\n> ```\n> x\n> ```\n", &["x"]);
    check_codes("$$\n```\nx\n```\n$$\n", &["x"]);
    check_codes(":::note\n```\nx\n```\n:::\n", &["x"]);
    check_codes("[^1]: note\n\n```\nx\n```\n", &["x"]);
    check_codes("- [ ] task\n  ```\n  x\n  ```\n", &["x"]);
}

#[test]
fn rule_2_12_a_fence_without_language_is_listed_as_such() {
    let blocks = parse("```\n+---+\n| a |\n+---+\n```\n");
    assert_eq!(blocks[0].language, Language::None);
    assert!(!blocks[0].is_named);
}

#[test]
fn rule_3_8_no_info_string_is_an_error() {
    for info in [
        "{ name: \"test\" }",
        "sh {\"a\": {}}",
        "{",
        "}",
        "{}",
        "sh {{{}}}",
        "a{b}c{d}",
        "{=}",
    ] {
        let runbook = Runbook::parse(&format!("```{info}\nx\n```"));
        assert!(!runbook.has_errors(), "{info}");
        assert_eq!(runbook.blocks.len(), 1, "{info}");
    }
}

#[test]
fn the_info_string_is_read_as_written() {
    let block = &parse("```bash {\"name\": \"a\\\\b&amp;c\"}\nx\n```")[0];
    assert_eq!(block.name, "a\\b&amp;c");
}

#[test]
fn rule_4_1_an_explicit_name_is_verbatim() {
    check_names("```sh {\"name\": \"A b/c!\"}\nx\n```", &["A b/c!"]);
    check_names("```sh {\"name\": \"\"}\nls\n```", &["ls"]);
}

#[test]
fn rule_4_2_names_are_generated_from_cleaned_lines() {
    check_names("```sh\n# why\n$ docker ps\n```", &["docker-ps"]);
    check_names("```sh\n#!/bin/sh\n# x y\n```", &["binsh"]);
    check_names("```sh\n```", &[""]);
}

#[test]
fn rule_4_4_explicit_names_go_through_the_same_counter() {
    check_names(
        "```sh {name=x}\na\n```\n```sh {name=x}\nb\n```\n",
        &["x", "x-2"],
    );
    check_names(
        "```sh\necho\n```\n```sh {name=echo}\nb\n```\n",
        &["echo", "echo-2"],
    );
    check_names(
        "```sh\nstty -opost\n```\n\n```sh\nstty -opost\n```\n",
        &["stty-opost", "stty-opost-2"],
    );
}

#[test]
fn rule_4_5_suffixed_names_may_meet_others() {
    let source = "```sh {name=x-2}\na\n```\n```sh {name=x}\nb\n```\n```sh {name=x}\nc\n```\n";
    check_names(source, &["x-2", "x", "x-2"]);
    let runbook = Runbook::parse(source);
    let found: Vec<_> = runbook
        .blocks_named("x-2")
        .map(|(index, _)| index)
        .collect();
    assert_eq!(found, [0, 2]);
}

#[test]
fn rule_4_7_named_means_the_attribute_was_there() {
    let blocks = parse(
        "```sh {name=x}\na\n```\n```sh {name=x}\nb\n```\n```sh\nc\n```\n```sh {name=}\nd\n```",
    );
    let named: Vec<_> = blocks.iter().map(|block| block.is_named).collect();
    assert_eq!(named, [true, true, false, false]);
}

#[test]
fn a_duplicate_name_is_pointed_at_where_it_is_second() {
    let source = "```sh {name=x}\na\n```\n\n```sh {name=x}\nb\n```\n";
    assert_eq!(
        diagnostics(source),
        [(
            "duplicate-name",
            "```sh {name=x}: the name `x` is taken by the block on line 1: this one is `x-2`"
                .into()
        )]
    );
    assert_eq!(Runbook::parse(source).diagnostics[0].span.start(), 22);
    assert!(diagnostics("```sh\na\n```\n```sh\na\n```").is_empty());
}

#[test]
fn rule_4_8_the_description_is_the_paragraph_immediately_before() {
    let described = |before: &str| {
        let blocks = parse(&format!("{before}```sh\nx\n```"));
        blocks[blocks.len() - 1].description.clone()
    };
    assert_eq!(described("Read *it*:\n"), "Read *it*.");
    assert_eq!(
        described("First.\n\nSecond one\nhere\n\n"),
        "Second one\nhere"
    );
    assert_eq!(described("Text\n\n# Heading\n\n"), "");
    assert_eq!(described("Text\n\n- item\n\n"), "");
    assert_eq!(described("Text\n\n```\ny\n```\n"), "");
    assert_eq!(described("Text\n\n---\n"), "");
    assert_eq!(described("Text\n\n<!-- note -->\n"), "");
    assert_eq!(
        described("Text <b>x</b> `y` [z](u)\n"),
        "Text <b>x</b> `y` [z](u."
    );
    let in_list = &parse("1. Start it:\n\n   ```sh\n   x\n   ```\n")[0];
    assert_eq!(in_list.description, "Start it.");
    let in_tight_list = &parse("- Start *it*\n  now\n  ```sh\n  x\n  ```\n")[0];
    assert_eq!(in_tight_list.description, "Start *it*\nnow");
    let in_quote = &parse("> Start\n> it\n>\n> ```sh\n> x\n> ```\n")[0];
    assert_eq!(in_quote.description, "Start\nit");
}

#[test]
fn rule_4_9_the_first_command_is_listed() {
    let first = |code: &str| {
        parse(&format!("```sh\n{code}\n```"))[0]
            .first_command
            .clone()
    };
    assert_eq!(first("# why\ncurl -s x | jq . # all"), "curl -s x | jq .");
    assert_eq!(first("# only"), "# only");
}

#[test]
fn rule_1_10_a_session_record_lists_no_blocks() {
    let source = "---\nrunme:\n  session:\n    id: 01J\n---\n```sh\nx\n```\n<!-- expcet -->\n";
    let runbook = Runbook::parse(source);
    assert!(runbook.front_matter.is_session_record);
    assert!(runbook.blocks.is_empty() && runbook.diagnostics.is_empty());
    assert_eq!(Runbook::count_blocks(source), 0);
}

#[test]
fn rule_1_9_invalid_front_matter_does_not_hide_the_blocks() {
    let runbook = Runbook::parse("---\ncwd: [\n---\n```sh\nx\n```\n");
    assert_eq!(runbook.blocks.len(), 1);
    assert_eq!(runbook.blocks[0].line, 4);
    assert!(runbook.has_errors());
}

#[test]
fn rule_1_5_a_break_on_the_first_line_hides_blocks_and_is_said() {
    let runbook = Runbook::parse("---\n# Title\n```sh\nx\n```\n---\n```sh\ny\n```\n");
    let codes: Vec<_> = runbook
        .blocks
        .iter()
        .map(|block| block.code.as_str())
        .collect();
    assert_eq!(codes, ["y"]);
    let help = runbook.diagnostics[0].help.as_deref().unwrap_or_default();
    assert!(help.contains("***"), "{help}");
}

#[test]
fn a_byte_order_mark_does_not_hide_the_first_fence() {
    check_codes("\u{feff}```sh\nx\n```\n", &["x"]);
}

#[test]
fn a_block_knows_its_place() {
    let source = "text\n\n> ```bash {\"name\": \"a\"}\n> x\n> ```\nmore";
    let block = &parse(source)[0];
    assert_eq!(block.line, 3);
    assert_eq!(&source[block.opening.range()], "```bash {\"name\": \"a\"}");
    assert_eq!(
        &source[block.span.range()],
        "```bash {\"name\": \"a\"}\n> x\n> ```"
    );
}
