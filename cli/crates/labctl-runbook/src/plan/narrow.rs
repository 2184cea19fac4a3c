//! A part of a plan: the blocks asked for, and those without which the lab is not up.

use regex::Regex;

use super::{
    Action, Part, Plan, SelectError,
    select::{find, is_tagged},
    verify::skip_unmet_needs,
};
use crate::Runbook;

/// The blocks that `verify` is asked for: those that every filled field allows; by default all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Names, `*` in them standing for any text.
    pub names: Vec<String>,
    /// Tags, as `run --tag` understands them.
    pub tags: Vec<String>,
    /// The first block.
    pub from: Option<String>,
    /// The last block.
    pub until: Option<String>,
    /// And what these blocks need, and what that needs.
    pub with_needs: bool,
}

impl Wanted {
    /// Whether nothing is asked for, which is everything.
    pub fn is_everything(&self) -> bool {
        *self
            == Self {
                with_needs: self.with_needs,
                ..Self::default()
            }
    }
}

impl Plan {
    /// Keeps the blocks asked for, and those that bring the lab up and take it down. A block whose need is not among
    /// them is skipped.
    ///
    /// Gives the blocks asked for, as indices into `Runbook::blocks`.
    ///
    /// # Errors
    /// The first or last block asked for is not one block, or stands on the wrong side of the other.
    pub fn narrow(
        &mut self,
        runbook: &Runbook,
        wanted: &Wanted,
    ) -> Result<Vec<usize>, SelectError> {
        let mut is_wanted = chosen(runbook, wanted)?;
        let asked_for = (0..is_wanted.len())
            .filter(|&block| is_wanted[block])
            .collect();
        if wanted.with_needs {
            add_needs(runbook, &mut is_wanted);
        }
        let before = self.steps.len();
        let is_of_the_lab = |part: Part, action: &Action| {
            part != Part::Ordinary && !matches!(action, Action::Skip(_))
        };
        self.steps
            .retain(|step| is_wanted[step.block] || is_of_the_lab(step.part, &step.action));
        self.left_out += before - self.steps.len();
        skip_unmet_needs(runbook, &mut self.steps);
        Ok(asked_for)
    }
}

fn chosen(runbook: &Runbook, wanted: &Wanted) -> Result<Vec<bool>, SelectError> {
    let place = |name: &Option<String>| name.as_ref().map(|name| find(runbook, name)).transpose();
    let (from, until) = (place(&wanted.from)?, place(&wanted.until)?);
    if let (Some(from), Some(until)) = (from, until)
        && from > until
    {
        return Err(SelectError::EndsBeforeItBegins {
            from: runbook.blocks[from].name.clone(),
            until: runbook.blocks[until].name.clone(),
        });
    }
    let patterns: Vec<_> = wanted.names.iter().map(|name| pattern(name)).collect();
    let document = &runbook.front_matter.tags;
    let blocks = runbook.blocks.iter().enumerate();
    let chosen = blocks.map(|(index, block)| {
        let tags: Vec<_> = block.tags().collect();
        from.is_none_or(|from| index >= from)
            && until.is_none_or(|until| index <= until)
            && (patterns.is_empty() || patterns.iter().any(|pattern| pattern.is_match(&block.name)))
            && (wanted.tags.is_empty() || is_tagged(&tags, document, &wanted.tags))
    });
    Ok(chosen.collect())
}

fn pattern(name: &str) -> Regex {
    let any = regex::escape(name).replace(r"\*", ".*");
    Regex::new(&format!("(?s)^{any}$")).expect("a name, escaped")
}

/// What comes before is seen last, so that a need's needs are seen too.
fn add_needs(runbook: &Runbook, is_wanted: &mut [bool]) {
    for index in (0..runbook.blocks.len()).rev() {
        if is_wanted[index] {
            for (name, _) in &runbook.blocks[index].expectations.needs {
                // A page whose needs are wrong is not played at all.
                if let Ok(need) = find(runbook, name) {
                    is_wanted[need] = true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LabFacts, VerifyOptions};

    const PAGE: &str = r#"
```bash {"name": "up"}
docker compose up -d
```

```bash {"name": "write", "tag": "slow"}
true
```

```bash {"name": "read-one"}
true
```
<!-- expect needs write -->

```bash {"name": "read-all"}
true
```
<!-- expect needs read-one -->

```bash {"name": "down"}
docker compose down
```
"#;

    fn narrowed(wanted: &Wanted) -> Result<(Vec<String>, usize, usize), SelectError> {
        let runbook = Runbook::parse(PAGE);
        let mut plan = Plan::for_verify(&runbook, &LabFacts::default(), &VerifyOptions::default());
        let asked_for = plan.narrow(&runbook, wanted)?;
        let name = |step: &crate::Step| {
            let mark = if matches!(step.action, Action::Skip(_)) {
                "!"
            } else {
                ""
            };
            format!("{mark}{}", runbook.blocks[step.block].name)
        };
        Ok((
            plan.steps.iter().map(name).collect(),
            asked_for.len(),
            plan.left_out,
        ))
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_lab_comes_up_and_goes_down_around_the_blocks_asked_for() {
        let wanted = Wanted {
            names: names(&["writ*"]),
            ..Wanted::default()
        };
        assert_eq!(
            narrowed(&wanted),
            Ok((names(&["up", "write", "down"]), 1, 2))
        );
        let wanted = Wanted {
            tags: names(&["slow"]),
            ..Wanted::default()
        };
        assert_eq!(
            narrowed(&wanted),
            Ok((names(&["up", "write", "down"]), 1, 2))
        );
        let wanted = Wanted {
            names: names(&["none.*"]),
            ..Wanted::default()
        };
        assert_eq!(narrowed(&wanted), Ok((names(&["up", "down"]), 0, 3)));
        assert_eq!(narrowed(&Wanted::default()).map(|found| found.1), Ok(5));
    }

    #[test]
    fn what_a_block_needs_is_skipped_with_it_or_comes_along() {
        let mut wanted = Wanted {
            names: names(&["read-all"]),
            ..Wanted::default()
        };
        assert_eq!(
            narrowed(&wanted),
            Ok((names(&["up", "!read-all", "down"]), 1, 2))
        );
        wanted.with_needs = true;
        let all = names(&["up", "write", "read-one", "read-all", "down"]);
        assert_eq!(narrowed(&wanted), Ok((all, 1, 0)));
    }

    #[test]
    fn a_range_has_both_its_ends() {
        let range = |from: &str, until: &str| Wanted {
            from: Some(from.to_owned()),
            until: Some(until.to_owned()),
            ..Wanted::default()
        };
        let found = narrowed(&range("write", "read-one"));
        assert_eq!(
            found,
            Ok((names(&["up", "write", "read-one", "down"]), 2, 1))
        );
        let found = narrowed(&range("read-one", "write"));
        assert!(
            matches!(found, Err(SelectError::EndsBeforeItBegins { .. })),
            "{found:?}"
        );
        let found = narrowed(&range("red-one", "write"));
        assert!(
            matches!(found, Err(SelectError::UnknownBlock { .. })),
            "{found:?}"
        );
    }
}
