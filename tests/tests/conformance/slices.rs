//! What is particular to plain slices.

use metrics_conformance::check::same_bits;
use metrics_conformance::random::{Kind, Samples, seed};
use metrics_core::slice::{Auc, BinaryAuprc, Tensor, binary_auprc};
use metrics_core::{Auprc, BucketCounts, Curve, Readings};

#[test]
fn slices_vecs_arrays_and_tensors_are_taken() {
    let (scores, targets) = ([0.1f32, 0.5, 0.7, 0.8], [true, false, true, true]);
    let shaped = |shape: &[usize]| {
        let (scores, targets) = (Tensor::new(&scores, shape), Tensor::new(&targets, shape));
        binary_auprc(&scores.unwrap(), &targets.unwrap()).unwrap()
    };
    let values = [
        binary_auprc(&scores, &targets).unwrap(),
        binary_auprc(&scores[..], &targets[..]).unwrap(),
        binary_auprc(&scores.to_vec(), &targets.to_vec()).unwrap(),
        shaped(&[4]),
        shaped(&[1, 4]),
    ];
    same_bits(&values, &[11.0 / 12.0; 5], &"owners");
}

#[test]
fn updates_copy_what_they_keep() {
    let Samples { mut scores, mut targets, .. } = Kind::Uniform.samples(100, seed());
    let expected = binary_auprc(&scores, &targets).unwrap();
    let mut auprc = BinaryAuprc::new();
    auprc.update(&scores, &targets).unwrap();
    let mut auc = Auc::new(Curve::Pr, 4095).unwrap();
    auc.update(&scores, &targets).unwrap();
    let bucketed = auc.compute().unwrap();
    scores.fill(0.5);
    targets.fill(1);
    same_bits(&[auprc.compute().unwrap(), auc.compute().unwrap()], &[expected, bucketed], &"kept");
}

/// However much they hold, `{:?}` is a line that says how much.
#[test]
fn debug_output_is_short() {
    let Samples { scores, targets, .. } = Kind::Uniform.samples(100_000, seed());
    let mut auprc = BinaryAuprc::new();
    auprc.update(&scores, &targets).unwrap();
    let mut tasks = BinaryAuprc::new().tasks(5000).unwrap();
    let (matrix, labels) = (Tensor::new(&scores, &[5000, 20]), Tensor::new(&targets, &[5000, 20]));
    tasks.update(&matrix.unwrap(), &labels.unwrap()).unwrap();
    tasks.compute_tasks().unwrap();
    let mut auc = Auc::new(Curve::Pr, 1 << 16).unwrap();
    auc.update_weighted(&scores, &targets, &scores).unwrap();
    auc.update(&scores, &targets).unwrap();
    let n = "n_counted: 100000";
    let rank =
        [format!("{:?}", auprc.state().unwrap()), format!("{auprc:?}"), format!("{tasks:?}")];
    assert!(rank.iter().all(|line| line.contains(n) && line.contains("F64")), "{rank:?}");
    assert!(rank[1].contains("Auprc") && rank[2].contains("n_tasks: 5000"), "{rank:?}");
    let buckets = [format!("{auc:?}"), format!("{:?}", auc.state().unwrap())];
    assert!(buckets.iter().all(|line| line.contains("Pr, ")), "{buckets:?}");
    assert!(buckets.iter().all(|line| line.contains("num_thresholds: 65536")), "{buckets:?}");
    assert!(buckets[0].contains(n), "{buckets:?}");
    let others = [
        format!("{:?}", Tensor::new(&scores, &[100_000]).unwrap()),
        format!("{:?}", Auprc.weights(&scores)),
        format!("{:?}", BucketCounts::new(1 << 20).unwrap()),
    ];
    assert!(others[..2].iter().all(|line| line.contains("and 99994 more")), "{others:?}");
    for line in rank.iter().chain(&buckets).chain(&others) {
        assert!(line.len() < 300, "{} bytes: {line}", line.len());
    }
    let few = format!("{:?}", Tensor::new(&[1u8, 0], &[2]).unwrap());
    assert_eq!(few, "HostTensor { buffer: U8([1, 0]), shape: [2] }");
}
