//! Several ways to do a thing, measured in turns.

use std::fmt;

use crate::{Failure, Server};

/// What each way gave in each round. Whatever else the machine does hits all of a round alike, so two ways are
/// compared by the median of the rounds' ratios.
#[derive(Debug)]
pub struct Turns(Vec<Vec<f64>>);

/// A median with its quartiles.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    median: f64,
    quartiles: [f64; 2],
}

impl Turns {
    /// `run` takes one turn of the way with that index. A round goes before and does not count.
    ///
    /// # Errors
    /// The first of `run`.
    pub fn measure(
        rounds: usize,
        ways: usize,
        mut run: impl FnMut(usize) -> Result<f64, Failure>,
    ) -> Result<Self, Failure> {
        (0..ways).try_for_each(|way| run(way).map(drop))?;
        let mut values = vec![Vec::new(); ways];
        for round in 0..rounds {
            // Who goes second may find the machine busier: take turns in that, too.
            for place in 0..ways {
                let way = (place + round) % ways;
                values[way].push(run(way)?);
            }
        }
        Ok(Self(values))
    }

    /// What this way gave.
    pub fn median(&self, way: usize) -> f64 {
        median(self.0[way].clone())
    }

    /// What one way gave by what another gave.
    pub fn ratio(&self, way: usize, reference: usize) -> Spread {
        let pairs = self.0[way].iter().zip(&self.0[reference]);
        Spread::of(pairs.map(|(ours, theirs)| ours / theirs).collect())
    }
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let quarter = values.len() / 4;
        Self {
            median: values[values.len() / 2],
            quartiles: [values[quarter], values[values.len() - 1 - quarter]],
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, high] = self.quartiles;
        write!(f, "{:>6.2} {low:>6.2}–{high:.2}", self.median)
    }
}

/// The middle one.
///
/// # Panics
/// When there is none.
pub fn median(values: Vec<f64>) -> f64 {
    Spread::of(values).median
}

/// Our server and a bare one under the same load, with the processor time they used.
#[derive(Debug)]
pub struct ServerTurns {
    rates: Turns,
    processor_us: [f64; 2],
}

impl ServerTurns {
    /// What stands above the [`line`](Self::line)s.
    pub const HEADING: &str =
        "load      ours/s  bare/s  ratio   quartiles  asked   processor µs a request";

    /// `run` gives the requests per second of one turn; every turn takes the same time.
    ///
    /// # Errors
    /// The first of `run`, or when a server has ended.
    pub fn measure(
        rounds: usize,
        servers: [&Server; 2],
        run: impl Fn(&Server) -> Result<f64, Failure>,
    ) -> Result<Self, Failure> {
        let (mut used, mut answered) = ([0.0; 2], [0.0; 2]);
        let rates = Turns::measure(rounds, servers.len(), |way| {
            let before = servers[way].processor_us()?;
            let rate = run(servers[way])?;
            used[way] += servers[way].processor_us()? - before;
            answered[way] += rate;
            Ok(rate)
        })?;
        Ok(Self {
            rates,
            processor_us: [used[0] / answered[0], used[1] / answered[1]],
        })
    }

    /// One line of a table: the load, what was measured, the ratio that is asked of us. The processor time is that of
    /// a request if a turn is a second.
    pub fn line(&self, load: &str, asked: f64) -> String {
        let (ours, bare) = (self.rates.median(0), self.rates.median(1));
        let ratio = self.rates.ratio(0, 1);
        let [our_time, bare_time] = self.processor_us;
        format!(
            "{load:<8} {ours:>7.0} {bare:>7.0} {ratio} {asked:>6.2}   {our_time:.1}, bare {bare_time:.1}"
        )
    }
}
