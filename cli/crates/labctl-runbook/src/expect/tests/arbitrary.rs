//! Nothing that can be typed or printed makes them panic.

use proptest::prelude::*;

use super::super::Statement;
use super::support::{observed, read, verdict};

proptest! {
    #[test]
    fn no_line_panics_and_every_place_lies_in_it(line in "(all |any |json|http GET |http://x/|\\$\\{|status|header|line|table|stdout|\\$|\\[|\\]|==|± |/|\"|[a-z0-9 .é'-]){0,12}\n?(redact|until|capture|retry)?.{0,20}") {
        let (expectations, diagnostics) = read(&line);
        let spans = diagnostics.iter().map(|found| found.span).chain(expectations.statements.iter().map(|statement| match statement {
            Statement::Claim(claim) => claim.span,
            Statement::Capture(capture) => capture.span,
        }));
        for span in spans {
            prop_assert!(line.get(span.range()).is_some(), "{span:?}");
        }
    }

    #[test]
    fn no_output_panics(stdout in "([\\[\\]{}\",:0-9a-z|+\n\t -]|é|NAME  STATUS\n){0,60}", omitted in 0_u64..2) {
        let mut observation = observed(&stdout);
        observation.stdout.omitted_bytes = omitted;
        for claim in ["json $.a == 1", "json[2] $..* exists", "all table[STATUS] == \"up\"", "line[-2] contains \"a\"", "stdout == 1 ± 2", "stdout not is empty"] {
            let _ = verdict(claim, &observation);
        }
    }
}
