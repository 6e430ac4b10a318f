//! The same calls on our side, through the facade.

use metrics_core::Readings;
use tensor_metrics::{
    AucState, Backend, Curve, Host, HostTensor, Metric, Owned, PrecisionRecallCurve, RankState,
    Result,
};

use crate::case::Case;

/// Values of each output, or the text of the error.
pub(crate) type Ours = Result<Vec<Vec<f64>>, String>;

/// What the facade offers for one backend.
pub(crate) trait Facade: Backend {
    type Auprc: Metric<Backend = Self, State = RankState, Value = f64>;
    type Auroc: Metric<Backend = Self, State = RankState, Value = f64>;
    type Auc: Metric<Backend = Self, State = AucState, Value = f64>;

    fn binary_auprc(scores: &Owned<Self>, targets: &Owned<Self>) -> Result<f64>;
    fn binary_auroc(scores: &Owned<Self>, targets: &Owned<Self>) -> Result<f64>;
    fn binary_auprc_tasks(scores: &Owned<Self>, targets: &Owned<Self>) -> Result<Vec<f64>>;
    fn binary_auroc_tasks(scores: &Owned<Self>, targets: &Owned<Self>) -> Result<Vec<f64>>;
    fn pr_curve(scores: &Owned<Self>, targets: &Owned<Self>) -> Result<PrecisionRecallCurve>;
    fn auprc(n_tasks: usize) -> Result<Self::Auprc>;
    fn auroc(n_tasks: usize) -> Result<Self::Auroc>;
    fn auc(curve: Curve, num_thresholds: usize) -> Result<Self::Auc>;
}

macro_rules! facade {
    ($backend:ty, $($module:ident)::+) => {
        const _: () = {
            use $($module)::+ as facade;

            impl Facade for $backend {
                type Auprc = facade::BinaryAuprc;
                type Auroc = facade::BinaryAuroc;
                type Auc = facade::Auc;

                fn binary_auprc(x: &Owned<Self>, y: &Owned<Self>) -> Result<f64> {
                    facade::binary_auprc(x, y)
                }
                fn binary_auroc(x: &Owned<Self>, y: &Owned<Self>) -> Result<f64> {
                    facade::binary_auroc(x, y)
                }
                fn binary_auprc_tasks(x: &Owned<Self>, y: &Owned<Self>) -> Result<Vec<f64>> {
                    facade::Auprc.tasks(x, y)
                }
                fn binary_auroc_tasks(x: &Owned<Self>, y: &Owned<Self>) -> Result<Vec<f64>> {
                    facade::Auroc.tasks(x, y)
                }
                fn pr_curve(x: &Owned<Self>, y: &Owned<Self>) -> Result<PrecisionRecallCurve> {
                    facade::binary_precision_recall_curve(x, y)
                }
                fn auprc(n_tasks: usize) -> Result<Self::Auprc> {
                    facade::BinaryAuprc::new().tasks(n_tasks)
                }
                fn auroc(n_tasks: usize) -> Result<Self::Auroc> {
                    facade::BinaryAuroc::new().tasks(n_tasks)
                }
                fn auc(curve: Curve, num_thresholds: usize) -> Result<Self::Auc> {
                    facade::Auc::new(curve, num_thresholds)
                }
            }
        };
    };
}

facade!(Host, tensor_metrics::slice);
#[cfg(feature = "ndarray")]
facade!(tensor_metrics::ndarray::NdArray, tensor_metrics::ndarray);

/// A pair of tensors of a backend.
type Pair<B> = (Owned<B>, Owned<B>);

fn upload<B: Backend>(
    backend: &B,
    (scores, targets): (HostTensor<'_>, HostTensor<'_>),
) -> Result<Pair<B>> {
    Ok((Owned(backend.upload(&scores)?), Owned(backend.upload(&targets)?)))
}

/// Runs a case of a metric that we have.
pub(crate) fn run<F: Facade>(backend: &F, case: &Case) -> Ours {
    let outputs = match case.metric.as_str() {
        "binary_auprc" => function(backend, case, F::binary_auprc, F::binary_auprc_tasks),
        "binary_auroc" => function(backend, case, F::binary_auroc, F::binary_auroc_tasks),
        "BinaryAUPRC" => stateful(backend, case, F::auprc),
        "BinaryAUROC" => stateful(backend, case, F::auroc),
        "binary_precision_recall_curve" => curve(backend, case),
        _ => auc(backend, case),
    };
    outputs.map_err(|error| error.to_string())
}

/// The value of one task for a case without `num_tasks`, else one value a task.
fn function<F: Facade>(
    backend: &F,
    case: &Case,
    one: impl Fn(&Owned<F>, &Owned<F>) -> Result<f64>,
    tasks: impl Fn(&Owned<F>, &Owned<F>) -> Result<Vec<f64>>,
) -> Result<Vec<Vec<f64>>> {
    let (scores, targets) = upload(backend, case.pair())?;
    match case.count("num_tasks") {
        Some(n_tasks) => {
            let values = tasks(&scores, &targets)?;
            assert_eq!(values.len(), n_tasks, "{}", case.id);
            Ok(vec![values])
        }
        None => Ok(vec![vec![one(&scores, &targets)?]]),
    }
}

fn stateful<F: Facade, M: Metric<Backend = F, State = RankState, Value = f64>>(
    backend: &F,
    case: &Case,
    metric: impl Fn(usize) -> Result<M>,
) -> Result<Vec<Vec<f64>>> {
    let mut metric = metric(case.count("num_tasks").unwrap_or(1))?;
    feed(backend, &mut metric, case)?;
    if case.id == "te-063" {
        // The value is the number of batches held after a reset.
        metric.reset();
        let n_batches = f64::from(u8::from(!metric.state()?.is_empty()));
        return Ok(vec![vec![n_batches]]);
    }
    Ok(vec![metric.compute_tasks()?])
}

fn curve<F: Facade>(backend: &F, case: &Case) -> Result<Vec<Vec<f64>>> {
    let (scores, targets) = upload(backend, case.pair())?;
    let curve = F::pr_curve(&scores, &targets)?;
    Ok(vec![curve.precision, curve.recall, curve.thresholds])
}

fn auc<F: Facade>(backend: &F, case: &Case) -> Result<Vec<Vec<f64>>> {
    let mut auc = new_auc::<F>(case)?;
    match case.text("output") {
        Some("auc of second epoch after reset()") => {
            let (scores, targets) = upload(backend, first_epoch())?;
            auc.update(&scores, &targets)?;
            auc.reset();
            feed(backend, &mut auc, case)?;
            Ok(vec![vec![auc.compute()?]])
        }
        Some("bins") => {
            feed(backend, &mut auc, case)?;
            let state = auc.state()?;
            Ok(vec![filled(&state.stat_pos()), filled(&state.stat_neg())])
        }
        Some("auc") | None => {
            feed(backend, &mut auc, case)?;
            Ok(vec![vec![auc.compute()?]])
        }
        Some(other) => panic!("{}: output {other}", case.id),
    }
}

/// The area after each step of a case whose rows are steps.
pub(crate) fn running_auc<F: Facade>(backend: &F, case: &Case) -> Result<Vec<f64>> {
    let mut auc = new_auc::<F>(case)?;
    let (scores, targets) = case.pair();
    let [n_steps, n_samples] = scores.shape().try_into().unwrap();
    let (scores, targets) = (scores.to_f64_vec(), targets.to_f64_vec());
    (0..n_steps)
        .map(|step| {
            let row = step * n_samples..(step + 1) * n_samples;
            let scores = HostTensor::new(&scores[row.clone()], &[n_samples])?;
            let targets = HostTensor::new(&targets[row], &[n_samples])?;
            let (scores, targets) = upload(backend, (scores, targets))?;
            auc.update(&scores, &targets)?;
            auc.compute()
        })
        .collect()
}

fn new_auc<F: Facade>(case: &Case) -> Result<F::Auc> {
    let curve = if case.text("curve") == Some("PR") { Curve::Pr } else { Curve::Roc };
    let num_thresholds = case.count("num_thresholds").or(case.count("table_size"));
    F::auc(curve, num_thresholds.unwrap_or(tensor_metrics::DEFAULT_NUM_THRESHOLDS))
}

fn feed<M: Metric>(backend: &M::Backend, metric: &mut M, case: &Case) -> Result<()> {
    case.batches().into_iter().try_for_each(|batch| {
        let (scores, targets) = upload(backend, batch)?;
        metric.update(&scores, &targets)
    })
}

/// What the note of case pd-168 says was fed before the reset.
fn first_epoch() -> (HostTensor<'static>, HostTensor<'static>) {
    let scores = HostTensor::new(&[0.1, 0.5, 0.7, 0.8], &[4]);
    let targets = HostTensor::new(&[1i64, 0, 1, 1], &[4]);
    (scores.unwrap(), targets.unwrap())
}

/// The buckets that hold something, each as often as it holds a sample.
fn filled(counts: &[u64]) -> Vec<f64> {
    let repeat = |(bucket, &n): (usize, &u64)| vec![bucket as f64; n as usize];
    counts.iter().enumerate().flat_map(repeat).collect()
}
