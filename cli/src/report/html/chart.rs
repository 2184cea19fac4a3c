//! A panel of a dashboard as a picture: its lines over the time of the lab.

use labctl_runbook::traces::humane;
use maud::{Markup, html};

use super::waterfall::rounded;
use crate::{
    report::words::number,
    watch::{DrawnPanel, Line},
};

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 110.0;
/// Colours that the style has.
const COLOURS: usize = 8;
/// Room above the highest line, for what it comes to.
const HEADROOM: f64 = 18.0;

pub(super) fn chart(panel: &DrawnPanel) -> Markup {
    let says_something = |line: &&Line| line.points.iter().any(|(_, v)| v.is_finite() && *v != 0.0);
    let (mut lines, silent): (Vec<_>, Vec<_>) = panel.lines.iter().partition(says_something);
    if lines.is_empty() {
        lines.extend(silent.first());
    }
    let silent = panel.lines.len() - lines.len();
    let points = || lines.iter().flat_map(|line| &line.points);
    let known = || points().filter(|(_, value)| value.is_finite());
    let most = known().map(|(_, value)| *value).fold(0.0, f64::max);
    let least = known().map(|(_, value)| *value).fold(0.0, f64::min);
    let first = points().map(|(at, _)| *at).fold(f64::INFINITY, f64::min);
    let until = points()
        .map(|(at, _)| *at)
        .fold(f64::NEG_INFINITY, f64::max);
    let x = |at: f64| WIDTH * (at - first) / (until - first).max(1e-9);
    let y = |value: f64| {
        HEIGHT - 4.0 - (HEIGHT - 4.0 - HEADROOM) * (value - least) / (most - least).max(1e-12)
    };
    html! {
        figure {
            figcaption { (panel.title) }
            @if known().next().is_none() {
                p.note { "Nothing yet when the lab ended." }
            } @else {
                svg.chart viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" {
                    line.axis x1="0" x2=(WIDTH) y1=(rounded(y(0.0))) y2=(rounded(y(0.0))) {}
                    text.most x="2" y="12" { (value(most, &panel.unit)) }
                    @for (at, line) in lines.iter().enumerate() {
                        @for piece in pieces(line) {
                            @let path = piece.iter().map(|(at, v)| format!("{},{}", rounded(x(*at)), rounded(y(*v))));
                            polyline class={ "c" (at % COLOURS) } points=(path.collect::<Vec<_>>().join(" ")) {}
                        }
                    }
                }
                ul.legend {
                    @for (at, line) in lines.iter().enumerate() {
                        li {
                            span class={ "key c" (at % COLOURS) } {}
                            (line.legend)
                            @if let Some((_, until)) = line.points.iter().rfind(|(_, value)| value.is_finite()) {
                                " " b { (value(*until, &panel.unit)) }
                            }
                        }
                    }
                    @if silent > 0 { li { (silent) " more at zero" } }
                }
            }
            p.note { (panel.description) }
        }
    }
}

/// Stretches of the line without a gap; a point alone is no stretch.
fn pieces(line: &Line) -> Vec<&[(f64, f64)]> {
    let stretches = line.points.split(|(_, value)| !value.is_finite());
    stretches.filter(|stretch| stretch.len() > 1).collect()
}

/// A value in a unit of Grafana's.
fn value(value: f64, unit: &str) -> String {
    match unit {
        "s" if value >= 0.0 => humane(value),
        "ms" if value >= 0.0 => humane(value / 1e3),
        "percentunit" => format!("{} %", number(value * 100.0)),
        "percent" => format!("{} %", number(value)),
        "ops" | "reqps" => format!("{}/s", number(value)),
        "opm" => format!("{}/min", number(value)),
        "bytes" if value >= 1024.0 => format!("{} KiB", number(value / 1024.0)),
        "bytes" => format!("{} B", number(value)),
        _ => number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_said_in_their_unit() {
        for (number, unit, text) in [
            (0.0124, "s", "12.4 ms"),
            (250.0, "ms", "250.0 ms"),
            (0.875, "percentunit", "87.5 %"),
            (3.0, "ops", "3/s"),
            (2048.0, "bytes", "2 KiB"),
            (7.0, "short", "7"),
        ] {
            assert_eq!(value(number, unit), text);
        }
    }

    #[test]
    fn a_line_is_broken_where_there_is_no_number() {
        let points = [1.0, 2.0, f64::NAN, 3.0, f64::INFINITY, 4.0, 5.0, 6.0];
        let line = Line {
            legend: String::new(),
            points: points.iter().map(|value| (*value, *value)).collect(),
        };
        let lengths: Vec<_> = pieces(&line).iter().map(|piece| piece.len()).collect();
        assert_eq!(lengths, [2, 3]);
    }
}
