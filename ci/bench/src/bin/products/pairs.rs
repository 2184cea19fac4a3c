//! Two servers under the same load in turns.

use std::error::Error;
use std::fmt;

use crate::server::Server;

/// Ours first, the reference second.
pub(crate) struct Pairs {
    rates: [Vec<f64>; 2],
    processor_us: [f64; 2],
}

impl Pairs {
    /// `run` gives the requests per second of one turn; every turn takes the same time.
    pub(crate) fn measure(
        count: usize,
        servers: [&Server; 2],
        run: impl Fn(&Server) -> Result<f64, Box<dyn Error>>,
    ) -> Result<Self, Box<dyn Error>> {
        for server in servers {
            run(server)?;
        }
        let mut rates = [Vec::new(), Vec::new()];
        let mut processor_us = [0.0; 2];
        for pair in 0..count {
            // Who goes second may find the stores busier: take turns in that, too.
            for index in [pair % 2, 1 - pair % 2] {
                let before = servers[index].processor_us()?;
                rates[index].push(run(servers[index])?);
                processor_us[index] += servers[index].processor_us()? - before;
            }
        }
        for (time, rates) in processor_us.iter_mut().zip(&rates) {
            *time /= rates.iter().sum::<f64>();
        }
        Ok(Self {
            rates,
            processor_us,
        })
    }

    pub(crate) fn processor(&self) -> String {
        let [ours, bare] = self.processor_us;
        format!("{ours:.1}, bare {bare:.1}")
    }
}

impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [ours, bare] = &self.rates;
        let mut ratios: Vec<_> = ours
            .iter()
            .zip(bare)
            .map(|(ours, bare)| ours / bare)
            .collect();
        ratios.sort_by(f64::total_cmp);
        let quarter = ratios.len() / 4;
        write!(
            f,
            "{:>7.0} {:>7.0} {:>6.2} {:>6.2}–{:.2}",
            median(ours.clone()),
            median(bare.clone()),
            ratios[ratios.len() / 2],
            ratios[quarter],
            ratios[ratios.len() - 1 - quarter]
        )
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
