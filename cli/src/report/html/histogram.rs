//! What is known of a distribution from its percentiles, as a histogram: between two neighbours a bar whose area is the
//! share of the values that lie there.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::waterfall::rounded;
use crate::report::words::number;

const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 44.0;
/// What is drawn of the narrowest bar: neighbours may be as good as equal.
const NARROWEST: f64 = 1.5;

/// Between two known percentiles.
#[derive(Debug, PartialEq)]
struct Bar {
    from: f64,
    to: f64,
    /// Of all values, in hundredths.
    share: f64,
}

/// Of the values that k6 prints for a trend, such as `min`, `med`, `p(95)`; nothing where less than two are known.
pub(super) fn histogram(values: &BTreeMap<String, f64>) -> Markup {
    let bars = bars(values);
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
        return html! {};
    };
    // Latencies have long tails.
    let scale = |value: f64| {
        if first.from > 0.0 { value.ln() } else { value }
    };
    let (start, end) = (scale(first.from), scale(last.to));
    let x = |value: f64| WIDTH * (scale(value) - start) / (end - start);
    let drawn = bars.iter().map(|bar| {
        let width = (x(bar.to) - x(bar.from)).max(NARROWEST);
        (
            bar,
            x(bar.from).min(WIDTH - width),
            width,
            bar.share / width,
        )
    });
    let drawn: Vec<_> = drawn.collect();
    let highest = drawn.iter().fold(0.0, |most: f64, bar| most.max(bar.3));
    html! {
        svg.histogram viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" {
            @for (bar, x, width, density) in drawn {
                @let height = (HEIGHT - 1.0) * density / highest;
                rect x=(rounded(x)) width=(rounded(width)) y=(rounded(HEIGHT - height)) height=(rounded(height)) {
                    title { (number(bar.share)) " % between " (number(bar.from)) " and " (number(bar.to)) }
                }
            }
        }
    }
}

fn bars(values: &BTreeMap<String, f64>) -> Vec<Bar> {
    let mut known: Vec<_> = values
        .iter()
        .filter_map(|(key, value)| Some((percentile(key)?, *value)))
        .filter(|(_, value)| value.is_finite())
        .collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    known.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq());
    let (Some(first), Some(last)) = (known.first(), known.last()) else {
        return Vec::new();
    };
    if first.1 >= last.1 {
        return Vec::new();
    }
    let neighbours = known.windows(2).map(|pair| Bar {
        from: pair[0].1,
        to: pair[1].1,
        share: pair[1].0 - pair[0].0,
    });
    neighbours.collect()
}

/// In hundredths.
fn percentile(key: &str) -> Option<f64> {
    match key {
        "min" => Some(0.0),
        "med" => Some(50.0),
        "max" => Some(100.0),
        _ => key.strip_prefix("p(")?.strip_suffix(')')?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(known: &[(&str, f64)]) -> BTreeMap<String, f64> {
        let known = known.iter();
        known
            .map(|(key, value)| ((*key).to_owned(), *value))
            .collect()
    }

    #[test]
    fn the_bars_hold_all_values_in_order() {
        let known = [
            ("max", 90.0),
            ("avg", 3.0),
            ("p(50)", 2.0),
            ("med", 2.0),
            ("min", 1.0),
            ("p(95)", 4.0),
        ];
        let bar = |from, to, share| Bar { from, to, share };
        let expected = [
            bar(1.0, 2.0, 50.0),
            bar(2.0, 4.0, 45.0),
            bar(4.0, 90.0, 5.0),
        ];
        assert_eq!(bars(&values(&known)), expected);
    }

    #[test]
    fn what_says_nothing_of_a_distribution_is_not_drawn() {
        for known in [
            &[][..],
            &[("count", 3.0), ("rate", 1.0)],
            &[("min", 2.0), ("max", 2.0)],
            &[("min", f64::NAN), ("max", 2.0)],
        ] {
            assert_eq!(histogram(&values(known)).into_string(), "", "{known:?}");
        }
    }

    #[test]
    fn neighbours_that_are_equal_or_zero_can_be_drawn() {
        let known = [("min", 0.0), ("med", 0.0), ("p(90)", 0.0), ("max", 7.0)];
        let drawn = histogram(&values(&known)).into_string();
        assert_eq!(drawn.matches("<rect").count(), 3, "{drawn}");
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }
}
