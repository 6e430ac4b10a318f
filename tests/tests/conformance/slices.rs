//! What is particular to plain slices.

use metrics_conformance::check::same_bits;
use metrics_conformance::random::{Kind, Samples, seed};
use metrics_core::slice::{Auc, BinaryAuprc, Tensor, binary_auprc};
use metrics_core::{Curve, Metric};

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
