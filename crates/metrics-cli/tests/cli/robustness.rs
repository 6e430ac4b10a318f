//! Damaged files end in a result or an error, never in a panic.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int8Array, StringArray};
use clap::Parser;
use metrics_cli::Cli;
use parquet::basic::Compression;

use crate::program::{Dir, parquet_bytes};

/// Damaged files tried; `FUZZ_FILES` in the environment asks for more.
fn n_files() -> u64 {
    std::env::var("FUZZ_FILES").ok().and_then(|n| n.parse().ok()).unwrap_or(500)
}

/// The numbers of Vigna's splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// Changes up to four bytes, and in one file of eight cuts off the end.
fn damage(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let position = random.below(bytes.len());
        bytes[position] = match random.below(3) {
            0 => random.next() as u8,
            1 => bytes[position] ^ (1 << random.below(8)),
            _ => [0, 0xff, b'\n', b'"', b',', 0x7f, 0x80][random.below(7)],
        };
    }
    if random.below(8) == 0 {
        bytes.truncate(random.below(bytes.len()));
    }
    bytes
}

/// Evaluates damaged copies of `bytes` in this process, where a panic fails the test.
fn survive(name: &str, bytes: &[u8]) {
    let dir = Dir::new();
    for seed in 0..n_files() {
        dir.write(name, damage(bytes, &mut Random(seed)));
        eval(&dir.path(name), &format!("seed {seed}"));
    }
}

fn eval(path: &Path, what: &str) {
    let path = path.to_str().unwrap();
    for flags in [&["--json"][..], &["--skip-invalid", "--group", "g", "--weight", "w"]] {
        let arguments = ["tensor-metrics", "eval", path, "-s", "s", "-t", "y"].into_iter();
        let cli = Cli::try_parse_from(arguments.chain(flags.iter().copied())).unwrap();
        let run = || metrics_cli::run(&cli, None, &mut Vec::new());
        // AssertUnwindSafe: nothing of the run outlives it.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        assert!(result.is_ok(), "{what}: the program panicked");
        if let Ok(Err(error)) = result {
            assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn damaged_csv() {
    let row = |i: u32| format!("{},{},g{},{}\r\n", f64::from(i) / 50.0, i % 2, i % 3, i % 5);
    let rows: String = (0..50).map(row).collect();
    survive("x.csv", format!("s,y,g,w\r\n{rows}").as_bytes());
}

#[test]
fn damaged_parquet() {
    let scores: ArrayRef =
        Arc::new((0..200).map(|i| f64::from(i) / 200.0).collect::<Float64Array>());
    let targets: ArrayRef = Arc::new((0..200).map(|i| (i % 2) as i8).collect::<Int8Array>());
    let weights: ArrayRef = Arc::new((0..200).map(|i| Some((i % 5) as i8)).collect::<Int8Array>());
    let groups = (0..200).map(|i| (i % 11 != 0).then(|| format!("group {}", i % 3)));
    let groups: ArrayRef = Arc::new(groups.collect::<StringArray>());
    let columns = [("s", scores), ("y", targets), ("w", weights), ("g", groups)];
    for compression in
        [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(Default::default())]
    {
        survive("x.parquet", &parquet_bytes(&columns, compression));
    }
}

/// Bytes of pages and footers that no checksum covers, one after the other.
#[test]
fn every_byte_of_a_parquet_file() {
    let scores: ArrayRef = Arc::new((0..4).map(f64::from).collect::<Float64Array>());
    let targets: ArrayRef = Arc::new((0..4).map(|i| (i % 2) as i8).collect::<Int8Array>());
    let groups: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("b"), Some("a")]));
    let columns = [("s", scores), ("y", targets.clone()), ("w", targets), ("g", groups)];
    let dir = Dir::new();
    let intact = parquet_bytes(&columns, Compression::SNAPPY);
    for position in 0..intact.len() {
        for flip in [0x01, 0x10, 0x80, 0xff] {
            let mut bytes = intact.clone();
            bytes[position] ^= flip;
            dir.write("x.parquet", bytes);
            eval(&dir.path("x.parquet"), &format!("byte {position}, bits {flip}"));
        }
    }
}

#[test]
fn binary_files_named_csv() {
    let dir = Dir::new();
    for seed in 0..20 {
        let mut random = Random(seed);
        let bytes: Vec<u8> = (0..10_000).map(|_| random.next() as u8).collect();
        dir.write("x.csv", &bytes);
        dir.write("x.parquet", &bytes);
        eval(&dir.path("x.csv"), &format!("seed {seed}"));
        eval(&dir.path("x.parquet"), &format!("seed {seed}"));
    }
}
