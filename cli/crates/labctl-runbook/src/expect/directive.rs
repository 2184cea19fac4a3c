//! Lines that say how a block is run or recorded.

use super::{
    claim::{Claim, Expectations, Redaction, Retry, SnapshotMode, Statement, Subject},
    cursor::Cursor,
    parse,
    vacuous::holds_of_nothing,
    words,
};
use crate::{Diagnostic, Span};

type Parsed<T> = Result<T, Diagnostic>;

/// More attempts than anybody waits for.
const MOST_ATTEMPTS: u32 = 10_000;

pub(super) fn directive(cursor: &mut Cursor<'_>, expectations: &mut Expectations) -> Parsed<()> {
    cursor.skip_blanks();
    let from = cursor.position();
    let (word, span) = cursor.word();
    let once = |is_there: bool| {
        if is_there {
            return Err(
                Diagnostic::error("repeated", span, format!("`{word}` was said before"))
                    .with_help("a block has one; take one of them out"),
            );
        }
        Ok(())
    };
    match word {
        "capture" => {
            let capture = parse::capture(cursor, from)?;
            expectations.statements.push(Statement::Capture(capture));
            return Ok(());
        }
        "until" => {
            once(expectations.until.is_some())?;
            expectations.until = Some(until(cursor)?);
            return Ok(());
        }
        "timeout" => {
            once(expectations.timeout.is_some())?;
            let (duration, at) = cursor.duration()?;
            if duration.is_zero() {
                return Err(Diagnostic::error(
                    "bad-duration",
                    at,
                    "no block ends in no time",
                ));
            }
            expectations.timeout = Some(duration);
        }
        "retry" => {
            once(expectations.retry.is_some())?;
            expectations.retry = Some(retry(cursor)?);
        }
        "redact" => {
            let redaction = redaction(cursor)?;
            expectations.redactions.push(redaction);
        }
        "snapshot" => expectations.snapshot = snapshot(cursor, expectations.snapshot)?,
        "skip" => {
            once(expectations.skip.is_some())?;
            let at = cursor.word_span();
            match cursor.json("why it is skipped, in double quotes,")? {
                serde_json::Value::String(why) if !why.trim().is_empty() => {
                    expectations.skip = Some(why);
                }
                _ => {
                    return Err(Diagnostic::error("bad-value", at, "why is it skipped?")
                        .with_help("say it in double quotes: `skip \"needs two machines\"`"));
                }
            }
        }
        "needs" => {
            let (name, at) = needed(cursor)?;
            expectations.needs.push((name, at));
        }
        "role" => {
            once(expectations.role.is_some())?;
            let name = cursor.peek_word();
            let at = cursor.span(name.len());
            let Some(role) = words::find(&words::ROLES, name) else {
                return Err(words::unknown(
                    "a role",
                    name,
                    at,
                    &words::names(&words::ROLES),
                ));
            };
            cursor.word();
            expectations.role = Some(role);
        }
        _ => {
            return Err(words::unknown(
                "a directive",
                word,
                span,
                &words::DIRECTIVES,
            ));
        }
    }
    cursor.end().map(drop)
}

/// A claim that output can make true, and that is not true before there is any.
fn until(cursor: &mut Cursor<'_>) -> Parsed<Claim> {
    let claim = parse::claim(cursor)?;
    let refuse =
        |message, help| Err(Diagnostic::error("bad-claim", claim.span, message).with_help(help));
    if matches!(claim.subject, Subject::Exit | Subject::Duration) || claim.subject.is_asked() {
        return refuse(
            "`until` is asked while the block runs",
            "only its output can answer: `until stdout contains \"ready\"`",
        );
    }
    if holds_of_nothing(&claim) {
        return refuse(
            "this holds before the block has printed anything",
            "say what it will print: `until stdout contains \"ready\"`",
        );
    }
    Ok(claim)
}

/// Claims about the exit of a block that `until` stops.
pub(super) fn contradictions(expectations: &Expectations) -> Vec<Diagnostic> {
    if expectations.until.is_none() {
        return Vec::new();
    }
    let is_of_exit = |statement: &Statement| match statement {
        Statement::Claim(claim) => matches!(claim.subject, Subject::Exit).then_some(claim.span),
        Statement::Capture(capture) => {
            matches!(capture.subject, Subject::Exit).then_some(capture.span)
        }
    };
    let message = "`until` stops the block: how it exits says nothing";
    expectations
        .statements
        .iter()
        .filter_map(is_of_exit)
        .map(|span| {
            Diagnostic::error("contradiction", span, message)
                .with_help("take out this line, or the `until`")
        })
        .collect()
}

/// `N every D`
fn retry(cursor: &mut Cursor<'_>) -> Parsed<Retry> {
    let at = cursor.word_span();
    let attempts: u32 = cursor.number("how many attempts there are")?;
    if !(2..=MOST_ATTEMPTS).contains(&attempts) {
        return Err(
            Diagnostic::error("bad-value", at, format!("{attempts} attempts"))
                .with_help(format!("from 2 to {MOST_ATTEMPTS}, the first one included")),
        );
    }
    if !cursor.eat_word("every") {
        let word = cursor.peek_word();
        return Err(Diagnostic::error(
            "missing-word",
            cursor.span(word.len()),
            "`every` is missing here",
        )
        .with_help("`retry 10 every 500ms`"));
    }
    Ok(Retry {
        attempts,
        every: cursor.duration()?.0,
    })
}

/// `KIND [in PATH]`
fn redaction(cursor: &mut Cursor<'_>) -> Parsed<Redaction> {
    cursor.skip_blanks();
    let from = cursor.position();
    let name = cursor.peek_word();
    let at = cursor.span(name.len());
    let Some(kind) = words::find(&words::REDACTIONS, name) else {
        return Err(words::unknown(
            "a kind of redaction",
            name,
            at,
            &words::names(&words::REDACTIONS),
        ));
    };
    cursor.word();
    let path = if cursor.eat_word("in") {
        Some(cursor.path()?)
    } else {
        None
    };
    if path.is_none() && kind == super::RedactionKind::Number {
        return Err(
            Diagnostic::error("bad-claim", at, "`number` anywhere would hide too much")
                .with_help("say where: `redact number in $.count`"),
        );
    }
    Ok(Redaction {
        kind,
        path,
        span: cursor.span_from(from),
    })
}

/// Reads a redaction of the front matter, `KIND [in PATH]`, which stands at `span`.
///
/// # Errors
/// It is none; the place is the whole entry's.
pub(crate) fn parse_redaction(text: &str, span: Span) -> Result<Redaction, Diagnostic> {
    // The text may have been unquoted, so that its bytes are not the document's.
    let at_entry = |diagnostic: Diagnostic| Diagnostic { span, ..diagnostic };
    let mut cursor = Cursor::new(text.trim(), span.start());
    let redaction = redaction(&mut cursor).map_err(at_entry)?;
    cursor.end().map_err(at_entry)?;
    Ok(Redaction { span, ..redaction })
}

fn snapshot(cursor: &mut Cursor<'_>, before: SnapshotMode) -> Parsed<SnapshotMode> {
    let name = cursor.peek_word();
    let at = cursor.span(name.len());
    let said = match name {
        "off" => SnapshotMode::Off,
        "stdout" => SnapshotMode::Stdout,
        "stderr" => SnapshotMode::Stderr,
        _ => {
            return Err(words::unknown(
                "what is recorded",
                name,
                at,
                &["stdout", "stderr", "off"],
            ));
        }
    };
    cursor.word();
    match (before, said) {
        (SnapshotMode::Unsaid, said) => Ok(said),
        (SnapshotMode::Stdout, SnapshotMode::Stderr)
        | (SnapshotMode::Stderr, SnapshotMode::Stdout) => Ok(SnapshotMode::Both),
        (before, said) if before == said => Err(Diagnostic::error(
            "repeated",
            at,
            format!("`snapshot {name}` was said before"),
        )),
        _ => Err(
            Diagnostic::error("contradiction", at, "recorded and not recorded")
                .with_help("keep `snapshot off`, or what is to be recorded"),
        ),
    }
}

/// A block's name: a word, or text in double quotes.
fn needed(cursor: &mut Cursor<'_>) -> Parsed<(String, Span)> {
    let word = cursor.peek_word();
    if word.starts_with('"') {
        let from = cursor.position();
        let name = cursor.json("a block's name")?;
        return Ok((
            name.as_str().unwrap_or_default().to_owned(),
            cursor.span_from(from),
        ));
    }
    let (name, at) = cursor.word();
    if name.is_empty() {
        return Err(Diagnostic::error(
            "missing-word",
            at,
            "a block's name is missing here",
        ));
    }
    Ok((name.to_owned(), at))
}
