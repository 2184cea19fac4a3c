//! The exported variables of a session: what the blocks so far changed, and how a shell's own list is read.
//!
//! Shape of a list (`export -p`), one declaration a line, the value in any of the shell's quotings:
//! `declare -x NAME="a\"b"`, `export NAME='a'`, `declare -x NAME=$'a\nb'`; in bash then a NUL and the exported
//! functions, each followed by `declare -fx NAME`.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
};

use super::family::MARK;

/// Variables a shell sets for itself: never carried.
const INTERNAL: &[&str] = &[
    "_",
    "SHLVL",
    "PWD",
    "OLDPWD",
    "BASHOPTS",
    "SHELLOPTS",
    "BASH_EXECUTION_STRING",
    "PPID",
    "labctl_status",
    MARK,
];

pub(super) type Environment = BTreeMap<OsString, OsString>;

/// What the blocks so far have set (`Some`) and unset (`None`).
#[derive(Debug, Default)]
pub(super) struct Exports(BTreeMap<OsString, Option<OsString>>);

impl Exports {
    pub(super) fn apply(&self, environment: &mut Environment) {
        for (name, value) in &self.0 {
            match value {
                Some(value) => environment.insert(name.clone(), value.clone()),
                None => environment.remove(name),
            };
        }
    }

    /// Keeps what a block changed: `before` is what it started with, `list` what its shell wrote at its end.
    pub(super) fn learn(&mut self, before: &Environment, list: &[u8]) {
        let after = read_list(list);
        for (name, value) in &after {
            if !is_internal(name) && before.get(name) != Some(value) {
                self.0.insert(name.clone(), Some(value.clone()));
            }
        }
        for name in before.keys() {
            if !is_internal(name) && is_identifier(name.as_bytes()) && !after.contains_key(name) {
                self.0.insert(name.clone(), None);
            }
        }
    }
}

fn is_internal(name: &OsStr) -> bool {
    INTERNAL.iter().any(|internal| name == *internal)
}

fn is_identifier(name: &[u8]) -> bool {
    name.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && name.first().is_some_and(|byte| !byte.is_ascii_digit())
}

fn read_list(list: &[u8]) -> Environment {
    let mut parts = list.splitn(2, |byte| *byte == 0);
    let mut found = Environment::new();
    let mut rest = parts.next().unwrap_or_default();
    while !rest.is_empty() {
        let (words, after) = read_line(rest);
        rest = after;
        let Some(declaration) = words.last() else {
            continue;
        };
        let is_array = words
            .iter()
            .any(|word| word.starts_with(b"-") && word.contains(&b'a') | word.contains(&b'A'));
        let Some(equals) = declaration.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let (name, value) = (&declaration[..equals], &declaration[equals + 1..]);
        if words.len() > 1 && is_identifier(name) && !is_array {
            found.insert(
                OsString::from_vec(name.to_vec()),
                OsString::from_vec(value.to_vec()),
            );
        }
    }
    read_functions(parts.next().unwrap_or_default(), &mut found);
    found
}

/// Bash hands a function on in a variable `BASH_FUNC_name%%` whose value is its text without the name.
fn read_functions(list: &[u8], found: &mut Environment) {
    let mut text = Vec::new();
    for line in list.split_inclusive(|byte| *byte == b'\n') {
        let name = line
            .strip_prefix(b"declare -fx ")
            .map(<[u8]>::trim_ascii_end);
        let body = name.and_then(|name| text.strip_prefix(&[name, b" () \n"].concat()[..]));
        if let (Some(name), Some(body)) = (name, body) {
            let variable = [b"BASH_FUNC_", name, b"%%"].concat();
            // Bash takes it for a function only if it begins so.
            let value = [b"() ", body.trim_ascii_end()].concat();
            found.insert(OsString::from_vec(variable), OsString::from_vec(value));
            text = Vec::new();
        } else {
            text.extend_from_slice(line);
        }
    }
}

/// Reads one logical line into its words, quoting removed; gives what follows the line.
fn read_line(input: &[u8]) -> (Vec<Vec<u8>>, &[u8]) {
    let (mut words, mut word, mut is_word) = (Vec::new(), Vec::new(), false);
    let mut at = 0;
    while at < input.len() {
        let byte = input[at];
        at += 1;
        match byte {
            b'\n' | b' ' => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                    is_word = false;
                }
                if byte == b'\n' {
                    break;
                }
                continue;
            }
            b'\'' => at += read_single(&input[at..], &mut word),
            b'"' => at += read_double(&input[at..], &mut word),
            b'$' if input.get(at) == Some(&b'\'') => {
                at += 1 + read_ansi(&input[at + 1..], &mut word);
            }
            b'\\' => {
                word.extend(input.get(at));
                at += 1;
            }
            other => word.push(other),
        }
        is_word = true;
    }
    if is_word {
        words.push(word);
    }
    (words, &input[at.min(input.len())..])
}

fn read_single(input: &[u8], word: &mut Vec<u8>) -> usize {
    let end = input
        .iter()
        .position(|byte| *byte == b'\'')
        .unwrap_or(input.len());
    word.extend_from_slice(&input[..end]);
    end + 1
}

fn read_double(input: &[u8], word: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while at < input.len() && input[at] != b'"' {
        if input[at] == b'\\' && matches!(input.get(at + 1), Some(b'"' | b'\\' | b'$' | b'`')) {
            at += 1;
        }
        word.push(input[at]);
        at += 1;
    }
    at + 1
}

/// Reads `$'…'` after its opening quote.
fn read_ansi(input: &[u8], word: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while at < input.len() && input[at] != b'\'' {
        if input[at] != b'\\' {
            word.push(input[at]);
            at += 1;
            continue;
        }
        let escape = input.get(at + 1).copied().unwrap_or(b'\\');
        at += 2;
        match escape {
            b'a' => word.push(7),
            b'b' => word.push(8),
            b'e' | b'E' => word.push(27),
            b'f' => word.push(12),
            b'n' => word.push(b'\n'),
            b'r' => word.push(b'\r'),
            b't' => word.push(b'\t'),
            b'v' => word.push(11),
            b'x' => word.push(digits(input, &mut at, 16, 2).to_le_bytes()[0]),
            b'0'..=b'7' => {
                at -= 1;
                word.push(digits(input, &mut at, 8, 3).to_le_bytes()[0]);
            }
            b'u' | b'U' => {
                let most = if escape == b'u' { 4 } else { 8 };
                let character =
                    char::from_u32(digits(input, &mut at, 16, most)).unwrap_or('\u{fffd}');
                word.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => word.push(other),
        }
    }
    at + 1
}

fn digits(input: &[u8], at: &mut usize, radix: u32, most: usize) -> u32 {
    let mut value: u32 = 0;
    for _ in 0..most {
        let Some(digit) = input
            .get(*at)
            .and_then(|byte| char::from(*byte).to_digit(radix))
        else {
            break;
        };
        value = value.wrapping_mul(radix).wrapping_add(digit);
        *at += 1;
    }
    value
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(list: &[u8], expected: &[(&str, &[u8])]) {
        let found = read_list(list);
        let expected: Environment = expected
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from_vec(value.to_vec())))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_quoting_of_the_shells_is_read() {
        check(
            b"declare -x A=\"q\\\"\\$\\`\\\\ \\n\"\n",
            &[("A", b"q\"$`\\ \\n")],
        );
        check(
            b"declare -x A=$'x\\ny\\377\\'\\x41\\u00e4'\n",
            &[("A", b"x\ny\xff'A\xc3\xa4")],
        );
        check(
            b"export A='it'\"'\"'s'\nexport B=bare\\ word\n",
            &[("A", b"it's"), ("B", b"bare word")],
        );
        check(
            b"declare -x A=\"two\nlines\"\ndeclare -ix N=\"5\"\n",
            &[("A", b"two\nlines"), ("N", b"5")],
        );
    }

    #[test]
    fn what_is_not_in_the_environment_is_not_carried() {
        check(b"declare -x UNSET\ndeclare -ax LIST=([0]=\"a\")\n", &[]);
    }

    #[test]
    fn exported_functions_are_carried() {
        check(
            b"\0f () \n{ \n    echo hi\n}\ndeclare -fx f\n",
            &[("BASH_FUNC_f%%", b"() { \n    echo hi\n}")],
        );
    }
    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
        #[test]
        fn what_bash_and_sh_print_is_read_back(
            value in proptest::collection::vec(1..=255_u8, 0..40),
            is_utf8 in any::<bool>(),
        ) {
            let value = OsString::from_vec(value);
            let locale = if is_utf8 { "C.UTF-8" } else { "C" };
            for shell in ["bash", "sh"] {
                let output = Command::new(shell)
                    .args(["-c", "export -p"])
                    .env_clear()
                    .envs([("LC_ALL", OsStr::new(locale)), ("VALUE", &value)])
                    .output()
                    .unwrap();
                prop_assert_eq!(read_list(&output.stdout).remove(OsStr::new("VALUE")), Some(value.clone()));
            }
        }

        #[test]
        fn words_in_every_script_are_read_back(value in "[^\0]{0,40}") {
            let output = Command::new("bash").args(["-c", "export -p"]).env_clear().env("VALUE", &value).output().unwrap();
            prop_assert_eq!(read_list(&output.stdout).remove(OsStr::new("VALUE")), Some(value.into()));
        }

        #[test]
        fn no_list_panics(list in proptest::collection::vec(any::<u8>(), 0..200)) {
            read_list(&list);
        }
    }
}
