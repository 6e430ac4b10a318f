//! Every golden case that is not simply a value we agree on, with the reason.

/// Metrics that this release does not have.
pub(crate) const METRICS_OUT_OF_SCOPE: &[(&str, &str)] = &[
    ("multiclass_auprc", "several classes: not in this release"),
    ("multiclass_auroc", "several classes: not in this release"),
    ("multilabel_auprc", "several labels a sample: not in this release"),
    ("binary_binned_auprc", "thresholds of the caller's choice: `Auc` has its own"),
    ("BinaryBinnedAUPRC", "thresholds of the caller's choice: `Auc` has its own"),
    ("multiclass_binned_auprc", "several classes: not in this release"),
    ("multilabel_binned_auprc", "several labels a sample: not in this release"),
    ("binary_binned_auroc", "thresholds of the caller's choice: `Auc` has its own"),
    ("binary_normalized_entropy", "not a ranking metric"),
    ("binary_recall_at_fixed_precision", "one point of the curve: not in this release"),
    ("auc", "the trapezoid under points of the caller's: not in this release"),
    ("WindowedBinaryAUROC", "the last samples only: not in this release"),
    ("paddle.static.auc (PIR)", "an operator of a static graph that forgets each batch"),
];

/// Cases of metrics we have, about what we do not have.
pub(crate) const CASES_OUT_OF_SCOPE: &[(&str, &str)] = &[
    ("pd-142", "curve \"XYZ\": a curve is an enum here, another does not compile"),
    ("pd-145", "-1 thresholds: a number of thresholds is unsigned here"),
    ("te-051", "-1 tasks: a number of tasks is unsigned here"),
    ("pd-185", SLIDING),
    ("pd-187", SLIDING),
    ("pd-240", SLIDING),
    ("pd-241", SLIDING),
];

const SLIDING: &str = "a window over the last batches: not in this release";

/// Both refuse; the text is ours.
pub(crate) const REFUSALS: &[(&str, &str)] = &[
    ("pd-153", "auc: prediction is -1.5 at row 0, expected a probability in [0, 1]"),
    ("pd-154", "auc: prediction is NaN at row 0, expected a probability in [0, 1]"),
    ("pd-161", "auc: scores have shape [2, 2] but targets have shape [3]"),
    ("pd-181", WIDTH_OF_1_BY_3),
    ("pd-209", "auc: prediction is -1.5 at row 0, expected a probability in [0, 1]"),
    ("pd-210", "auc: prediction is NaN at row 0, expected a probability in [0, 1]"),
    ("pd-211", "auc: prediction is inf at row 0, expected a probability in [0, 1]"),
    ("pd-217", "auc: scores have shape [2, 2] but targets have shape [3]"),
    ("pd-218", "auc: targets have shape [2, 2], expected (n_samples,) or (n_samples, 1)"),
    ("pd-232", "auc: prediction is 1.000100016593933 at row 0, expected a probability in [0, 1]"),
    (
        "pd-233",
        "auc: prediction is -0.00009999999747378752 at row 0, expected a probability in [0, 1]",
    ),
    ("pd-234", "auc: prediction is NaN at row 0, expected a probability in [0, 1]"),
    ("pd-236", WIDTH_OF_1_BY_3),
    ("te-007", "binary_auprc: no samples: scores have shape [0]"),
    ("te-008", "binary_auprc: no samples: scores have shape [1, 0]"),
    ("te-045", "binary_auprc: scores have shape [2] but targets have shape [3]"),
    (
        "te-050",
        "binary_auprc: scores have shape [] and targets [], expected (n_samples,) or (n_tasks, n_samples)",
    ),
    ("te-056", NO_AUPRC_YET),
    ("te-060", NO_AUPRC_YET),
    ("te-061", "binary_auprc: n_tasks is 0, expected at least 1"),
];

const WIDTH_OF_1_BY_3: &str = "auc: predictions have shape [1, 3], expected (n_samples,), \
    (n_samples, 1) or (n_samples, 2)";
const NO_AUPRC_YET: &str = "binary_auprc: no samples yet: call update with at least one sample of \
    non-zero weight first";

/// What we return where the reference returns something else.
#[derive(Debug)]
pub(crate) enum Instead {
    /// These bits.
    Value(f64),
    /// These bits, one a task.
    Tasks(&'static [f64]),
    /// These buckets of positives and of negatives.
    Bins(&'static [f64], &'static [f64]),
    /// An error with this text.
    Error(&'static str),
}
use Instead::{Bins, Error, Tasks, Value};

/// One reason, and the cases it explains with what we return there.
type Reason = (&'static str, &'static [(&'static str, Instead)]);

/// What we do differently on purpose.
pub(crate) const DIFFERENCES: &[Reason] = &[
    (
        "A value before the first sample is an error: 0.0 would look like a measurement.",
        &[
            ("pd-137", Error(NO_AUC_YET)),
            ("pd-192", Error(NO_AUC_YET)),
            ("pd-193", Error(NO_AUC_YET)),
        ],
    ),
    (
        "`Curve::Pr` is real: Paddle returns the ROC value for it.",
        &[("pd-141", Value(11.0 / 12.0)), ("pd-229", Value(11.0 / 12.0))],
    ),
    (
        "At least one threshold: with none, all samples tie.",
        &[
            ("pd-144", Error(NO_THRESHOLDS)),
            ("pd-183", Error(NO_THRESHOLDS)),
            ("pd-200", Error(NO_THRESHOLDS)),
        ],
    ),
    (
        "A prediction outside `[0, 1]` is an error: floor, truncation or negative indexing find \
         it a bucket in Paddle.",
        &[
            (
                "pd-148",
                Error("auc: prediction is 1.0001 at row 0, expected a probability in [0, 1]"),
            ),
            ("pd-151", Error("auc: prediction is -0.5 at row 0, expected a probability in [0, 1]")),
            ("pd-152", Error("auc: prediction is -1 at row 0, expected a probability in [0, 1]")),
            (
                "pd-206",
                Error("auc: prediction is -0.0001 at row 0, expected a probability in [0, 1]"),
            ),
            ("pd-207", Error("auc: prediction is -0.5 at row 0, expected a probability in [0, 1]")),
        ],
    ),
    (
        "Probabilities of class 1 need no second column.",
        &[("pd-156", Value(1.0)), ("pd-157", Value(1.0)), ("pd-212", Value(1.0))],
    ),
    (
        "A target that is neither 0 nor 1 is an error: Paddle takes whatever is not 0 for a \
         positive.",
        &[
            ("pd-159", Error("auc: target is -1 at task 0, index 0, expected 0 or 1")),
            ("pd-215", Error("auc: target is -1 at task 0, index 0, expected 0 or 1")),
        ],
    ),
    ("`reset` forgets: that of Paddle 1.8.5 does nothing.", &[("pd-168", Value(0.0))]),
    (
        "Buckets come from a product in f64: the old operator multiplies in float32 and lands \
         one higher.",
        &[("pd-184", Bins(&[8.0], &[]))],
    ),
    (
        "Three columns are refused: Paddle silently reads the middle one.",
        &[("pd-214", Error(WIDTH_OF_2_BY_3))],
    ),
    (
        "Without positives the area in buckets is 0.0, as in most of Paddle; here it is 0.5 and \
         -0.5.",
        &[("pd-243", Value(0.0)), ("pd-249", Value(0.0))],
    ),
    (
        "An exact ratio: the old operator adds 1e-6 to the denominators and printed six digits.",
        &[("pd-247", Value(2.0 / 3.0))],
    ),
    (
        "0.0 without positives, never -0.0.",
        &[("te-005", Value(0.0)), ("te-052", Tasks(&[0.0, 1.0]))],
    ),
    (
        "NaN has no rank: torcheval sorts it first.",
        &[("te-019", Error("binary_auprc: score is NaN at task 0, index 0"))],
    ),
    (
        "Equal infinities tie: torcheval subtracts them, gets NaN, and lets the order of the \
         samples decide.",
        &[
            ("te-023", Value(0.5833333333333333)),
            ("te-025", Value(0.75)),
            ("te-077", Value(0.625)),
            ("te-078", Value(0.625)),
        ],
    ),
    (
        "A target that is neither 0 nor 1 is an error: torcheval counts it as a negative, or \
         calculates with it.",
        &[
            (
                "te-032",
                Error(
                    "binary_auprc: target is 0.8999999761581421 at task 0, index 0, expected 0 \
                     or 1",
                ),
            ),
            ("te-034", Error("binary_auprc: target is NaN at task 0, index 0, expected 0 or 1")),
            ("te-074", Error("binary_auroc: target is 2 at task 0, index 0, expected 0 or 1")),
        ],
    ),
    (
        "Targets may be bool: torcheval subtracts them from 1 and fails.",
        &[("te-072", Value(2.0 / 3.0))],
    ),
    (
        "One task may be a row: torcheval takes `(1, n)` for AUPRC but not for AUROC.",
        &[("te-076", Value(0.0))],
    ),
];

const NO_AUC_YET: &str =
    "auc: no samples yet: call update with at least one sample of non-zero weight first";
const NO_THRESHOLDS: &str = "auc: num_thresholds is 0, expected 1 to 16777216";
const WIDTH_OF_2_BY_3: &str = "auc: predictions have shape [2, 3], expected (n_samples,), \
    (n_samples, 1) or (n_samples, 2)";
