//! What every path of the CPU engine returns, to the bit: the program of `cargo xtask processors`, not
//! an example of use.
//!
//! It prints one line a case: the name, then values in hexadecimal. Whatever the processor has and
//! whatever the compiler assumed of it, the lines must be the same. All inputs come from integers
//! and from operations that IEEE 754 rounds correctly, so they are the same on every machine.

use std::fmt::Write;

use half::{bf16, f16};
use metrics_core::slice::{
    Auc, Auprc, Auroc, BinaryAuprc, BinaryAuroc, Readings, Tensor, binary_auprc, binary_auroc,
    binary_precision_recall_curve, binary_roc_curve,
};
use metrics_core::{AucState, Curve, Element, RankState, Result};

/// Both sides of each size at which the engine takes another way.
const SIZES: [usize; 11] = [1, 2, 7, 64, 65, 1_000, 1_025, 8_192, 8_193, 20_000, MOST];
/// Enough for partitions with bins that are split again.
const MOST: usize = 70_001;
/// From here on 16-bit scores are counted without a look at them.
const MANY: usize = 1 << 20;
/// Sizes that the cases beside the exact areas get by with.
const A_FEW: [usize; 4] = [7, 65, 1_025, 20_000];

fn main() -> Result<()> {
    features();
    exact()?;
    rare()?;
    curves()?;
    weighted()?;
    tasks()?;
    states()?;
    buckets()?;
    bad_samples();
    Ok(())
}

/// Says, apart from the values, what the processor has of all that the engine may ask it for.
fn features() {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        let features = [
            ("popcnt", has!("popcnt")),
            ("avx", has!("avx")),
            ("avx2", has!("avx2")),
            ("bmi1", has!("bmi1")),
            ("bmi2", has!("bmi2")),
            ("f16c", has!("f16c")),
            ("fma", has!("fma")),
            ("lzcnt", has!("lzcnt")),
        ];
        let here: Vec<_> =
            features.iter().filter(|feature| feature.1).map(|feature| feature.0).collect();
        eprintln!("{}", here.join(" "));
    }
}

/// A name, and a number for each seed.
type Numbers = (&'static str, fn(u64) -> f64);

/// How scores are spread.
const SPREADS: [Numbers; 7] = [
    ("uniform", uniform),
    ("both signs", |seed| (uniform(seed) - 0.5) * 16.0),
    // Several powers of ten of both signs, with subnormal f32 and zeros of both signs.
    ("wide", |seed| {
        let small = (0..random(seed) % 48).fold(1.0, |x: f64, _| x * 0.125);
        let sign = if seed.is_multiple_of(3) { -1.0 } else { 1.0 };
        if seed % 11 == 0 { 0.0 * sign } else { uniform(seed + 7) * small * sign }
    }),
    ("infinite", |seed| match seed % 5 {
        0 => f64::INFINITY,
        1 => f64::NEG_INFINITY,
        _ => uniform(seed) - 0.25,
    }),
    ("many ties", |seed| (random(seed) % 37) as f64 * 1e9 / (1 + random(seed) % 31) as f64),
    ("close", |seed| 0.5 + (random(seed) % (1 << 18)) as f64 / (1u64 << 24) as f64),
    // More scores in one bin than caches hold, beside a few far away.
    ("crowded", |seed| if seed % 50 == 0 { uniform(seed) } else { 0.5 + uniform(seed) * 1e-6 }),
];

/// RankSums of every score type, at every size.
fn exact() -> Result<()> {
    for n in SIZES {
        for (spread, of) in SPREADS {
            let scores: Vec<f64> = (0..n as u64).map(of).collect();
            let name = |dtype| format!("{dtype} {spread} {n}");
            // Bits, not a conversion: that is for the engine to do.
            let shortened = |x: f64| (x as f32).to_bits() >> 16;
            let bf16s: Vec<_> =
                scores.iter().map(|&x| bf16::from_bits(shortened(x) as u16)).collect();
            areas(&name("bf16"), &bf16s, 3)?;
            areas(&name("f32"), &scores.iter().map(|&x| x as f32).collect::<Vec<_>>(), 3)?;
            areas(&name("f64"), &scores, 3)?;
        }
        areas(&format!("f16 {n}"), &made(n, any_f16), 3)?;
        integers(n)?;
    }
    areas(&format!("f16 {MANY}"), &made(MANY, any_f16), 3)
}

/// Every bit pattern that is not NaN.
fn any_f16(seed: u64) -> f16 {
    f16::from_bits((random(seed) % 0x7c01) as u16 | (random(seed + 1) as u16 & 0x8000))
}

fn integers(n: usize) -> Result<()> {
    areas(&format!("bool {n}"), &made(n, |seed| random(seed) % 2 == 1), 3)?;
    areas(&format!("u8 {n}"), &made(n, |seed| random(seed) as u8), 3)?;
    areas(&format!("i8 {n}"), &made(n, |seed| random(seed) as i8), 3)?;
    areas(&format!("u16 {n}"), &made(n, |seed| random(seed) as u16), 3)?;
    areas(&format!("i16 {n}"), &made(n, |seed| random(seed) as i16), 3)?;
    areas(&format!("u32 {n}"), &made(n, |seed| random(seed) as u32), 3)?;
    areas(&format!("i32 {n}"), &made(n, |seed| random(seed) as i32), 3)?;
    areas(&format!("u64 {n}"), &made(n, random), 3)?;
    areas(&format!("i64 {n}"), &made(n, |seed| random(seed) as i64), 3)?;
    areas(&format!("i64 few values {n}"), &made(n, |seed| (random(seed) % 999) as i64), 3)
}

/// Few positives: they are sorted, the negatives are not.
fn rare() -> Result<()> {
    for n in [8_193, MOST] {
        for rarity in [33, 1_000] {
            for (spread, of) in SPREADS {
                let name = |dtype| format!("{dtype} {spread} {n}, one in {rarity}");
                areas(&name("f64"), &made(n, of), rarity)?;
                areas(&name("f32"), &made(n, |seed| of(seed) as f32), rarity)?;
            }
        }
    }
    Ok(())
}

/// RankSums by the functions, with targets of several types.
fn areas<T: Element>(name: &str, scores: &[T], rarity: u64) -> Result<()> {
    let targets = targets(scores.len(), rarity);
    let floats: Vec<f32> = targets.iter().map(|&target| f32::from(target)).collect();
    let integers: Vec<i64> = targets.iter().map(|&target| i64::from(target)).collect();
    let values = [
        binary_auprc(scores, &targets)?,
        binary_auroc(scores, &targets)?,
        binary_auprc(scores, &floats)?,
        binary_auroc(scores, &integers)?,
    ];
    print(name, &values);
    Ok(())
}

fn curves() -> Result<()> {
    for n in A_FEW {
        for (spread, of) in SPREADS {
            let (scores, targets) = (made(n, |seed| of(seed) as f32), targets(n, 3));
            let curve = binary_precision_recall_curve(&scores, &targets)?;
            let [precision, recall] = [&curve.precision, &curve.recall].map(|x| fingerprint(x));
            println!("precision, recall {spread} {n}\t{precision:016x} {recall:016x}");
            let curve = binary_roc_curve(&scores, &targets)?;
            let [fpr, tpr, at] =
                [&curve.fpr, &curve.tpr, &curve.thresholds].map(|x| fingerprint(x));
            println!("fpr, tpr, thresholds {spread} {n}\t{fpr:016x} {tpr:016x} {at:016x}");
        }
    }
    Ok(())
}

/// Weights: whole ones, which count, and fractions, which are summed.
const WEIGHTS: [Numbers; 4] = [
    ("ones", |_| 1.0),
    ("whole", |seed| (random(seed) % 5) as f64),
    ("fractions", |seed| 0.01 + uniform(seed)),
    ("of all sizes", |seed| (0..random(seed) % 60).fold(0.1, |x: f64, _| x * 1.75)),
];

fn weighted() -> Result<()> {
    for n in A_FEW {
        for (spread, of) in SPREADS {
            let (scores, targets) = (made(n, of), targets(n, 3));
            for (kind, of) in WEIGHTS {
                let weights = made(n, |seed| of(seed + 5));
                let ap = Auprc.weights(&weights).read(&scores, &targets)?;
                let roc = Auroc.weights(&weights).read(&scores, &targets)?;
                print(&format!("f64 {spread} {n}, weights {kind}"), &[ap, roc]);
            }
        }
    }
    Ok(())
}

fn tasks() -> Result<()> {
    for (n_tasks, n) in [(2, 100), (40, 65), (3, 9_000)] {
        let scores = made(n_tasks * n, |seed| uniform(seed) as f32);
        let targets = targets(n_tasks * n, 4);
        let shape = [n_tasks, n];
        let (scores, targets) = (Tensor::new(&scores, &shape)?, Tensor::new(&targets, &shape)?);
        print(&format!("{n_tasks} tasks of {n}"), &Auprc.tasks(&scores, &targets)?);
    }
    Ok(())
}

/// Batches of several types in one state, merged, written and read.
fn states() -> Result<()> {
    for n in [10, 1_000, 9_000, MOST] {
        for (spread, of) in SPREADS {
            let targets = targets(n, 3);
            let (mut auprc, mut auroc) = (BinaryAuprc::new(), BinaryAuroc::new());
            for part in 0..3u64 {
                let scores = made(n, |seed| of(seed + 100 * part) as f32);
                auprc.update(&scores, &targets)?;
                auroc.update(&scores, &targets)?;
            }
            let mut other = BinaryAuprc::new();
            other.update(&made(n, |seed| of(seed + 1_000)), &targets)?;
            other.update_weighted(
                &made(7, of),
                &targets[..7],
                &made(7, |seed| uniform(seed + 9)),
            )?;
            let before = auprc.compute()?;
            auprc.merge(&other)?;
            let bytes = auprc.state()?.to_bytes();
            let mut loaded = BinaryAuprc::new();
            loaded.load_state(&RankState::from_bytes(&bytes)?)?;
            let name = format!("state {spread} {n}");
            print(&name, &[before, auroc.compute()?, auprc.compute()?, loaded.compute()?]);
            let unweighted = auroc.state()?.to_bytes();
            println!("{name}\t{:016x} {:016x}", hash(&bytes), hash(&unweighted));
        }
    }
    Ok(())
}

fn buckets() -> Result<()> {
    for n in [1, 15, 16, 33, 1_025, MOST] {
        for num_thresholds in [1, 100, 4_095, 70_000] {
            for curve in [Curve::Roc, Curve::Pr] {
                let name = |dtype| format!("auc {curve:?} {num_thresholds} {dtype} {n}");
                let p = |seed| if seed % 9 == 0 { (seed % 2) as f64 } else { uniform(seed) };
                let f16s = |seed| f16::from_bits((random(seed) % 0x3c01) as u16);
                let bf16s = |seed| bf16::from_bits((random(seed) % 0x3f81) as u16);
                auc(&name("f64"), curve, num_thresholds, &made(n, p))?;
                auc(&name("f32"), curve, num_thresholds, &made(n, |seed| p(seed) as f32))?;
                auc(&name("f16"), curve, num_thresholds, &made(n, f16s))?;
                auc(&name("bf16"), curve, num_thresholds, &made(n, bf16s))?;
            }
        }
    }
    Ok(())
}

fn auc<T: Element>(name: &str, curve: Curve, num_thresholds: usize, scores: &[T]) -> Result<()> {
    let mut auc = Auc::new(curve, num_thresholds)?;
    let targets = targets(scores.len(), 3);
    auc.update(scores, &targets)?;
    let bounds = auc.bounds()?;
    let value = auc.compute()?;
    auc.update_weighted(scores, &targets, &made(scores.len(), |seed| uniform(seed + 3)))?;
    let bytes = auc.state()?.to_bytes();
    let mut loaded = Auc::new(curve, num_thresholds)?;
    loaded.load_state(&AucState::from_bytes(&bytes)?)?;
    let weighted = loaded.bounds()?;
    print(name, &[value, bounds.lower, bounds.upper, loaded.compute()?]);
    print(&format!("{name}, weighted"), &[weighted.lower, weighted.upper]);
    println!("{name}\t{:016x}", hash(&bytes));
    Ok(())
}

/// The first bad sample, on every path.
fn bad_samples() {
    for n in [7, 65, 1_025, 8_193, MOST] {
        for place in [0, n / 2, n - 1] {
            let (scores, targets) = (made(n, |seed| uniform(seed) as f32), targets(n, 3));
            let (mut nan, mut two) = (scores.clone(), targets.clone());
            nan[place] = f32::NAN;
            two[place] = 2;
            say(&format!("NaN at {place} of {n}"), binary_auprc(&nan, &targets));
            let wide: Vec<f64> = nan.iter().map(|&x| x.into()).collect();
            say(&format!("wide NaN at {place} of {n}"), binary_auroc(&wide, &targets));
            say(&format!("target at {place} of {n}"), binary_auprc(&scores, &two));
            let mut auc = Auc::default();
            say(
                &format!("probability at {place} of {n}"),
                auc.update(&nan, &targets).map(|()| 0.0),
            );
            say(&format!("label at {place} of {n}"), auc.update(&scores, &two).map(|()| 0.0));
        }
    }
}

fn say(name: &str, result: Result<f64>) {
    match result {
        Ok(value) => print(name, &[value]),
        Err(error) => println!("{name}\t{error}"),
    }
}

fn print(name: &str, values: &[f64]) {
    let mut line = String::from(name);
    for (i, value) in values.iter().enumerate() {
        let apart = if i == 0 { '\t' } else { ' ' };
        // Writing to a string does not fail.
        let _ = write!(line, "{apart}{:016x}", value.to_bits());
    }
    println!("{line}");
}

fn made<T>(n: usize, of: impl Fn(u64) -> T) -> Vec<T> {
    (0..n as u64).map(of).collect()
}

/// One target in `rarity` is positive, about.
fn targets(n: usize, rarity: u64) -> Vec<u8> {
    made(n, |seed| u8::from(random(seed ^ 0xabcd_ef01).is_multiple_of(rarity)))
}

/// splitmix64: a number that looks random, for each seed.
fn random(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// In `[0, 1)`.
fn uniform(seed: u64) -> f64 {
    (random(seed) >> 11) as f64 / (1u64 << 53) as f64
}

fn fingerprint(values: &[f64]) -> u64 {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_bits().to_le_bytes()).collect();
    hash(&bytes)
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
