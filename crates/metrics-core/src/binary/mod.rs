//! Metrics of binary tasks.

pub(crate) mod auc;
pub(crate) mod auprc;
pub(crate) mod auroc;
pub(crate) mod counts;
pub(crate) mod precision_recall_curve;
pub(crate) mod roc_curve;
