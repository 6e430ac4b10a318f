//! Several tasks in one call, and one task in two shapes.

use metrics_conformance::check::same_bits;
use metrics_conformance::inputs::{areas, matrix, vector, weighted_areas};
use metrics_conformance::random::{Kind, Samples, seed};
use metrics_core::{
    Backend, BinaryAuprc, BinaryAuroc, Metric, Options, Owned, Undefined, binary_auprc,
    binary_auprc_tasks, binary_auprc_tasks_with, binary_auroc, binary_auroc_tasks,
    binary_auroc_tasks_with,
};

use crate::weights::fractions;

#[track_caller]
pub(crate) fn functions_of_tasks_equal_each_alone<B: Backend>(backend: &B, n_samples: usize) {
    let rows = rows(n_samples);
    let (scores, targets) = stacked(backend, &rows);
    let [auprc, auroc] = each_alone(backend, &rows);
    same_bits(&binary_auprc_tasks::<B>(&scores, &targets).unwrap(), &auprc, &n_samples);
    same_bits(&binary_auroc_tasks::<B>(&scores, &targets).unwrap(), &auroc, &n_samples);
}

#[track_caller]
pub(crate) fn weighted_tasks_equal_each_alone<B: Backend>(backend: &B) {
    let rows = rows(50);
    let (scores, targets) = stacked(backend, &rows);
    let weights = fractions(rows.len() * 50);
    let alone: Vec<[f64; 2]> = rows
        .iter()
        .zip(weights.chunks(50))
        .map(|(row, weights)| weighted_areas(backend, row, weights))
        .collect();
    let weights = matrix(backend, &weights, rows.len());
    let options = || Options::new().weights(&weights);
    let auprc = binary_auprc_tasks_with::<B>(&scores, &targets, options()).unwrap();
    let auroc = binary_auroc_tasks_with::<B>(&scores, &targets, options()).unwrap();
    same_bits(&auprc, &column(&alone, 0), &"weighted AUPRC");
    same_bits(&auroc, &column(&alone, 1), &"weighted AUROC");
}

#[track_caller]
pub(crate) fn streamed_tasks_equal_each_alone<B: Backend>(backend: &B) {
    let rows = rows(100);
    let mut auprc = BinaryAuprc::<B>::with_tasks(rows.len()).unwrap();
    let mut auroc = BinaryAuroc::<B>::with_tasks(rows.len()).unwrap();
    for part in [0..30, 30..31, 31..100] {
        let positions: Vec<usize> = part.collect();
        let batch: Vec<Samples> = rows.iter().map(|row| row.at(&positions)).collect();
        let (scores, targets) = stacked(backend, &batch);
        auprc.update(&scores, &targets).unwrap();
        auroc.update(&scores, &targets).unwrap();
    }
    let expected = each_alone(backend, &rows);
    same_bits(&auprc.compute_tasks().unwrap(), &expected[0], &"streamed AUPRC");
    same_bits(&auroc.compute_tasks().unwrap(), &expected[1], &"streamed AUROC");
}

#[track_caller]
pub(crate) fn undefined_tasks_disturb_no_other<B: Backend>(backend: &B) {
    let mut rows = rows(20);
    rows[1].targets.fill(0);
    rows[3].targets.fill(1);
    let (scores, targets) = stacked(backend, &rows);
    let options = || Options::new().undefined(Undefined::Nan);
    let auprc = binary_auprc_tasks_with::<B>(&scores, &targets, options()).unwrap();
    let auroc = binary_auroc_tasks_with::<B>(&scores, &targets, options()).unwrap();
    let mut expected = each_alone(backend, &rows);
    (expected[0][1], expected[1][1], expected[1][3]) = (f64::NAN, f64::NAN, f64::NAN);
    same_bits(&auprc, &expected[0], &"AUPRC beside undefined tasks");
    same_bits(&auroc, &expected[1], &"AUROC beside undefined tasks");
}

#[track_caller]
pub(crate) fn a_matrix_of_one_row_is_a_vector<B: Backend>(backend: &B, samples: &Samples) {
    let (scores, targets) = stacked(backend, std::slice::from_ref(samples));
    let row = [
        binary_auprc::<B>(&scores, &targets).unwrap(),
        binary_auroc::<B>(&scores, &targets).unwrap(),
    ];
    same_bits(&row, &areas(backend, samples), samples);
}

#[track_caller]
pub(crate) fn a_streamed_matrix_of_one_row_is_a_vector<B: Backend>(backend: &B, samples: &Samples) {
    let (scores, targets) = stacked(backend, std::slice::from_ref(samples));
    let mut row = BinaryAuprc::<B>::new();
    row.update(&scores, &targets).unwrap();
    let mut flat = BinaryAuprc::<B>::new();
    flat.update(&vector(backend, &samples.scores), &vector(backend, &samples.targets)).unwrap();
    assert_eq!(row.state().unwrap(), flat.state().unwrap(), "{samples:?}");
}

fn rows(n_samples: usize) -> Vec<Samples> {
    Kind::ALL.iter().map(|kind| kind.samples(n_samples, seed())).collect()
}

fn stacked<B: Backend>(backend: &B, rows: &[Samples]) -> (Owned<B>, Owned<B>) {
    let scores: Vec<f64> = rows.iter().flat_map(|row| row.scores.clone()).collect();
    let targets: Vec<u8> = rows.iter().flat_map(|row| row.targets.clone()).collect();
    (matrix(backend, &scores, rows.len()), matrix(backend, &targets, rows.len()))
}

/// AUPRC and AUROC of each row by itself.
fn each_alone<B: Backend>(backend: &B, rows: &[Samples]) -> [Vec<f64>; 2] {
    let values: Vec<[f64; 2]> = rows.iter().map(|row| areas(backend, row)).collect();
    [column(&values, 0), column(&values, 1)]
}

fn column(values: &[[f64; 2]], i: usize) -> Vec<f64> {
    values.iter().map(|row| row[i]).collect()
}
