//! Two ways to do a thing, measured in turns.

use std::{
    io,
    time::{Duration, Instant},
};

/// Prints the medians in ms, divided by `parts`, and their ratio; each way has a name.
pub(crate) fn compare(
    (our_name, mut ours): (&str, impl FnMut() -> io::Result<()>),
    (reference_name, mut reference): (&str, impl FnMut() -> io::Result<()>),
    rounds: usize,
    parts: u32,
) -> io::Result<()> {
    let (mut our_times, mut reference_times) = (Vec::new(), Vec::new());
    // One round goes before, for caches.
    ours()?;
    reference()?;
    for _ in 0..rounds {
        our_times.push(timed(&mut ours)? / parts);
        reference_times.push(timed(&mut reference)? / parts);
    }
    let (our_time, reference_time) = (median(our_times), median(reference_times));
    println!("  {our_name:<20} {:8.3}", milliseconds(our_time));
    println!(
        "  {reference_name:<20} {:8.3}",
        milliseconds(reference_time)
    );
    println!(
        "  ratio {:.2}, difference {:.3}",
        our_time.as_secs_f64() / reference_time.as_secs_f64(),
        milliseconds(our_time) - milliseconds(reference_time)
    );
    Ok(())
}

fn timed(work: &mut impl FnMut() -> io::Result<()>) -> io::Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
