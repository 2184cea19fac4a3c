//! Hides values wherever they stand by themselves.

use super::kinds::{prefix_length, word};
use crate::expect::RedactionKind;

/// Replaces every value of the kind.
pub(super) fn redact(text: &str, kind: RedactionKind) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut kept = 0;
    let mut position = 0;
    while let Some(character) = text[position..].chars().next() {
        let found = begins(text, position, character, kind)
            .and_then(|start| Some((start, start + prefix_length(kind, &text[start..])?)))
            .filter(|(_, end)| ends(&text[*end..], kind));
        if let Some((start, end)) = found {
            redacted.push_str(&text[kept..start]);
            redacted.push('[');
            redacted.push_str(word(kind));
            redacted.push(']');
            kept = end;
            position = end;
        } else {
            position += character.len_utf8();
        }
    }
    redacted.push_str(&text[kept..]);
    redacted
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// What a hyphen or a full stop joins to a word; the brackets of a value that is hidden already are part of one.
fn is_joined(character: char) -> bool {
    is_word(character) || matches!(character, '[' | ']')
}

/// Where a value could begin that is met at `position`.
fn begins(text: &str, position: usize, character: char, kind: RedactionKind) -> Option<usize> {
    let before = &text[..position];
    if kind == RedactionKind::Port {
        return (character == ':' && is_host(before)).then_some(position + 1);
    }
    if !character.is_ascii_alphanumeric() {
        return None;
    }
    let mut before = before.chars().rev();
    let begins = match before.next() {
        Some(previous) if is_word(previous) => false,
        // `user-5f0c…` is an id with a prefix, but `b-10s` is a name.
        Some('-') if kind != RedactionKind::Uuid => !before.next().is_some_and(is_joined),
        Some('.') => !before.next().is_some_and(is_joined),
        _ => true,
    };
    begins.then_some(position)
}

/// Whether a value may end before `rest`.
fn ends(rest: &str, kind: RedactionKind) -> bool {
    let mut rest = rest.chars();
    match rest.next() {
        Some(next) if is_word(next) => false,
        Some('.') => !rest.next().is_some_and(is_joined),
        Some('-') if is_identifier(kind) => !rest.next().is_some_and(is_joined),
        Some('+' | '-' | ',' | ':') if kind == RedactionKind::Timestamp => {
            !rest.next().is_some_and(is_joined)
        }
        Some(':') => kind != RedactionKind::Port,
        _ => true,
    }
}

const fn is_identifier(kind: RedactionKind) -> bool {
    matches!(
        kind,
        RedactionKind::Uuid | RedactionKind::ContainerId | RedactionKind::HexId
    )
}

/// Whether the text ends with something that a port can belong to: a name, an address, or a bracketed one.
fn is_host(text: &str) -> bool {
    let Some(last) = text.chars().next_back() else {
        return false;
    };
    if last == ']' {
        let tail: Vec<char> = text.chars().rev().skip(1).take(46).collect();
        let address: Vec<char> = tail.iter().copied().take_while(|c| *c != '[').collect();
        return address.len() < tail.len()
            && address.contains(&':')
            && address
                .iter()
                .all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '%'));
    }
    if last == '*' || text.ends_with("::") {
        return true;
    }
    let host: Vec<char> = text
        .chars()
        .rev()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .take(256)
        .collect();
    let is_address = host.iter().filter(|c| **c == '.').count() == 3
        && host.iter().all(|c| c.is_ascii_digit() || *c == '.');
    let is_name = host.iter().any(char::is_ascii_alphabetic) && !is_date_and_hour(&host);
    host.first().is_some_and(char::is_ascii_alphanumeric) && (is_address || is_name)
}

/// `2026-01-02T10`, read from its end.
fn is_date_and_hour(reversed: &[char]) -> bool {
    reversed.len() >= 4
        && reversed[..2].iter().all(char::is_ascii_digit)
        && matches!(reversed[2], 'T' | 't')
        && reversed[3].is_ascii_digit()
}
