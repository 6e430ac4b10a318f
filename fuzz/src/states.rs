//! Saved states: decoded, loaded, read, merged, gone on with.

use metrics_core::slice::{Auc, BinaryAuprc, BinaryAuroc, Tensor};
use metrics_core::{AucState, Curve, Error, PrecisionRecall, RankState, Roc, Sums};

use crate::memory::peak_of;

/// Bytes of memory that a byte of a state may cost on its way through decode, load, compute, encode.
const BYTES_A_BYTE: usize = 32;
/// Bytes of memory that any state may cost.
const ANY_STATE: usize = 64 << 10;
/// Most buckets looked at: more are only slow.
const MAX_THRESHOLDS: usize = 1 << 12;

/// Takes the bytes behind the first for one state, then cuts them in two where the first byte says and
/// takes both parts for states that may be merged.
pub fn run(bytes: &[u8]) {
    let Some((&cut, bytes)) = bytes.split_first() else { return };
    let (first, second) = bytes.split_at(bytes.len() * usize::from(cut) / 255);
    rank(bytes);
    auc(bytes);
    if let (Ok(a), Ok(b)) = (RankState::from_bytes(first), RankState::from_bytes(second)) {
        merge_ranks(&a, &b);
    }
    if let (Ok(a), Ok(b)) = (AucState::from_bytes(first), AucState::from_bytes(second)) {
        merge_aucs(&a, &b);
    }
}

fn rank(bytes: &[u8]) {
    let (state, peak) = peak_of(|| {
        let mut state = RankState::from_bytes(bytes).ok()?;
        let mut auprc = auprc_of(&state);
        let _ = auprc.compute_tasks();
        drop(auprc);
        let _ = state.rank_sums().unwrap();
        assert_eq!(state.to_bytes(), bytes, "a state has one spelling");
        Some(state)
    });
    let limit = BYTES_A_BYTE * bytes.len() + ANY_STATE;
    assert!(peak <= limit, "{} bytes of a state held {peak} bytes", bytes.len());
    let Some(state) = state else { return };
    read_rank(&state);
    go_on(&state);
}

fn auprc_of(state: &RankState) -> BinaryAuprc {
    let mut auprc = BinaryAuprc::new().tasks(state.n_tasks()).expect("at least one task");
    auprc.load_state(state).expect("a state of as many tasks");
    auprc
}

fn auroc_of(state: &RankState) -> BinaryAuroc {
    let mut auroc = BinaryAuroc::new().tasks(state.n_tasks()).expect("at least one task");
    auroc.load_state(state).expect("a state of as many tasks");
    auroc
}

fn is_share(value: f64) -> bool {
    (0.0..=1.0).contains(&value) && value.is_sign_positive()
}

/// Every value is a share, and the same however it is asked for.
fn read_rank(state: &RankState) {
    let (mut auprc, mut auroc) = (auprc_of(state), auroc_of(state));
    let values = match (auprc.compute_tasks(), auroc.compute_tasks()) {
        (Ok(auprcs), Ok(aurocs)) => auprcs.into_iter().zip(aurocs),
        (Err(Error::NoSamples { .. }), Err(Error::NoSamples { .. })) => {
            assert!(state.is_empty());
            return;
        }
        other => panic!("{other:?}"),
    };
    let areas = auroc.read_tasks(&Sums).expect("computed before");
    for (task, ((ap, roc), areas)) in values.zip(areas).enumerate() {
        assert!(is_share(ap) && is_share(roc), "task {task}: {ap}, {roc}");
        assert_eq!((areas.auprc().unwrap_or(0.0), areas.auroc().unwrap_or(0.5)), (ap, roc));
        if task < 3 {
            curves(&mut auprc, task, areas.auprc(), areas.auroc());
        }
    }
    assert_eq!(auprc.state().expect("a host has no errors to report"), *state);
}

/// Both curves of a task are curves, and their areas are its areas.
fn curves(auprc: &mut BinaryAuprc, task: usize, ap: Option<f64>, auroc: Option<f64>) {
    let pr = auprc.read_task(&PrecisionRecall, task).expect("there is a sample");
    let roc = auprc.read_task(&Roc, task).expect("there is a sample");
    let n_points = pr.thresholds.len();
    assert_eq!((pr.precision.len(), pr.recall.len()), (n_points + 1, n_points + 1));
    assert_eq!((roc.fpr.len(), roc.tpr.len()), (n_points + 1, n_points + 1));
    assert!(pr.precision.iter().chain(&pr.recall).all(|&x| is_share(x)), "{pr:?}");
    assert!(roc.fpr.iter().chain(&roc.tpr).all(|&x| is_share(x)), "{roc:?}");
    assert!(pr.recall.is_sorted_by(|a, b| a >= b), "{pr:?}");
    assert!(roc.fpr.is_sorted() && roc.tpr.is_sorted(), "{roc:?}");
    // 64-bit integers beyond 2^53 are rounded.
    assert!(pr.thresholds.is_sorted(), "{pr:?}");
    assert!(roc.thresholds[1..].iter().rev().eq(&pr.thresholds), "{roc:?} {pr:?}");
    if let Some(ap) = ap {
        let steps = pr.recall.windows(2).zip(&pr.precision);
        let area: f64 = steps.map(|(recall, precision)| (recall[0] - recall[1]) * precision).sum();
        assert!((area - ap).abs() <= 1e-9, "{area} under {pr:?}, {ap}");
    }
    if let Some(auroc) = auroc {
        let steps = roc.fpr.windows(2).zip(roc.tpr.windows(2));
        let area: f64 = steps.map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0).sum();
        assert!((area - auroc).abs() <= 1e-9, "{area} under {roc:?}, {auroc}");
    }
}

/// A loaded state takes more samples, or refuses them and stays as it is.
fn go_on(state: &RankState) {
    let n_tasks = state.n_tasks();
    if n_tasks > 4 {
        return;
    }
    let shape = [n_tasks, 2];
    let targets = [1u8, 0].repeat(n_tasks);
    let targets = Tensor::new(&targets, &shape).expect("a shape that fits");
    let mut auprc = auprc_of(state);
    let mut bytes = state.to_bytes();
    macro_rules! update {
        ($scores:expr, $weights:expr) => {
            let scores = $scores.repeat(n_tasks);
            let scores = Tensor::new(&scores, &shape).expect("it fits");
            let weights: Option<[f64; 2]> = $weights;
            let result = match weights.map(|weights| weights.repeat(n_tasks)) {
                None => auprc.update(&scores, &targets),
                Some(weights) => {
                    let weights = Tensor::new(&weights, &shape);
                    auprc.update_weighted(&scores, &targets, &weights.expect("it fits"))
                }
            };
            let after = auprc.state().expect("no errors to report").to_bytes();
            if result.is_err() {
                assert_eq!(after, bytes, "a failed update changes nothing");
            } else {
                let read = RankState::from_bytes(&after).expect("an updated state can be read");
                assert_eq!(read.to_bytes(), after);
                assert!(
                    auprc.compute_tasks().expect("there are samples").into_iter().all(is_share)
                );
            }
            bytes = after;
        };
    }
    update!([f32::NAN, 0.5], None);
    update!([half::f16::ONE, half::f16::NEG_INFINITY], None);
    update!([-0.0f32, 0.5], None);
    update!([i32::MIN, 7], None);
    update!([5u64, u64::MAX], Some([3.0, 0.0]));
    update!([0.25f64, f64::INFINITY], Some([0.5, 1e300]));
    update!([1i64, i64::MIN], Some([9e15, 1.0]));
    let _ = bytes;
    auprc.reset();
    assert!(auprc.state().expect("no errors to report").is_empty());
}

/// The order of a merge changes no bit, and a merge that fails changes nothing.
fn merge_ranks(a: &RankState, b: &RankState) {
    let (mut ab, mut ba) = (auprc_of(a), auprc_of(b));
    let results = (ab.merge(&auprc_of(b)), ba.merge(&auprc_of(a)));
    let [ab_bytes, ba_bytes] =
        [&mut ab, &mut ba].map(|m| m.state().expect("no errors to report").to_bytes());
    match results {
        (Ok(()), Ok(())) => assert_eq!(ab_bytes, ba_bytes),
        (Err(_), Err(_)) => {
            assert_eq!((ab_bytes, ba_bytes), (a.to_bytes(), b.to_bytes()));
            return;
        }
        other => panic!("{other:?}"),
    }
    let merged = RankState::from_bytes(&ab_bytes).expect("a merged state can be read");
    assert_eq!(merged.to_bytes(), ab_bytes);
    read_rank(&merged);
    if let (Ok(x), Ok(y)) = (ab.compute_tasks(), auprc_of(&merged).compute_tasks()) {
        assert!(x.iter().zip(&y).all(|(x, y)| x.to_bits() == y.to_bits()), "{x:?} {y:?}");
    }
}

fn auc_of(state: &AucState) -> Auc {
    let mut auc = Auc::new(state.curve(), state.num_thresholds()).expect("a state's thresholds");
    auc.load_state(state).expect("a state of the same configuration");
    auc
}

fn auc(bytes: &[u8]) {
    let (state, peak) = peak_of(|| {
        let state = AucState::from_bytes(bytes).ok()?;
        assert_eq!(state.to_bytes(), bytes, "a state has one spelling");
        Some(state)
    });
    let limit = BYTES_A_BYTE * bytes.len() + ANY_STATE;
    assert!(peak <= limit, "{} bytes of a state held {peak} bytes", bytes.len());
    let Some(state) = state else { return };
    if state.num_thresholds() > MAX_THRESHOLDS {
        return;
    }
    let n_buckets = state.num_thresholds() + 1;
    assert_eq!((state.stat_pos().len(), state.stat_neg().len()), (n_buckets, n_buckets));
    let mut auc = auc_of(&state);
    assert_eq!(auc.state().expect("no errors to report").to_bytes(), bytes);
    bounds_hold(&mut auc);
    for weights in [[1.0, 1.0], [0.5, 1e300], [9e15, 0.25]] {
        let before = auc.state().expect("no errors to report").to_bytes();
        let result = auc.update_weighted(&[0.5f32, 0.25], &[1u8, 0], &weights);
        let after = auc.state().expect("no errors to report").to_bytes();
        match result {
            Ok(()) => assert!(AucState::from_bytes(&after).is_ok(), "an updated state can be read"),
            Err(_) => assert_eq!(after, before, "a failed update changes nothing"),
        }
        bounds_hold(&mut auc);
    }
}

/// The value is a share, and its bounds hold it.
fn bounds_hold(auc: &mut Auc) -> Option<f64> {
    let (value, bounds) = match (auc.compute(), auc.bounds()) {
        (Ok(value), Ok(bounds)) => (value, bounds),
        (Err(Error::NoSamples { .. }), Err(Error::NoSamples { .. })) => return None,
        other => panic!("{other:?}"),
    };
    assert!([value, bounds.lower, bounds.upper].into_iter().all(is_share), "{value} {bounds:?}");
    assert!(bounds.lower <= value && value <= bounds.upper, "{value} {bounds:?}");
    Some(value)
}

fn merge_aucs(a: &AucState, b: &AucState) {
    if a.num_thresholds().max(b.num_thresholds()) > MAX_THRESHOLDS {
        return;
    }
    let (mut ab, mut ba) = (auc_of(a), auc_of(b));
    let results = (ab.merge(&auc_of(b)), ba.merge(&auc_of(a)));
    let [ab_bytes, ba_bytes] =
        [&mut ab, &mut ba].map(|m| m.state().expect("no errors to report").to_bytes());
    match results {
        (Ok(()), Ok(())) => {}
        (Err(_), Err(_)) => {
            assert_eq!((ab_bytes, ba_bytes), (a.to_bytes(), b.to_bytes()));
            return;
        }
        other => panic!("{other:?}"),
    }
    let merged = AucState::from_bytes(&ab_bytes).expect("a merged state can be read");
    assert_eq!(merged.to_bytes(), ab_bytes);
    let values = [&mut ab, &mut ba, &mut auc_of(&merged)].map(bounds_hold);
    // Sums of weights that are not whole may differ in the last of 106 bits.
    let [Some(x), Some(y), Some(z)] = values else {
        assert_eq!(values, [None; 3]);
        return;
    };
    assert_eq!(x.to_bits(), z.to_bits());
    assert!((x - y).abs() <= 1e-12 * x.max(y), "{x} {y}");
    if is_counted(a) && is_counted(b) {
        assert_eq!(ab_bytes, ba_bytes);
        assert_eq!(x.to_bits(), y.to_bits());
    }
    let other = match merged.curve() {
        Curve::Roc => Curve::Pr,
        _ => Curve::Roc,
    };
    let mut other = Auc::new(other, merged.num_thresholds()).expect("the same thresholds");
    assert!(other.load_state(&merged).is_err() && other.merge(&ab).is_err(), "another curve");
}

/// Whether a state holds whole weights only: the byte behind header, curve and thresholds says so.
fn is_counted(state: &AucState) -> bool {
    let bytes = state.to_bytes();
    let thresholds = bytes[7..].iter().take_while(|&&byte| byte >= 0x80).count() + 1;
    bytes[7 + thresholds] == 0
}
