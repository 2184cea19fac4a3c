//! A value's JSON text in one form: compact, UTF-8 unescaped, everything else as it was sent.

use serde_json::value::RawValue;

/// Arrays and objects within each other; as deep as common parsers go.
const MAX_DEPTH: usize = 128;

/// Why a value is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnstorableValue {
    #[error("Input should not be nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    #[error("Input should be a finite number")]
    NotFinite,
    #[error("Input should not contain half of a surrogate pair")]
    LoneSurrogate,
}

/// `json` without white space between tokens, and with no escape in a string that JSON does not ask for.
///
/// Numbers, the order of members and even repeated names stay as they are: they are the caller's.
///
/// # Errors
/// When a reader of the value could not be given it back.
pub(crate) fn compact(json: &RawValue) -> Result<Box<RawValue>, UnstorableValue> {
    let mut rest = json.get();
    let mut text = String::with_capacity(rest.len());
    let mut depth = 0;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ' ' | '\t' | '\n' | '\r' => {
                rest = &rest[1..];
                continue;
            }
            '"' => {
                rest = copy_string(rest, &mut text)?;
                continue;
            }
            '-' | '0'..='9' => number_length(rest)?,
            '{' | '[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(UnstorableValue::TooDeep);
                }
                1
            }
            '}' | ']' => {
                depth -= 1;
                1
            }
            _ => first.len_utf8(),
        };
        text.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    Ok(RawValue::from_string(text).expect("what was JSON is JSON without its white space"))
}

fn number_length(rest: &str) -> Result<usize, UnstorableValue> {
    let is_part = |c: char| matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
    let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let number: f64 = rest[..length].parse().expect("a JSON number is a number");
    number
        .is_finite()
        .then_some(length)
        .ok_or(UnstorableValue::NotFinite)
}

/// Copies the string at the front of `rest`; gives what follows it.
fn copy_string<'r>(rest: &'r str, text: &mut String) -> Result<&'r str, UnstorableValue> {
    text.push('"');
    let mut rest = &rest[1..];
    loop {
        let special = rest.find(['"', '\\']).expect("a JSON string ends");
        text.push_str(&rest[..special]);
        rest = &rest[special..];
        if let Some(after) = rest.strip_prefix('"') {
            text.push('"');
            return Ok(after);
        }
        rest = copy_escape(rest, text)?;
    }
}

fn copy_escape<'r>(rest: &'r str, text: &mut String) -> Result<&'r str, UnstorableValue> {
    let (escape, after) = rest.split_at(2);
    match escape {
        "\\u" => {
            let (decoded, after) = unicode_escape(rest)?;
            push_escaped(decoded, text);
            Ok(after)
        }
        "\\/" => {
            text.push('/');
            Ok(after)
        }
        _ => {
            text.push_str(escape);
            Ok(after)
        }
    }
}

/// The character of `\uXXXX`, or of two of them that are a pair.
fn unicode_escape(rest: &str) -> Result<(char, &str), UnstorableValue> {
    let (first, mut after) = code_unit(rest).expect("four digits follow in valid JSON");
    let mut units = vec![first];
    if (0xD800..0xDC00).contains(&first)
        && let Some((second, next)) = code_unit(after)
    {
        units.push(second);
        after = next;
    }
    let mut decoded = char::decode_utf16(units);
    match (decoded.next(), decoded.next()) {
        (Some(Ok(character)), None) => Ok((character, after)),
        _ => Err(UnstorableValue::LoneSurrogate),
    }
}

fn code_unit(rest: &str) -> Option<(u16, &str)> {
    let digits = rest.strip_prefix("\\u")?.get(..4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, &rest[6..]))
}

fn push_escaped(character: char, text: &mut String) {
    let mut buffer = [0; 4];
    let quoted = serde_json::to_string(character.encode_utf8(&mut buffer))
        .expect("a character is a JSON string");
    text.push_str(&quoted[1..quoted.len() - 1]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compacted(json: &str) -> Result<String, UnstorableValue> {
        let json: Box<RawValue> = serde_json::from_str(json).unwrap();
        compact(&json).map(|text| text.get().to_owned())
    }

    #[track_caller]
    fn check(json: &str, expected: &str) {
        assert_eq!(compacted(json).unwrap(), expected, "{json}");
        assert_eq!(compacted(expected).unwrap(), expected, "again");
    }

    #[test]
    fn white_space_goes_and_all_else_stays_in_its_place() {
        check(
            " { \"b\" : [ 1 , -2.50E+3,\ttrue ] ,\r\n\"a\":{ } , \"b\": null } ",
            r#"{"b":[1,-2.50E+3,true],"a":{},"b":null}"#,
        );
        check(r#"" a  b: [ ] ""#, r#"" a  b: [ ] ""#);
        check("12345678901234567890123", "12345678901234567890123");
        check("[-0,0.1,1e-400]", "[-0,0.1,1e-400]");
    }

    #[test]
    fn strings_are_escaped_only_where_they_must_be() {
        check(r#""\u00fc\u4e2d \ud83d\ude00 \/""#, "\"ü中 😀 /\"");
        check(r#""\"\\\b\f\n\r\t""#, r#""\"\\\b\f\n\r\t""#);
        check(
            r#""\u0022\u005c\u000a\u001F\u0000""#,
            r#""\"\\\n\u001f\u0000""#,
        );
        check(r#"{"\u0061 ":"\\u0061"}"#, r#"{"a ":"\\u0061"}"#);
    }

    #[test]
    fn what_cannot_be_given_back_is_refused() {
        use UnstorableValue::{LoneSurrogate, NotFinite, TooDeep};
        assert_eq!(compacted("[1e400]"), Err(NotFinite));
        assert_eq!(compacted(&"9".repeat(400)), Err(NotFinite));
        for lone in [
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ude00""#,
            r#""\ud83d\ud83d""#,
            r#""\ud83d\u0061""#,
        ] {
            assert_eq!(compacted(lone), Err(LoneSurrogate), "{lone}");
        }
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(compacted(&nested(129)), Err(TooDeep));
        assert_eq!(compacted(&nested(128)), Ok(nested(128)));
    }
}
