//! The entries, one a metric.

use metrics_core::{
    Auprc, Auroc, Backend, Counts, Curve, PrecisionRecall, PrecisionRecallCurve, RankSums,
    RankedCounts, Roc, RocCurve, Sums, binary_auprc, binary_auroc, binary_precision_recall_curve,
    binary_roc_curve,
};

use super::calls::{OfAuc, OfReading};
use super::definitions::{self, NUM_THRESHOLDS};
use super::{Entry, UndefinedCase};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;
const NO_POSITIVES: &str = "there are no positives";
const NO_PAIRS: &str = "there are no positives or no negatives";

/// All metrics.
pub fn registry<B: Backend + 'static>() -> Vec<Entry<B>> {
    vec![
        auprc(),
        auroc(),
        precision_recall(),
        roc(),
        counts(),
        sums(),
        bucketed(Curve::Roc),
        bucketed(Curve::Pr),
    ]
}

fn auprc<B: Backend + 'static>() -> Entry<B> {
    Entry {
        name: "binary_auprc",
        reading: Some("Auprc"),
        listed: &["binary_auprc", "Auprc", "BinaryAuprc"],
        golden: &["binary_auprc", "BinaryAUPRC"],
        takes_probabilities: false,
        by_definition: definitions::average_precision,
        undefined: &[UndefinedCase {
            target: 0,
            default: &[0.0],
            nan: &[NAN],
            reason: NO_POSITIVES,
        }],
        calls: Box::new(OfReading {
            reading: Auprc,
            function: Some(|scores, targets| binary_auprc(scores, targets)),
            numbers: |value| vec![value],
        }),
    }
}

fn auroc<B: Backend + 'static>() -> Entry<B> {
    let undefined = &[
        UndefinedCase { target: 0, default: &[0.5], nan: &[NAN], reason: NO_PAIRS },
        UndefinedCase { target: 1, default: &[0.5], nan: &[NAN], reason: NO_PAIRS },
    ];
    Entry {
        name: "binary_auroc",
        reading: Some("Auroc"),
        listed: &["binary_auroc", "Auroc", "BinaryAuroc"],
        golden: &["binary_auroc", "BinaryAUROC"],
        takes_probabilities: false,
        by_definition: definitions::auroc,
        undefined,
        calls: Box::new(OfReading {
            reading: Auroc,
            function: Some(|scores, targets| binary_auroc(scores, targets)),
            numbers: |value| vec![value],
        }),
    }
}

fn precision_recall<B: Backend + 'static>() -> Entry<B> {
    let numbers =
        |curve: PrecisionRecallCurve| [curve.precision, curve.recall, curve.thresholds].concat();
    Entry {
        name: "binary_precision_recall_curve",
        reading: Some("PrecisionRecall"),
        listed: &["binary_precision_recall_curve", "PrecisionRecall"],
        golden: &["binary_precision_recall_curve"],
        takes_probabilities: false,
        by_definition: definitions::precision_recall,
        undefined: &[UndefinedCase {
            target: 0,
            default: &[0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.25, 0.5],
            nan: &[0.0, 0.0, 1.0, NAN, NAN, 0.0, 0.25, 0.5],
            reason: NO_POSITIVES,
        }],
        calls: Box::new(OfReading {
            reading: PrecisionRecall,
            function: Some(|scores, targets| binary_precision_recall_curve(scores, targets)),
            numbers,
        }),
    }
}

fn roc<B: Backend + 'static>() -> Entry<B> {
    let undefined = &[
        UndefinedCase {
            target: 0,
            default: &[0.0, 2.0 / 3.0, 1.0, 0.0, 0.0, 0.0, INF, 0.5, 0.25],
            nan: &[0.0, 2.0 / 3.0, 1.0, NAN, NAN, NAN, INF, 0.5, 0.25],
            reason: NO_PAIRS,
        },
        UndefinedCase {
            target: 1,
            default: &[0.0, 0.0, 0.0, 0.0, 2.0 / 3.0, 1.0, INF, 0.5, 0.25],
            nan: &[NAN, NAN, NAN, 0.0, 2.0 / 3.0, 1.0, INF, 0.5, 0.25],
            reason: NO_PAIRS,
        },
    ];
    Entry {
        name: "binary_roc_curve",
        reading: Some("Roc"),
        listed: &["binary_roc_curve", "Roc"],
        golden: &[],
        takes_probabilities: false,
        by_definition: definitions::roc,
        undefined,
        calls: Box::new(OfReading {
            reading: Roc,
            function: Some(|scores, targets| binary_roc_curve(scores, targets)),
            numbers: |curve: RocCurve| [curve.fpr, curve.tpr, curve.thresholds].concat(),
        }),
    }
}

fn counts<B: Backend + 'static>() -> Entry<B> {
    let numbers = |counts: RankedCounts| {
        counts.groups().flat_map(|group| [group.threshold, group.tp, group.fp]).collect()
    };
    Entry {
        name: "ranked_counts",
        reading: Some("Counts"),
        listed: &["Counts"],
        golden: &[],
        takes_probabilities: false,
        by_definition: definitions::counts,
        undefined: &[],
        calls: Box::new(OfReading { reading: Counts, function: None, numbers }),
    }
}

fn sums<B: Backend + 'static>() -> Entry<B> {
    let numbers = |sums: RankSums| {
        let areas = [sums.auprc(), sums.auroc()].map(|area| area.unwrap_or(NAN));
        vec![sums.n_positives(), sums.n_negatives(), areas[0], areas[1]]
    };
    Entry {
        name: "rank_sums",
        reading: Some("Sums"),
        listed: &["Sums"],
        golden: &[],
        takes_probabilities: false,
        by_definition: definitions::sums,
        undefined: &[],
        calls: Box::new(OfReading { reading: Sums, function: None, numbers }),
    }
}

fn bucketed<B: Backend + 'static>(curve: Curve) -> Entry<B> {
    let no_pairs = &[
        UndefinedCase { target: 0, default: &[0.0], nan: &[NAN], reason: NO_PAIRS },
        UndefinedCase { target: 1, default: &[0.0], nan: &[NAN], reason: NO_PAIRS },
    ];
    let no_positives =
        &[UndefinedCase { target: 0, default: &[0.0], nan: &[NAN], reason: NO_POSITIVES }];
    let is_roc = curve == Curve::Roc;
    Entry {
        name: "auc",
        reading: None,
        listed: &["Auc"],
        // Their thresholds are arguments, and so no part of a name.
        golden: &[],
        takes_probabilities: true,
        by_definition: if is_roc { definitions::bucketed_roc } else { definitions::bucketed_pr },
        undefined: if is_roc { no_pairs } else { no_positives },
        calls: Box::new(OfAuc { curve, num_thresholds: NUM_THRESHOLDS }),
    }
}
