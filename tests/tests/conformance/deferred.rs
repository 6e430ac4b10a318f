//! What a metric says of batches that turned out bad only when it was read.

use metrics_conformance::deferring::Deferring;
use metrics_conformance::inputs::{matrix, vector};
use metrics_core::{Auc, BinaryAuprc, BinaryAuroc, Error, Metric, Owned, Roc, Sums};

fn scores(data: &[f64]) -> Owned<Deferring> {
    vector(&Deferring, data)
}

fn targets(data: &[u8]) -> Owned<Deferring> {
    vector(&Deferring, data)
}

fn good<M: Metric<Backend = Deferring>>(metric: &mut M) {
    metric.update(&scores(&[0.1, 0.5, 0.7, 0.8]), &targets(&[1, 0, 1, 1])).unwrap();
}

#[test]
fn a_bad_batch_is_rejected_and_reported_once() {
    let mut auroc = BinaryAuroc::<Deferring>::new();
    good(&mut auroc);
    auroc.update(&scores(&[0.5, f64::NAN]), &targets(&[1, 0])).unwrap();
    auroc.update(&scores(&[0.5]), &targets(&[3])).unwrap();
    assert_eq!(
        auroc.compute().unwrap_err().to_string(),
        "binary_auroc: score is NaN at task 0, index 1; \
         this was update 2 of 3 since the metric was last read, and was rejected with 1 more"
    );
    assert_eq!(auroc.compute().unwrap(), 2.0 / 3.0);
    assert_eq!(auroc.compute().unwrap(), 2.0 / 3.0);
}

/// Whatever reads a metric: its curve and its state too.
#[test]
fn any_read_reports_it() {
    type Read = fn(&mut BinaryAuprc<Deferring>) -> metrics_core::Result<()>;
    let reads: [Read; 4] = [
        |metric| metric.compute().map(|_| ()),
        |metric| metric.state().map(|_| ()),
        |metric| metric.read_task(&Roc, 0).map(|_| ()),
        |metric| metric.read_tasks(&Sums).map(|_| ()),
    ];
    for read in reads {
        let mut metric = BinaryAuprc::new();
        good(&mut metric);
        metric.update(&scores(&[0.5]), &targets(&[3])).unwrap();
        let error = read(&mut metric).unwrap_err();
        let Error::RejectedUpdates { update: 2, n_updates: 2, n_rejected: 1, source } = error
        else {
            panic!("{error}")
        };
        assert!(matches!(*source, Error::InvalidTarget { task: 0, index: 0, value: 3.0, .. }));
        read(&mut metric).unwrap();
        assert_eq!(metric.compute().unwrap(), 11.0 / 12.0);
    }
}

#[test]
fn a_bad_prediction_stays_out_of_the_buckets() {
    let mut auc = Auc::<Deferring>::default();
    good(&mut auc);
    auc.update(&scores(&[1.5]), &targets(&[1])).unwrap();
    let error = auc.bounds().unwrap_err();
    let Error::RejectedUpdates { update: 2, n_updates: 2, n_rejected: 1, source } = error else {
        panic!("{error}")
    };
    assert!(matches!(*source, Error::InvalidProbability { row: 0, value: 1.5, .. }), "{source}");
    assert_eq!(auc.compute().unwrap(), 2.0 / 3.0);
}

/// What is wrong with the other metric is said when that one is read.
#[test]
fn merging_takes_the_good_batches_and_leaves_the_error() {
    let (mut ours, mut theirs) = (BinaryAuprc::<Deferring>::new(), BinaryAuprc::new());
    theirs.update(&scores(&[f64::NAN]), &targets(&[1])).unwrap();
    good(&mut theirs);
    ours.merge(&theirs).unwrap();
    assert_eq!(ours.compute().unwrap(), 11.0 / 12.0);
    assert!(theirs.compute().is_err());
    assert_eq!(theirs.compute().unwrap(), 11.0 / 12.0);

    let (mut ours, mut theirs) = (Auc::<Deferring>::default(), Auc::default());
    theirs.update(&scores(&[-1.0]), &targets(&[1])).unwrap();
    good(&mut theirs);
    ours.merge(&theirs).unwrap();
    assert_eq!(ours.compute().unwrap(), 2.0 / 3.0);
    assert!(theirs.compute().is_err());
}

#[test]
fn reset_and_load_forget_what_was_kept() {
    let mut metric = BinaryAuprc::<Deferring>::new();
    good(&mut metric);
    let state = metric.state().unwrap();
    metric.update(&scores(&[f64::NAN]), &targets(&[1])).unwrap();
    metric.load_state(&state).unwrap();
    assert_eq!(metric.compute().unwrap(), 11.0 / 12.0);
    metric.update(&scores(&[f64::NAN]), &targets(&[1])).unwrap();
    metric.reset();
    assert!(matches!(metric.compute(), Err(metrics_core::Error::NoSamples { .. })));
}

/// Shapes are known without looking at the elements.
#[test]
fn shapes_are_refused_at_once() {
    let mut metric = BinaryAuprc::<Deferring>::new();
    let (x, y) = (matrix(&Deferring, &[0.5, 0.7, 0.1, 0.2], 2), targets(&[0, 1]));
    assert!(metric.update(&x, &y).is_err());
}
