//! `labctl init NAME`.

use std::{fs, io::Write as _, path::Path, process::ExitCode};

use crate::{args::InitArgs, error::CliError, library::Library, output};

/// Writes a new lab that already passes: a runbook with its first claims, and a Compose file. Never overwrites.
pub(crate) fn init(library: &Library, args: &InitArgs) -> Result<ExitCode, CliError> {
    let slug = args.name.as_str();
    let is_slug = slug.starts_with(|first: char| first.is_ascii_alphanumeric())
        && slug
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !is_slug {
        return Err(CliError::Usage(format!(
            "`{slug}` cannot be a lab's name: use `a-z`, `0-9` and `-`, such as `51-leader-election`"
        )));
    }
    let root = library.root().unwrap_or(Path::new(""));
    let runbook = root.join(format!("runbooks/{slug}.md"));
    let compose = root.join(format!("compose/{slug}/compose.yaml"));
    if let Some(taken) = [&runbook, &compose].into_iter().find(|path| path.exists()) {
        return Err(CliError::Usage(format!(
            "{} is already there; nothing was written",
            taken.display()
        )));
    }
    write_new(
        &runbook,
        &RUNBOOK.replace("SLUG", slug).replace("TITLE", &title(slug)),
    )?;
    write_new(&compose, &COMPOSE.replace("SLUG", slug))?;
    output::text(&format!(
        "wrote {}\nwrote {}\n\nNext: put your services into the Compose file and your lesson into the runbook, then\n  labctl verify {slug}\n",
        runbook.display(),
        compose.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |source| CliError::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = fs::File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// `51-leader-election` → `Lab 51: Leader election`.
fn title(slug: &str) -> String {
    let (number, name) = match slug.split_once('-') {
        Some((number, name)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            (Some(number), name)
        }
        _ => (None, slug),
    };
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    let sentence: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    match number {
        Some(number) => format!("Lab {number}: {sentence}"),
        None => sentence,
    }
}

const RUNBOOK: &str = r#"---
cwd: ../compose/SLUG
---

# TITLE

What the reader will see happen, in one sentence.

## Start

Bring the services up; `labctl` waits until every one of them is ready.

```bash {"name": "start-lab"}
docker compose up --build -d
```

## The lesson

Type this, see that.

```bash {"name": "first-look"}
docker compose exec -T SLUG-redis redis-cli ping
```
<!-- expect
stdout == "PONG"  # the server answers
-->

## Clean up

```bash {"name": "cleanup"}
docker compose down -v
```
"#;

const COMPOSE: &str = r#"name: SLUG

services:
  SLUG-redis:
    image: redis:7.2-alpine
    container_name: SLUG-redis
    ports:
      - "127.0.0.1:6379:6379"
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
      interval: 500ms
      timeout: 3s
      retries: 20
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_becomes_a_title() {
        for (slug, expected) in [
            ("51-leader-election", "Lab 51: Leader election"),
            ("cache", "Cache"),
            ("two-words", "Two words"),
        ] {
            assert_eq!(title(slug), expected);
        }
    }

    #[test]
    fn the_first_runbook_has_no_findings() {
        let runbook =
            labctl_runbook::Runbook::parse(&RUNBOOK.replace("SLUG", "51-x").replace("TITLE", "X"));
        assert_eq!(runbook.diagnostics, []);
        assert_eq!(runbook.blocks.len(), 3);
    }
}
