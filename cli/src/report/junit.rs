//! `--report junit=FILE`: JUnit XML, a suite for each lab, a case for each block. Only what the schema of Jenkins' xUnit
//! plugin (`junit-10.xsd`) knows, which is what most readers agree on.

use labctl_engine::{LabReport, Outcome, RunReport, StepReport};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::words;

/// The run as JUnit XML.
pub(crate) fn junit_report(run: &RunReport) -> String {
    let mut report = Report::new("labctl");
    report.set_time(run.labs.iter().map(|lab| lab.elapsed).sum());
    report.add_test_suites(run.labs.iter().map(suite));
    let text = report.to_string().expect("the report is written to memory");
    // Of all suites together the schema has no number of skipped cases; the first one is theirs.
    let skipped = format!(" skipped=\"{}\"", run.counts().skipped);
    text.replacen(&skipped, "", 1)
}

fn suite(lab: &LabReport) -> TestSuite {
    let mut suite = TestSuite::new(&lab.lab);
    suite.set_time(lab.elapsed);
    suite.add_property(("runbook", lab.runbook.display().to_string().as_str()));
    for step in &lab.steps {
        suite.add_property((step.block.as_str(), format!("line {}", step.line).as_str()));
        for awaited in words::awaited(step) {
            suite.add_property((step.block.as_str(), awaited.as_str()));
        }
    }
    suite.add_test_cases(lab.steps.iter().map(|step| case(lab, step)));
    for error in &lab.errors {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(error);
        let mut case = TestCase::new("(lab)", status);
        case.set_classname(&lab.lab);
        suite.add_test_case(case);
    }
    suite
}

fn case(lab: &LabReport, step: &StepReport) -> TestCase {
    let reason = words::reason(step).unwrap_or_default();
    let mut status = match &step.outcome {
        Outcome::Passed | Outcome::Stopped => TestCaseStatus::success(),
        Outcome::Failed | Outcome::TimedOut(_) => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
        Outcome::Errored(_) | Outcome::Cancelled => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
        Outcome::Skipped(_) => TestCaseStatus::skipped(),
    };
    if !matches!(step.outcome, Outcome::Passed | Outcome::Stopped) {
        status.set_message(&reason);
        status.set_description(words::details(lab, step));
    }
    let mut case = TestCase::new(&step.block, status);
    case.set_classname(&lab.lab).set_time(step.elapsed);
    if let Some(seen) = &step.observation {
        case.set_system_out(&seen.stdout.text)
            .set_system_err(&seen.stderr.text);
    }
    case
}
