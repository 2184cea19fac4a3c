//! What services logged, interleaved by time, each line with its service's name.

use std::time::{SystemTime, UNIX_EPOCH};

use bollard::query_parameters::LogsOptions;
use futures_util::{StreamExt, stream};

use labctl_engine::Captured;

use crate::{
    DockerError,
    engine::{Container, Engine},
};

/// One line of a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    /// As the engine writes it, to the nanosecond: sorts as text.
    time: String,
    service: String,
    text: String,
}

/// The log lines of these containers since `since`, at most `limit` bytes; the end counts.
///
/// # Errors
/// The engine failed.
pub(crate) async fn since(
    engine: &Engine,
    containers: &[Container],
    since: SystemTime,
    limit: usize,
) -> Result<String, DockerError> {
    let options = LogsOptions {
        stdout: true,
        stderr: true,
        timestamps: true,
        since: whole_seconds(since),
        ..LogsOptions::default()
    };
    let from = humantime::format_rfc3339_nanos(since).to_string();
    let read = containers
        .iter()
        .map(|container| read(engine, container, options.clone(), &from, limit));
    let mut lines = Vec::new();
    for own in stream::iter(read).buffered(8).collect::<Vec<_>>().await {
        lines.extend(own?.lines);
    }
    lines.sort();
    Ok(join(&lines, limit))
}

/// What one container has logged since `since`, as a stream that was kept: of more than `limit` bytes the end.
///
/// # Errors
/// The engine failed.
pub(crate) async fn of_one(
    engine: &Engine,
    container: &Container,
    since: SystemTime,
    limit: usize,
) -> Result<Captured, DockerError> {
    let options = LogsOptions {
        stdout: true,
        stderr: true,
        timestamps: true,
        since: whole_seconds(since),
        ..LogsOptions::default()
    };
    let from = humantime::format_rfc3339_nanos(since).to_string();
    let read = read(engine, container, options, &from, limit).await?;
    let text: String = read
        .lines
        .iter()
        .flat_map(|line| [line.text.as_str(), "\n"])
        .collect();
    Ok(Captured {
        head: Vec::new(),
        omitted_bytes: read.omitted_bytes,
        tail: text.into(),
    })
}

/// The last lines of one container, without times; what is wrong where they cannot be read.
pub(crate) async fn last_lines(engine: &Engine, container: &Container, count: usize) -> String {
    let options = LogsOptions {
        timestamps: true,
        ..from_the_end(count)
    };
    match read(engine, container, options, "", 64 << 10).await {
        Ok(read) => read
            .lines
            .iter()
            .map(|line| line.text.as_str())
            .collect::<Vec<_>>()
            .join("\n"),
        Err(error) => format!("({error})"),
    }
}

/// Hands on the last `tail` lines of each of these containers, interleaved by time.
///
/// # Errors
/// The engine failed.
pub(crate) async fn print(
    engine: &Engine,
    containers: &[Container],
    tail: usize,
    printed: &mut (dyn FnMut(&str, &str) + Send),
) -> Result<(), DockerError> {
    let options = LogsOptions {
        timestamps: true,
        ..from_the_end(tail)
    };
    let mut lines = Vec::new();
    for container in containers {
        let read = read(engine, container, options.clone(), "", 8 << 20).await?;
        lines.extend(read.lines);
    }
    lines.sort();
    for line in &lines {
        printed(&line.service, &line.text);
    }
    Ok(())
}

/// Hands on the lines of these containers as they come, until all of them end: the last `tail` first.
///
/// # Errors
/// The engine failed.
pub(crate) async fn follow(
    engine: &Engine,
    containers: &[Container],
    tail: usize,
    printed: &mut (dyn FnMut(&str, &str) + Send),
) -> Result<(), DockerError> {
    let options = LogsOptions {
        follow: true,
        ..from_the_end(tail)
    };
    let mut streams = stream::select_all(containers.iter().map(|container| {
        engine
            .docker
            .logs(&container.id, Some(options.clone()))
            .map(move |chunk| (container, chunk))
            .boxed()
    }));
    while let Some((container, chunk)) = streams.next().await {
        let chunk = chunk.map_err(unreadable(container))?;
        for line in String::from_utf8_lossy(&chunk.into_bytes()).lines() {
            printed(&container.service, line);
        }
    }
    Ok(())
}

/// Lines in the order of their times, and how many bytes of earlier ones were not kept.
struct Read {
    lines: Vec<Line>,
    omitted_bytes: u64,
}

/// `from`: a time as the engine writes it; earlier lines do not count.
async fn read(
    engine: &Engine,
    container: &Container,
    options: LogsOptions,
    from: &str,
    limit: usize,
) -> Result<Read, DockerError> {
    let mut chunks = engine.docker.logs(&container.id, Some(options));
    let mut lines = std::collections::VecDeque::new();
    let mut kept = 0;
    let mut omitted_bytes = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(unreadable(container))?;
        for text in String::from_utf8_lossy(&chunk.into_bytes()).lines() {
            let line = line(&container.service, text);
            if line.time.as_str() < from {
                continue;
            }
            kept += line.text.len();
            lines.push_back(line);
        }
        while kept > limit && lines.len() > 1 {
            let length = lines.pop_front().map_or(0, |line: Line| line.text.len());
            kept -= length;
            omitted_bytes += length as u64;
        }
    }
    let mut lines: Vec<Line> = lines.into();
    lines.sort();
    Ok(Read {
        lines,
        omitted_bytes,
    })
}

/// Both streams, from so many lines before the end.
fn from_the_end(count: usize) -> LogsOptions {
    LogsOptions {
        stdout: true,
        stderr: true,
        tail: count.to_string(),
        ..LogsOptions::default()
    }
}

fn unreadable(container: &Container) -> impl FnOnce(bollard::errors::Error) -> DockerError {
    DockerError::engine(format!("read the logs of `{}`", container.name))
}

fn line(service: &str, text: &str) -> Line {
    let (time, text) = text.split_once(' ').unwrap_or((text, ""));
    Line {
        time: time.to_owned(),
        service: service.to_owned(),
        text: text.trim_end_matches('\r').to_owned(),
    }
}

/// The last `limit` bytes, from the beginning of a line; says how many lines were left out.
fn join(lines: &[Line], limit: usize) -> String {
    let shown: Vec<String> = lines
        .iter()
        .map(|line| format!("{} | {}\n", line.service, line.text))
        .collect();
    let mut first = shown.len();
    let mut size = 0;
    while first > 0 && size + shown[first - 1].len() <= limit {
        first -= 1;
        size += shown[first].len();
    }
    let omitted = match first {
        0 => String::new(),
        count => format!("… {count} earlier lines\n"),
    };
    omitted + &shown[first..].concat()
}

/// Seconds since the epoch, rounded down: what the engine takes.
fn whole_seconds(time: SystemTime) -> i32 {
    time.duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i32::try_from(since.as_secs()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Line> {
        let mut lines = vec![
            line("b", "2026-01-01T00:00:02.000000001Z two"),
            line("a", "2026-01-01T00:00:01.000000001Z one with blanks"),
            line("a", "2026-01-01T00:00:02.000000002Z three\r"),
        ];
        lines.sort();
        lines
    }

    #[test]
    fn lines_are_interleaved_by_time_and_name_their_service() {
        assert_eq!(
            join(&lines(), 1000),
            "a | one with blanks\nb | two\na | three\n"
        );
    }

    #[test]
    fn the_end_counts_and_what_is_missing_is_said() {
        assert_eq!(join(&lines(), 12), "… 2 earlier lines\na | three\n");
    }

    #[test]
    fn times_compare_as_the_engine_writes_them() {
        let time = UNIX_EPOCH + std::time::Duration::from_nanos(1_767_225_601_000_000_001);
        assert_eq!(
            humantime::format_rfc3339_nanos(time).to_string(),
            "2026-01-01T00:00:01.000000001Z"
        );
    }
}
