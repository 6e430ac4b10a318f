//! Several tasks in one call, and one task in two shapes.

use crate::check::same_bits;
use crate::inputs::{areas, matrix, vector};
use crate::random::{Kind, Samples, seed};
use metrics_core::{
    Auprc, Auroc, Backend, BinaryAuprc, Counts, Evaluation, Layout, Owned, PrecisionRecall,
    Readings, Roc, Sums, Undefined, binary_auprc, binary_auroc,
};

use super::weights::fractions;

#[track_caller]
pub fn undefined_tasks_disturb_no_other<B: Backend>(backend: &B) {
    let mut rows = rows(20);
    rows[1].targets.fill(0);
    rows[3].targets.fill(1);
    let (scores, targets) = stacked(backend, &rows);
    let auprc = Auprc.undefined(Undefined::Nan).tasks(&scores, &targets).unwrap();
    let auroc = Auroc.undefined(Undefined::Nan).tasks(&scores, &targets).unwrap();
    let mut expected = each_alone(backend, &rows);
    (expected[0][1], expected[1][1], expected[1][3]) = (f64::NAN, f64::NAN, f64::NAN);
    same_bits(&auprc, &expected[0], &"AUPRC beside undefined tasks");
    same_bits(&auroc, &expected[1], &"AUROC beside undefined tasks");
}

/// The tasks in the last dimension, weighted in the same layout, by one weight a sample, and not at all.
#[track_caller]
pub fn tasks_in_the_last_dimension_are_the_same<B: Backend>(backend: &B, n_samples: usize) {
    let rows = rows(n_samples);
    let n_tasks = rows.len();
    let weights = fractions(n_tasks * n_samples);
    let (scores, targets) = stacked(backend, &rows);
    let (heads, head_targets) = heads(backend, &rows);
    let last = |weights: &[f64]| {
        let at = |i: usize| weights[i % n_tasks * n_samples + i / n_tasks];
        (0..weights.len()).map(at).collect::<Vec<_>>()
    };
    let both = (Auprc, Auroc);
    let first_weights = matrix(backend, &weights, n_tasks);
    let last_weights = matrix(backend, &last(&weights), n_samples);
    let one = &weights[..n_samples];
    let (repeated, shared) = (matrix(backend, &one.repeat(n_tasks), n_tasks), vector(backend, one));
    let layout = Layout::TasksLast;
    for (values, expected) in [
        (both.layout(layout).tasks(&heads, &head_targets), both.tasks(&scores, &targets)),
        (
            both.layout(layout).weights(&last_weights).tasks(&heads, &head_targets),
            both.weights(&first_weights).tasks(&scores, &targets),
        ),
        (
            both.layout(layout).weights(&shared).tasks(&heads, &head_targets),
            both.weights(&repeated).tasks(&scores, &targets),
        ),
        (
            both.weights(&shared).tasks(&scores, &targets),
            both.weights(&repeated).tasks(&scores, &targets),
        ),
    ] {
        let flat = |values: Vec<(f64, f64)>| {
            values.into_iter().flat_map(|(auprc, auroc)| [auprc, auroc]).collect::<Vec<_>>()
        };
        same_bits(&flat(values.unwrap()), &flat(expected.unwrap()), &n_samples);
    }
    let mut streamed = BinaryAuprc::<B>::new().tasks(n_tasks).unwrap().layout(layout);
    streamed.update(&heads, &head_targets).unwrap();
    streamed.update_weighted(&heads, &head_targets, &last_weights).unwrap();
    streamed.update_weighted(&heads, &head_targets, &shared).unwrap();
    let mut expected = BinaryAuprc::<B>::new().tasks(n_tasks).unwrap();
    expected.update(&scores, &targets).unwrap();
    expected.update_weighted(&scores, &targets, &first_weights).unwrap();
    expected.update_weighted(&scores, &targets, &repeated).unwrap();
    assert_eq!(streamed.state().unwrap(), expected.state().unwrap());
}

/// What a model with one head returns.
#[track_caller]
pub fn a_column_is_a_vector<B: Backend>(backend: &B, samples: &Samples) {
    let (scores, targets) = heads(backend, std::slice::from_ref(samples));
    let column = [
        binary_auprc::<B>(&scores, &targets).unwrap(),
        binary_auroc::<B>(&scores, &targets).unwrap(),
    ];
    same_bits(&column, &areas(backend, samples), samples);
    for layout in [Layout::TasksFirst, Layout::TasksLast] {
        let mut streamed = BinaryAuprc::<B>::new().layout(layout);
        streamed.update(&scores, &targets).unwrap();
        let weights = vector(backend, &fractions(samples.n_samples()));
        streamed.update_weighted(&scores, &targets, &weights).unwrap();
        let mut flat = BinaryAuprc::<B>::new();
        let (scores, targets) =
            (vector(backend, &samples.scores), vector(backend, &samples.targets));
        flat.update(&scores, &targets).unwrap();
        flat.update_weighted(&scores, &targets, &weights).unwrap();
        assert_eq!(streamed.state().unwrap(), flat.state().unwrap(), "{samples:?}");
    }
}

/// Several readings at once are each alone, from a function and from a stateful metric.
#[track_caller]
pub fn readings_together_are_each_alone<B: Backend>(backend: &B, samples: &Samples) {
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    let together = (Auprc, Auroc, Roc, PrecisionRecall, Counts, Sums);
    let alone = (
        Auprc.read::<B>(&scores, &targets).unwrap(),
        Auroc.read::<B>(&scores, &targets).unwrap(),
        Roc.read::<B>(&scores, &targets).unwrap(),
        PrecisionRecall.read::<B>(&scores, &targets).unwrap(),
        Counts.read::<B>(&scores, &targets).unwrap(),
        Sums.read::<B>(&scores, &targets).unwrap(),
    );
    assert_eq!(together.read::<B>(&scores, &targets).unwrap(), alone, "{samples:?}");
    let mut evaluation = Evaluation::<B, _>::of(together);
    evaluation.update(&scores, &targets).unwrap();
    assert_eq!(evaluation.compute().unwrap(), alone, "{samples:?}");
    assert_eq!(evaluation.read(&Auprc).unwrap(), alone.0, "{samples:?}");
    assert_eq!(evaluation.read_task(&(Auroc, Roc), 0).unwrap(), (alone.1, alone.2), "{samples:?}");
}

#[track_caller]
pub fn a_matrix_of_one_row_is_a_vector<B: Backend>(backend: &B, samples: &Samples) {
    let (scores, targets) = stacked(backend, std::slice::from_ref(samples));
    let row = [
        binary_auprc::<B>(&scores, &targets).unwrap(),
        binary_auroc::<B>(&scores, &targets).unwrap(),
    ];
    same_bits(&row, &areas(backend, samples), samples);
}

#[track_caller]
pub fn a_streamed_matrix_of_one_row_is_a_vector<B: Backend>(backend: &B, samples: &Samples) {
    let (scores, targets) = stacked(backend, std::slice::from_ref(samples));
    let mut row = BinaryAuprc::<B>::new();
    row.update(&scores, &targets).unwrap();
    let mut flat = BinaryAuprc::<B>::new();
    flat.update(&vector(backend, &samples.scores), &vector(backend, &samples.targets)).unwrap();
    assert_eq!(row.state().unwrap(), flat.state().unwrap(), "{samples:?}");
}

/// Samples as a model with a head a task returns them: `(n_samples, n_tasks)`.
fn heads<B: Backend>(backend: &B, rows: &[Samples]) -> (Owned<B>, Owned<B>) {
    let n_samples = rows[0].n_samples();
    let at = |i: usize| (&rows[i % rows.len()], i / rows.len());
    let all = 0..n_samples * rows.len();
    let scores: Vec<_> = all.clone().map(at).map(|(row, i)| row.scores[i]).collect();
    let targets: Vec<_> = all.map(at).map(|(row, i)| row.targets[i]).collect();
    (matrix(backend, &scores, n_samples), matrix(backend, &targets, n_samples))
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
