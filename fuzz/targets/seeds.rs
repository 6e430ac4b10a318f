//! Writes inputs to begin with: `seeds FOLDER` makes one folder a target in it.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
// The counters in this program are libFuzzer's too.
use libfuzzer_sys as _;
use metrics_core::slice::{Auc, BinaryAuprc, Tensor};
use metrics_core::{Curve, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("seeds FOLDER");
        return ExitCode::from(2);
    };
    let states = states().expect("states of good samples");
    for (target, seeds) in
        [("states", states), ("api", calls()), ("csv", csv()), ("parquet", parquet())]
    {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder).expect("a folder that can be written");
        for (i, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed{i}")), seed).expect("a folder that can be written");
        }
    }
    ExitCode::SUCCESS
}

/// One state, or two that may be merged, behind a byte that says where to cut.
fn states() -> Result<Vec<Vec<u8>>> {
    let mut ranks = Vec::new();
    for (n_tasks, step) in [(1, 1), (1, 4), (2, 3), (3, 2)] {
        ranks.push(rank_state(n_tasks, step)?);
    }
    let targets = [1u8, 0, 1, 0];
    let mut push = |update: &dyn Fn(&mut BinaryAuprc) -> Result<()>| -> Result<()> {
        let mut auprc = BinaryAuprc::new();
        update(&mut auprc)?;
        ranks.push(auprc.state()?.to_bytes());
        Ok(())
    };
    push(&|m| m.update(&[1i64, -5, i64::MAX, i64::MIN], &targets))?;
    push(&|m| m.update(&[1u64, 5, u64::MAX, 0], &targets))?;
    push(&|m| m.update(&[1i32, -5, i32::MAX, i32::MIN], &targets))?;
    push(&|m| m.update(&[0.1f64, -5.0, f64::INFINITY, f64::NEG_INFINITY], &targets))?;
    push(&|m| {
        m.update(&[half::f16::ONE, half::f16::MIN, half::f16::ZERO, half::f16::ONE], &targets)
    })?;
    push(&|m| m.update(&[half::bf16::ONE; 4], &targets))?;
    push(&|m| m.update_weighted(&[0.1f64, 0.2, 0.1, 7.0], &targets, &[1e15, 2.0, 0.25, 1e300]))?;
    push(&|m| m.update_weighted(&[0.1f32, 0.2, 0.1, 7.0], &targets, &[9e15, 2.0, 0.0, 5e-324]))?;
    push(&|_| Ok(()))?;
    let mut aucs = Vec::new();
    for curve in [Curve::Roc, Curve::Pr] {
        for (num_thresholds, weights) in [(1, [1.0, 2.0]), (4, [0.5, 1e300]), (100, [9e15, 0.25])] {
            let mut auc = Auc::new(curve, num_thresholds)?;
            auc.update(&[0.1f32, 0.6, 0.9, 0.9], &[0u8, 0, 1, 0])?;
            auc.update_weighted(&[0.1f64, 0.6], &[1u8, 0], &weights)?;
            aucs.push(auc.state()?.to_bytes());
        }
    }
    let mut seeds = Vec::new();
    for states in [ranks, aucs] {
        let neighbours = states.iter().cycle().skip(1);
        for (state, other) in states.iter().zip(neighbours) {
            seeds.push([&[255], &state[..]].concat());
            for other in [state, other] {
                let cut = (255 * state.len()).div_ceil(state.len() + other.len());
                seeds.push([&[cut as u8], &state[..], other].concat());
            }
        }
    }
    Ok(seeds)
}

fn rank_state(n_tasks: usize, step: usize) -> Result<Vec<u8>> {
    let (n, shape) = (8 * n_tasks, [n_tasks, 8]);
    let scores: Vec<f32> = (0..n).map(|i| (i * step % 7) as f32 * 0.25 - 0.5).collect();
    let targets: Vec<u8> = (0..n).map(|i| u8::from((i * step).is_multiple_of(3))).collect();
    let (scores, targets) = (Tensor::new(&scores, &shape)?, Tensor::new(&targets, &shape)?);
    let mut auprc = BinaryAuprc::new().tasks(n_tasks)?;
    auprc.update(&scores, &targets)?;
    if step.is_multiple_of(2) {
        let weights: Vec<f64> = (0..n).map(|i| i as f64 * 0.5).collect();
        auprc.update_weighted(&scores, &targets, &Tensor::new(&weights, &shape)?)?;
    }
    Ok(auprc.state()?.to_bytes())
}

/// Bytes that stand for calls of all kinds.
fn calls() -> Vec<Vec<u8>> {
    let mut seed = 20_261_124u64;
    let mut byte = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 56) as u8
    };
    (0..48).map(|i| (0..(32 << (i % 4))).map(|_| byte()).collect()).collect()
}

fn csv() -> Vec<Vec<u8>> {
    let files: [(u8, &str); 8] = [
        (0, "a,y\n0.5,1\n0.25,0\n0.5,0\n"),
        (1, "y,a,b\r\n1,0.5,-3\r\n0,1e-3,inf\r\n1,7,2\r\n"),
        (7, "a,b,y,w,g\n.5,1,1,2,x\n.25,2,0,0.5,\"y, z\"\n1,3,true,1e3,x\n0,4,False,0,\n"),
        (8, "a\ty\n0.5\t1\n\n0.1\t0\n"),
        (0, "\u{feff}a , y\n nan,1\n0.5,2\n0.5\nx,1\n0.5,1,\n-inf,0\n"),
        (2, "a,y,w\n1,1,-1\n1,0,nan\n1e400,0,1\n0x10,1,1\n"),
        (20, "a,y,g\n1,1,p\n2,0,q\n3,1,r\n"),
        (0, "\"a\",\"y\"\n\"0.5\",\"1\"\n\"0.1\n\",0\n\"0.2,1\n"),
    ];
    files.into_iter().map(|(choice, text)| [&[choice], text.as_bytes()].concat()).collect()
}

fn parquet() -> Vec<Vec<u8>> {
    let a: ArrayRef = Arc::new(Float32Array::from(vec![0.5, 0.25, 0.5, 0.1, 0.9, 0.3]));
    let b: ArrayRef = Arc::new(Float64Array::from(vec![
        Some(1.0),
        None,
        Some(-2.0),
        Some(0.0),
        Some(5.0),
        Some(1.0),
    ]));
    let i: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, i64::MAX, -5, 2, 2]));
    let y: ArrayRef = Arc::new(Int64Array::from(vec![1, 0, 0, 1, 1, 0]));
    let truth: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, false, true, true, false]));
    let w: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 0.5, 2.0, 0.0, 1.0, 1e3]));
    let g: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "x", "z", "y", "x"]));
    let files: [(u8, Vec<(&str, &ArrayRef)>); 4] = [
        (0, vec![("a", &a), ("y", &y)]),
        (1, vec![("a", &i), ("b", &a), ("y", &truth)]),
        (7, vec![("a", &a), ("b", &b), ("y", &y), ("w", &w), ("g", &g)]),
        (4, vec![("g", &g), ("a", &i), ("y", &truth)]),
    ];
    let mut seeds = Vec::new();
    for (choice, columns) in files {
        for (compression, has_dictionary) in [
            (Compression::UNCOMPRESSED, true),
            (Compression::SNAPPY, false),
            (Compression::ZSTD(ZstdLevel::default()), true),
            (Compression::LZ4_RAW, false),
            (Compression::GZIP(Default::default()), true),
        ] {
            let rows = RecordBatch::try_from_iter(
                columns.iter().map(|&(name, column)| (name, Arc::clone(column))),
            );
            let properties = WriterProperties::builder()
                .set_compression(compression)
                .set_dictionary_enabled(has_dictionary)
                .set_statistics_enabled(EnabledStatistics::None)
                .set_max_row_group_row_count(Some(4))
                .set_created_by(String::new())
                .build();
            let rows = rows.expect("columns of one length");
            let mut seed = vec![choice];
            let mut writer = ArrowWriter::try_new(&mut seed, rows.schema(), Some(properties))
                .expect("a schema that Parquet has");
            writer.write(&rows).expect("a vector takes all that is written");
            writer.close().expect("a vector takes all that is written");
            seeds.push(seed);
        }
    }
    seeds
}
