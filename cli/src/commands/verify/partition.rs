//! The labs divided among several machines.

use std::{collections::HashMap, fs, path::Path};

use serde::Deserialize;

use crate::{args::Partition, error::CliError, library::LabPath};

/// Of a JSON report what is needed here.
#[derive(Deserialize)]
struct Report {
    labs: Vec<Lab>,
}

#[derive(Deserialize)]
struct Lab {
    lab: String,
    seconds: f64,
}

/// How long each lab took, in seconds.
pub(super) type Durations = HashMap<String, f64>;

/// Reads them from a JSON report.
pub(super) fn durations(file: &Path) -> Result<Durations, CliError> {
    let text = fs::read(file).map_err(|source| CliError::Read {
        path: file.to_owned(),
        source,
    })?;
    let report: Report = serde_json::from_slice(&text).map_err(|error| {
        let file = file.display();
        CliError::Usage(format!(
            "{file} is no JSON report of `labctl verify`: {error}"
        ))
    })?;
    let labs = report
        .labs
        .into_iter()
        .filter(|lab| lab.seconds.is_finite());
    Ok(labs.map(|lab| (lab.lab, lab.seconds)).collect())
}

/// The K-th of N parts, whole labs, in their order.
///
/// Where nobody knows how long they take: every N-th, so that neighbours, which are alike, are spread. Else the longest
/// first, each to the part that has least so far; one that is not known is taken to be as long as the others are on the
/// average. The same report gives the same parts everywhere.
pub(super) fn part(
    labs: Vec<LabPath>,
    partition: Partition,
    durations: &Durations,
) -> Vec<LabPath> {
    let Partition { part, parts } = partition;
    if durations.is_empty() {
        return labs.into_iter().skip(part - 1).step_by(parts).collect();
    }
    #[expect(clippy::cast_precision_loss, reason = "a number of labs")]
    let usual = durations.values().sum::<f64>() / durations.len() as f64;
    let mut longest_first: Vec<_> = labs
        .iter()
        .map(|lab| {
            (
                durations.get(&lab.name).copied().unwrap_or(usual),
                &lab.name,
            )
        })
        .collect();
    longest_first.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let mut loads = vec![0.0_f64; parts];
    let mut mine = Vec::new();
    for (seconds, name) in longest_first {
        let least = (0..parts)
            .min_by(|a, b| loads[*a].total_cmp(&loads[*b]))
            .unwrap_or(0);
        loads[least] += seconds;
        if least == part - 1 {
            mine.push(name.clone());
        }
    }
    labs.into_iter()
        .filter(|lab| mine.contains(&lab.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn labs(count: usize) -> Vec<LabPath> {
        let lab = |n: usize| LabPath {
            name: n.to_string(),
            runbook: PathBuf::new(),
            is_ours: true,
        };
        (0..count).map(lab).collect()
    }

    fn parts(count: usize, parts: usize, durations: &Durations) -> Vec<Vec<String>> {
        let of = |number| {
            part(
                labs(count),
                Partition {
                    part: number,
                    parts,
                },
                durations,
            )
        };
        let names = |labs: Vec<LabPath>| labs.into_iter().map(|lab| lab.name).collect();
        (1..=parts).map(|number| names(of(number))).collect()
    }

    #[test]
    fn the_parts_together_are_all_labs_once() {
        let known = Durations::from([("1".to_owned(), 70.0), ("4".to_owned(), 10.0)]);
        for durations in [Durations::new(), known] {
            let mut seen = parts(7, 3, &durations).concat();
            seen.sort();
            assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6"]);
            assert_eq!(parts(7, 1, &durations)[0].len(), 7);
        }
    }

    #[test]
    fn known_times_are_spread_evenly() {
        let times = [60.0, 10.0, 20.0, 30.0];
        let named = times
            .iter()
            .enumerate()
            .map(|(n, time)| (n.to_string(), *time));
        let durations: Durations = named.collect();
        assert_eq!(parts(4, 2, &durations), [vec!["0"], vec!["1", "2", "3"]]);
        // One that nobody knows counts as 30.
        assert_eq!(
            parts(5, 2, &durations),
            [vec!["0", "2"], vec!["1", "3", "4"]]
        );
    }
}
