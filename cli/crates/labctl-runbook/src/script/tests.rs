use proptest::prelude::*;

use super::{Script, assignments};

/// One line a command: its program and arguments, then its circumstances in brackets.
fn show(code: &str) -> String {
    let script = Script::new(code);
    let lines: Vec<String> = script
        .commands
        .iter()
        .map(|command| {
            let words: Vec<&str> = if command.words.is_empty() {
                command
                    .assignments
                    .iter()
                    .map(|word| word.text.as_str())
                    .collect()
            } else {
                command
                    .program_words()
                    .iter()
                    .map(|word| word.text.as_str())
                    .collect()
            };
            let mut marks = Vec::new();
            for (holds, mark) in [
                (command.is_fed, "fed"),
                (command.is_background, "background"),
                (command.is_bounded, "bounded"),
                (command.is_guarded, "guarded"),
                (command.is_in_loop, "loop"),
            ] {
                if holds {
                    marks.push(mark);
                }
            }
            let marks = if marks.is_empty() {
                String::new()
            } else {
                format!(" [{}]", marks.join(" "))
            };
            format!("{}{marks}", words.join("|"))
        })
        .collect();
    lines.join("; ")
}

#[track_caller]
fn check(code: &str, expected: &str) {
    assert_eq!(show(code), expected, "{code}");
}

#[test]
fn simple_commands_are_found_with_their_words() {
    check("echo a 'b c' \"d $X\"", "echo|a|b c|d $X");
    check("a; b && c\nd", "a; b; c; d");
    check("a \\\n  b", "a|b");
    check("a # b; c\nd", "a; d");
    check("echo a#b", "echo|a#b");
    check("X=1 Y=2 cmd x", "cmd|x");
    check("X=1", "X=1");
    check("a 2>/dev/null >out 2>&1 b", "a|b");
    check("a &> log", "a");
    check("echo {1..25} *.rs", "echo|{1..25}|*.rs");
    check("", "");
}

#[test]
fn pipes_and_redirections_feed_standard_input() {
    check("a | b", "a; b [fed]");
    check("psql < file", "psql [fed]");
    check("psql <<< 'select 1'", "psql [fed]");
    check("psql <<EOF\nselect 1; rm x\nEOF\nnext", "psql [fed]; next");
    check(
        "psql <<-'EOF' | cat\n\tit's $(no)\n\tEOF\nnext",
        "psql [fed]; cat [fed]; next",
    );
    check("cat <<EOF\n$(date) text\nEOF\n", "date; cat [fed]");
    check(
        "while read x; do a; done < f",
        "read|x [fed guarded loop]; a [fed loop]",
    );
    check(
        "ls | while read x; do a; done",
        "ls; read|x [fed guarded loop]; a [fed loop]",
    );
    check("a 3< f", "a");
}

#[test]
fn circumstances_reach_everything_they_hold_for() {
    check("a & b", "a [background]; b");
    check("(a; b) & c", "a [background]; b [background]; c");
    check(
        "{ a; b | c; } &",
        "a [background]; b [background]; c [fed background]",
    );
    check("a && b &", "a [background]; b [background]");
    check(
        "for i in 1 2; do a $i & done; wait",
        "a|$i [background loop]; wait",
    );
    check("a || b", "a [guarded]; b [guarded]");
    check("a && b || c", "a [guarded]; b [guarded]; c [guarded]");
    check(
        "if a; then b; elif c; then d; else e; fi; f",
        "a [guarded]; b [guarded]; c [guarded]; d [guarded]; e [guarded]; f",
    );
    check("timeout 5 a b", "a|b [bounded]");
    check("timeout -k 1 5s sudo -u x a", "a [bounded]");
    check(
        "a -f | grep x | head -n 3",
        "a|-f [bounded]; grep|x [fed bounded]; head|-n|3 [fed]",
    );
    check(
        "timeout 9 bash -c 'while true; do a; done'",
        "bash|-c|while true; do a; done [bounded]; true [bounded guarded loop]; a [bounded loop]",
    );
}

#[test]
fn substitutions_are_followed() {
    check("x=$(a | b)", "a; b [fed]; x=$(a | b)");
    check("echo \"$(a \"$(b)\")\"", "b; a|$(b); echo|$(a \"$(b)\")");
    check("echo `a b`", "a|b; echo|`a b`");
    check(
        "echo $(( $(date +%s) - start ))",
        "date|+%s; echo|$(( $(date +%s) - start ))",
    );
    check("diff <(a) <(b)", "a; b; diff|<(a)|<(b)");
    check("echo ${X:-$(a)}", "a; echo|${X:-$(a)}");
    check(
        "x=$(cat <<EOF\nit's\nEOF\n)\nb",
        "cat [fed]; x=$(cat <<EOF\nit's\nEOF\n); b",
    );
    check("arr=(a b); c", "arr=(a b); c");
}

#[test]
fn compound_commands_are_entered() {
    check(
        "case $x in a|b) c;; *) d ;; esac; e",
        "c [guarded]; d [guarded]; e",
    );
    check("f() { a; }; f", "a; f");
    check("function f { a; }\nf", "a; f");
    check("for ((i=0; i<3; i++)); do a; done", "a [loop]");
    check("(( x > 3 )) && a", "a");
    check("[[ $a == b && $c =~ (x|y) ]] && d", "[[|]]; d");
    check(
        "if [ \"$a\" = b ]; then c; fi",
        "[|$a|=|b|] [guarded]; c [guarded]",
    );
    check("time curl x", "curl|x");
    check("! a", "a");
    check("time { a; }", "a");
}

#[test]
fn wrappers_are_passed_over() {
    check("sudo -E env A=1 nice -n 5 a", "a");
    check("nohup a -x", "a|-x");
    check("command -v jq", "command|-v|jq");
    check("xargs -n 1 docker rm", "docker|rm");
    check("env", "env");
}

#[test]
fn loops_without_end_are_known() {
    for (code, heads) in [
        ("while true; do a; done", vec!["while true"]),
        ("while :; do a; done", vec!["while :"]),
        ("until false; do a; done", vec!["until false"]),
        ("for ((;;)); do a; done", vec!["for ((;;))"]),
        ("while true; do a || break; done", vec![]),
        ("while true; do if a; then exit 0; fi; done", vec![]),
        ("while a; do b; done", vec![]),
        ("until curl x; do sleep 1; done", vec![]),
        ("for x in a b; do c; done", vec![]),
        ("for ((i=0;i<3;i++)); do a; done", vec![]),
        ("while true; do a; done & b", vec!["while true"]),
    ] {
        let script = Script::new(code);
        let found: Vec<&str> = script
            .endless_loops
            .iter()
            .map(|found| &code[found.head.clone()])
            .collect();
        assert_eq!(found, heads, "{code}");
    }
}

#[test]
fn variables_read_and_set_are_known() {
    let code = "export A=1\nB=2; read -r C; for D in x; do :; done\necho $E ${F:-x} '$G' \"$H\" $((I=1)) \\$J";
    let script = Script::new(code);
    let read: Vec<&str> = script
        .variables
        .iter()
        .map(|used| used.name.as_str())
        .collect();
    assert_eq!(read, ["E", "F", "H"]);
    let mut set: Vec<(String, bool)> = assignments(&script)
        .into_iter()
        .map(|assignment| (assignment.name, assignment.is_exported))
        .collect();
    set.sort();
    let expected = [("A", true), ("B", false), ("C", false), ("D", false)];
    assert_eq!(
        set,
        expected.map(|(name, is_exported)| (name.to_owned(), is_exported))
    );
}

fn shell_like() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "docker",
        " ",
        " ",
        "\n",
        ";",
        "&",
        "&&",
        "|",
        "||",
        "(",
        ")",
        "((",
        "))",
        "{",
        "}",
        "$(",
        "${",
        "$X",
        "\"",
        "'",
        "`",
        "\\",
        "<<EOF\n",
        "EOF\n",
        "<",
        ">",
        "<<<",
        "#",
        "if ",
        "then ",
        "fi ",
        "while ",
        "true",
        "do ",
        "done ",
        "case ",
        " in ",
        "esac ",
        ";;",
        "for ",
        "f() ",
        "[[ ",
        " ]]",
        "X=",
        "é",
        "😀",
        "\t",
        "bash -c '",
        "$'",
        "timeout 5 ",
        "function ",
        "<(",
        "*",
        "@(",
        "\r",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

fn every_place_is_sound(code: &str) {
    let script = Script::new(code);
    for command in &script.commands {
        for word in command.words.iter().chain(&command.assignments) {
            assert!(
                code.get(word.range.clone()).is_some(),
                "{word:?} in {code:?}"
            );
        }
        assert!(command.program <= command.words.len());
    }
    for used in &script.variables {
        assert!(
            code[used.range.clone()].starts_with('$'),
            "{used:?} in {code:?}"
        );
    }
    for found in &script.endless_loops {
        assert!(code.get(found.head.clone()).is_some());
        assert!(found.first_command < script.commands.len());
    }
    for (_, position) in &script.set_by_loops {
        assert!(code.is_char_boundary(*position));
    }
}

proptest! {
    #[test]
    fn no_code_panics_and_every_place_lies_in_it(code in shell_like()) {
        every_place_is_sound(&code);
    }

    #[test]
    fn no_text_panics(code in any::<String>()) {
        every_place_is_sound(&code);
    }
}

#[test]
fn deep_nesting_neither_overflows_nor_explodes() {
    for piece in [
        "$(",
        "(",
        "\"$(",
        "{ ",
        "if ",
        "${X:-",
        "`",
        "((",
        "bash -c '",
        "<<EOF\n",
        "while ",
        "case a in b) ",
    ] {
        every_place_is_sound(&piece.repeat(20_000));
    }
}
