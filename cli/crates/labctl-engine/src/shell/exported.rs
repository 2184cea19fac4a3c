//! What `export -p` prints, read back: bash (`declare -x A="b"`, `$'…'`), dash (`export A='b'`), zsh.

use std::{collections::BTreeMap, ffi::OsString, os::unix::ffi::OsStringExt};

/// Variables a shell keeps for itself; they are not carried from block to block.
const OWN: &[&[u8]] = &[
    b"_",
    b"SHLVL",
    b"PWD",
    b"OLDPWD",
    b"BASHOPTS",
    b"SHELLOPTS",
    b"LABCTL_BLOCK",
];

/// The exported variables in the text of `export -p`.
pub(super) fn parse(text: &[u8]) -> BTreeMap<OsString, OsString> {
    let mut rest = text;
    let mut variables = BTreeMap::new();
    while !rest.is_empty() {
        let (words, after) = statement(rest);
        rest = after;
        // `declare -x NAME`, `export NAME`: exported, but without a value.
        for word in words.iter().skip(1) {
            if let Some(equals) = word.iter().position(|byte| *byte == b'=')
                && !OWN.contains(&&word[..equals])
            {
                let name = OsString::from_vec(word[..equals].to_vec());
                variables.insert(name, OsString::from_vec(word[equals + 1..].to_vec()));
            }
        }
    }
    variables
}

/// The words of the statement at the start of `text`, unquoted, and what follows its newline.
fn statement(text: &[u8]) -> (Vec<Vec<u8>>, &[u8]) {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\n' => {
                at += 1;
                break;
            }
            b' ' => words.extend(word.take()),
            b'\'' => at = single(text, at + 1, word.get_or_insert_default()),
            b'"' => at = double(text, at + 1, word.get_or_insert_default()),
            b'$' if text.get(at + 1) == Some(&b'\'') => {
                at = ansi(text, at + 2, word.get_or_insert_default());
            }
            b'\\' if at + 1 < text.len() => {
                at += 1;
                word.get_or_insert_default().push(text[at]);
            }
            byte => word.get_or_insert_default().push(byte),
        }
        at += 1;
    }
    words.extend(word);
    (words, &text[at.min(text.len())..])
}

/// Up to the closing `'`; its position.
fn single(text: &[u8], mut at: usize, word: &mut Vec<u8>) -> usize {
    while at < text.len() && text[at] != b'\'' {
        word.push(text[at]);
        at += 1;
    }
    at
}

/// Up to the closing `"`; a backslash quotes `"`, `\`, `$` and a backquote only.
fn double(text: &[u8], mut at: usize, word: &mut Vec<u8>) -> usize {
    while at < text.len() && text[at] != b'"' {
        if text[at] == b'\\' && matches!(text.get(at + 1), Some(b'"' | b'\\' | b'$' | b'`')) {
            at += 1;
        }
        word.push(text[at]);
        at += 1;
    }
    at
}

/// Up to the closing `'` of `$'…'`, with its escapes.
fn ansi(text: &[u8], mut at: usize, word: &mut Vec<u8>) -> usize {
    while at < text.len() && text[at] != b'\'' {
        if text[at] != b'\\' || at + 1 == text.len() {
            word.push(text[at]);
            at += 1;
            continue;
        }
        at += 1;
        let octal = text[at..]
            .iter()
            .take(3)
            .take_while(|byte| matches!(byte, b'0'..=b'7'))
            .count();
        if octal > 0 {
            let value = text[at..at + octal]
                .iter()
                .fold(0_u32, |value, byte| value * 8 + u32::from(byte - b'0'));
            word.push(value.to_le_bytes()[0]);
            at += octal;
            continue;
        }
        word.push(match text[at] {
            b'a' => 7,
            b'b' => 8,
            b'E' | b'e' => 27,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            byte => byte,
        });
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected: BTreeMap<_, _> = expected
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .collect();
        assert_eq!(parse(text.as_bytes()), expected);
    }

    #[test]
    fn every_shells_way_of_printing_is_read() {
        check(
            "declare -x A=\"b \\\" \\$ \\\\ c\"\ndeclare -x B\n",
            &[("A", "b \" $ \\ c")],
        );
        check(
            "declare -x A=$'a\\n\\tb\\001\\'c'\n",
            &[("A", "a\n\tb\u{1}'c")],
        );
        check(
            "declare -x A=\"two\nlines\"\ndeclare -x B=\"x\"\n",
            &[("A", "two\nlines"), ("B", "x")],
        );
        check(
            "export A='it'\"'\"'s'\nexport B=''\n",
            &[("A", "it's"), ("B", "")],
        );
        check("export A=plain\n", &[("A", "plain")]);
        check("declare -x PWD=\"/x\"\ndeclare -x _=\"y\"\n", &[]);
        check("declare -x A=\"unfinished", &[("A", "unfinished")]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
        #[test]
        fn what_bash_and_sh_print_is_read_back(value in "[^\0]{0,40}") {
            for shell in ["bash", "sh"] {
                let output = Command::new(shell).args(["-c", "export -p"]).env_clear().env("VALUE", &value).output().unwrap();
                prop_assert_eq!(parse(&output.stdout).remove(&OsString::from("VALUE")), Some(OsString::from(&value)));
            }
        }

        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            parse(&text);
        }
    }
}
