//! `service NAME (state | exit | health | restarts | logs)`: reading it, and what may be said of each.

use super::{
    claim::{Aspect, Comparison, ServiceSubject, Value},
    cursor::Cursor,
    words,
};
use crate::{ComposeNames, Diagnostic, Runbook, Span, expect::Subject};

type Parsed<T> = Result<T, Diagnostic>;

/// States as Docker has them, and one for a service without a container.
const STATES: [&str; 8] = [
    "running",
    "exited",
    "restarting",
    "paused",
    "created",
    "removing",
    "dead",
    "not created",
];

const HEALTH: [&str; 3] = ["healthy", "unhealthy", "starting"];

/// `NAME ASPECT`; the word `service` has been read.
pub(super) fn subject(cursor: &mut Cursor<'_>) -> Parsed<ServiceSubject> {
    let word = cursor.peek_word();
    let span = cursor.span(word.len());
    let is_name = word.starts_with(|first: char| first.is_ascii_alphanumeric())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !is_name {
        let message = if word.is_empty() {
            "a service's name is missing here".to_owned()
        } else {
            format!("`{word}` is no service's name")
        };
        return Err(Diagnostic::error("bad-value", span, message)
            .with_help("as the Compose file has it: `service api state == \"running\"`"));
    }
    cursor.word();
    let next = cursor.peek_name();
    let at = cursor.span(next.len());
    let is_aspect = |word| words::find(&words::ASPECTS, word).is_some();
    if is_aspect(word) && !is_aspect(next) {
        return Err(
            Diagnostic::error("missing-word", span, "which service?").with_help(format!(
                "its name stands before `{word}`: `service api {word} …`"
            )),
        );
    }
    let Some(aspect) = words::find(&words::ASPECTS, next) else {
        let valid = words::names(&words::ASPECTS);
        return Err(words::unknown("what of the service", next, at, &valid));
    };
    cursor.eat(next);
    Ok(ServiceSubject {
        name: word.to_owned(),
        span,
        aspect,
    })
}

/// What cannot be, or cannot be otherwise. `sign`: the place of the comparison; `span`: of the value.
pub(super) fn check_value(
    aspect: Aspect,
    comparison: Comparison,
    value: &Value,
    sign: Span,
    span: Span,
) -> Parsed<()> {
    let Value::Literal(literal) = value else {
        return Ok(());
    };
    let refuse = |span, message: &str, help: String| {
        Err(Diagnostic::error("bad-claim", span, message).with_help(help))
    };
    let one_of = |words: &[&'static str], what: &str| {
        if comparison.is_order() {
            let help = "compare it: `==` or `!=`".to_owned();
            return refuse(sign, "words have no order", help);
        }
        match literal.as_str() {
            Some(word) if words.contains(&word) => Ok(()),
            other => {
                let near = other.and_then(|word| crate::nearest_word(word, words.iter().copied()));
                let help = match near {
                    Some(near) => format!("did you mean `\"{near}\"`?"),
                    None => format!("it is one of \"{}\"", words.join("\", \"")),
                };
                refuse(span, &format!("no service has this {what}"), help)
            }
        }
    };
    match aspect {
        Aspect::State => one_of(&STATES, "state"),
        Aspect::Health => one_of(&HEALTH, "health"),
        Aspect::Exit
            if !literal
                .as_i64()
                .is_some_and(|code| (0..=255).contains(&code)) =>
        {
            refuse(
                span,
                "no container exits so",
                "exit codes are 0 to 255; 128 + n is signal n".to_owned(),
            )
        }
        Aspect::Restarts if !literal.is_u64() => refuse(
            span,
            "restarts are counted",
            "in whole numbers: `restarts == 1`".to_owned(),
        ),
        Aspect::Exit | Aspect::Restarts | Aspect::Logs => Ok(()),
    }
}

/// An error for each service that the Compose file does not have; none where nothing is known of it.
pub fn unknown_services(runbook: &Runbook, compose: &ComposeNames) -> Vec<Diagnostic> {
    if compose.services.is_empty() {
        return Vec::new();
    }
    let statements = runbook
        .blocks
        .iter()
        .flat_map(|block| &block.expectations.statements);
    let names = || compose.services.iter().chain(&compose.containers);
    statements
        .filter_map(|statement| match statement.subject() {
            Subject::Service(service) if names().all(|name| *name != service.name) => Some(service),
            _ => None,
        })
        .map(|service| {
            let near = crate::nearest_word(&service.name, names().map(String::as_str));
            let all: Vec<_> = compose.services.iter().map(String::as_str).collect();
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", all.join(", ")),
            };
            let message = format!("the Compose file has no service `{}`", service.name);
            Diagnostic::error("unknown-service", service.span, message).with_help(help)
        })
        .collect()
}
