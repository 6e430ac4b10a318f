//! Metrics of binary tasks: each has a file, and a line in each of these two lists.

mod auc;
mod auprc;
mod auroc;
mod counts;
mod precision_recall_curve;
mod roc_curve;

pub use auc::{Auc, AucBuilder};
pub use auprc::{Auprc, BinaryAuprc, binary_auprc};
pub use auroc::{Auroc, BinaryAuroc, binary_auroc};
pub use counts::{Counts, Sums};
pub use precision_recall_curve::{
    PrecisionRecall, PrecisionRecallCurve, binary_precision_recall_curve,
};
pub use roc_curve::{Roc, RocCurve, binary_roc_curve};
