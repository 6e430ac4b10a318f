//! Measures the cost of hostile input, for `cargo xtask bench-hostile`.
//!
//! - `hostile speed N [NAME]` prints the processor time of AUPRC on N samples of many distributions, as a ratio
//!   to the time on uniform scores. With NAME, only distributions whose names contain NAME are measured.
//! - `hostile merge` prints the time to merge loaded states.
//! - `hostile decode` prints time and memory to read a state, for each of its bytes.
//!
//! With `RAYON_NUM_THREADS=1` all calls run on one thread.

mod distributions;
mod states;

use std::error::Error;
use std::hint::black_box;

use distributions::{Distribution, F32, F64, HOSTILE, Positives, Type, UNIFORM, targets};
use metrics_benches::Random;
use metrics_core::slice::binary_auprc;

/// Calls of a measurement, in turn with calls on uniform scores. The fastest call of each counts.
const TIMES: usize = 3;
/// Most calls of a measurement while its ratio exceeds [`LIMIT`]: other processes may have slowed the first
/// calls.
const MOST_TIMES: usize = 12;
/// Largest accepted ratio to the time on uniform scores.
const LIMIT: f64 = 3.0;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["speed", n] => speed(n.parse()?, ""),
        ["speed", n, name] => speed(n.parse()?, name),
        ["merge"] => states::merge(),
        ["decode"] => states::decode(),
        _ => Err("usage: hostile speed N [NAME] | hostile merge | hostile decode".into()),
    }
}

/// Shares of positives, and their names. The engine estimates from some of the samples whether positives are
/// rare. With many samples, the last share has as many positives as the engine still surely takes for rare.
fn prevalences(n: usize) -> Vec<(String, f64)> {
    let shares = [0.5, 0.01, 0.0001].map(|share| (format!("{} %", 100.0 * share), share));
    let most = 10_000.0 / n as f64;
    shares.into_iter().chain((most < 0.005).then(|| ("10,000".into(), most))).collect()
}

/// Scores of one distribution, in both types, and which samples are positive.
struct Scores {
    positives: Positives,
    wide: Vec<f64>,
    narrow: Vec<f32>,
}

impl Scores {
    fn new((_, make, positives): Distribution, random: &mut Random, n: usize, of: Type) -> Self {
        let wide = make(random, n, of);
        let narrow = wide.iter().map(|&score| score as f32).collect();
        Self { positives, wide, narrow }
    }

    /// Milliseconds of one call.
    fn time(&self, of: Type, targets: &[u8]) -> metrics_core::Result<f64> {
        let start = processor_time();
        let value = if of.name == F32.name {
            binary_auprc(&self.narrow, targets)
        } else {
            binary_auprc(&self.wide, targets)
        };
        black_box(value?);
        Ok(1e3 * (processor_time() - start))
    }
}

fn speed(n: usize, name: &str) -> Result<(), Box<dyn Error>> {
    let prevalences = prevalences(n);
    let mut worst = (0.0, String::new());
    let names: Vec<_> = prevalences.iter().map(|(name, _)| format!("{name:>8}  ")).collect();
    println!("{:>8} {:3} {:45} {}", "samples", "", "positive", names.join(" "));
    for of in [F32, F64] {
        let mut random = Random::default();
        let uniform = Scores::new(UNIFORM, &mut random, n, of);
        let of_prevalences = prevalences.iter().map(|&(_, share)| {
            let targets = targets(Positives::Random, &mut random, &uniform.wide, share);
            (0..TIMES)
                .map(|_| uniform.time(of, &targets))
                .try_fold(f64::INFINITY, |best, time| time.map(|time| best.min(time)))
        });
        let times: Vec<f64> = of_prevalences.collect::<Result<_, _>>()?;
        print(UNIFORM.0, of, n, times.iter().map(|time| format!("{time:7.2} ms")));
        for &hostile in HOSTILE.iter().filter(|hostile| hostile.0.contains(name)) {
            let scores = Scores::new(hostile, &mut random, n, of);
            let mut ratios = Vec::new();
            for (positive, share) in &prevalences {
                let hostile_targets = targets(scores.positives, &mut random, &scores.wide, *share);
                // The uniform scores have as many positives.
                let share = if scores.positives == Positives::Hidden { 0.5 } else { *share };
                let targets = targets(Positives::Random, &mut random, &uniform.wide, share);
                let (mut time, mut base, mut n_times) = (f64::INFINITY, f64::INFINITY, 0);
                while n_times < TIMES || n_times < MOST_TIMES && time > LIMIT * base {
                    base = base.min(uniform.time(of, &targets)?);
                    time = time.min(scores.time(of, &hostile_targets)?);
                    n_times += 1;
                }
                ratios.push(time / base);
                if time / base > worst.0 {
                    worst =
                        (time / base, format!("{}, {}, {positive} positive", of.name, hostile.0));
                }
            }
            print(hostile.0, of, n, ratios.iter().map(|ratio| format!("{ratio:8.2} ×")));
        }
    }
    println!("worst of {n}: {:.2} × uniform: {}", worst.0, worst.1);
    Ok(())
}

fn print(name: &str, of: Type, n: usize, cells: impl Iterator<Item = String>) {
    println!("{n:>8} {} {name:45} {}", of.name, cells.collect::<Vec<_>>().join(" "));
}

/// Seconds of processor time that this process has taken.
fn processor_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid `timespec` for the whole call, which writes nothing else.
    #[allow(unsafe_code)]
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert!(status == 0, "every Unix has this clock");
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}
