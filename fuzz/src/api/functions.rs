//! The functions, on slices and on arrays.

use arbitrary::{Result, Unstructured};
use metrics_core::slice::{self, PrecisionRecall, Readings, Roc};
use metrics_core::{Backend, Error, RankState, Request, Sums, ToTensor, Undefined};

use super::{SURELY_ACCEPTED, check_areas, check_curves, in_another_order, undefined};
use crate::batch::{Batch, Layout, Strided};
use crate::model::{Area, Exact, Sample};

/// A request with weights, if there are any.
fn request<'a, B: Backend, R: Readings>(
    readings: R,
    undefined: Undefined,
    weights: &'a Option<impl ToTensor<B>>,
) -> Request<'a, B, R> {
    let request = Request::new(readings).undefined(undefined);
    weights.iter().fold(request, |request, weights| request.weights(weights))
}

/// Every function on a batch: beside the oracle, and beside ndarray in any layout.
pub(super) fn functions(u: &mut Unstructured<'_>) -> Result<()> {
    let n_tasks = u.int_in_range(1..=3)?;
    let is_weighted = u.arbitrary()?;
    let batch = Batch::new(u, n_tasks, is_weighted)?;
    let undefined = undefined(u)?;
    let layouts = [Layout::any(u)?, Layout::any(u)?, Layout::any(u)?];
    let Batch { scores, targets, weights } = &batch;
    let auprc = request(slice::Auprc, undefined, weights).tasks(scores, targets);
    let auroc = request(slice::Auroc, undefined, weights).tasks(scores, targets);
    beside_ndarray(&batch, undefined, layouts, [&auprc, &auroc]);

    let n_rows = match *scores.shape() {
        [_] => 1,
        [n_rows, _] => n_rows,
        _ => 0,
    };
    let samples = (batch.has_shape(n_rows) && !batch.is_empty_of(n_rows))
        .then(|| batch.samples(n_rows))
        .flatten()
        .filter(|tasks| tasks.iter().any(|samples| !samples.is_empty()));
    let Some(tasks) = samples else {
        assert!(auprc.is_err() && auroc.is_err(), "{auprc:?} {auroc:?}");
        return Ok(());
    };
    let total = |samples: &Vec<Sample>| samples.iter().map(|sample| sample.weight).sum::<f64>();
    if auprc.is_err() && tasks.iter().any(|samples| total(samples) > SURELY_ACCEPTED) {
        return Ok(());
    }
    let exact: Vec<Exact> = tasks.iter().map(|samples| Exact::of(samples)).collect();
    let is_undefined = |values: &metrics_core::Result<Vec<f64>>, some_missing: bool| {
        let is_refused = undefined == Undefined::Error && some_missing;
        assert_eq!(values.is_err(), is_refused, "{values:?}");
        is_refused
    };
    let areas = |area: fn(&Exact) -> &Option<Area>, default: f64, is_auroc: bool| {
        let values = if is_auroc { &auroc } else { &auprc };
        if is_undefined(values, exact.iter().any(|exact| area(exact).is_none())) {
            return;
        }
        let values = values.as_ref().expect("checked");
        assert_eq!(values.len(), n_rows);
        for (&value, exact) in values.iter().zip(&exact) {
            match (area(exact), undefined) {
                (Some(area), _) => assert!(area.allows(value, is_auroc), "{value} {area:?}"),
                (None, Undefined::Nan) => assert!(value.is_nan()),
                (None, _) => assert_eq!(value.to_bits(), default.to_bits()),
            }
        }
    };
    areas(|exact| &exact.auprc, 0.0, false);
    areas(|exact| &exact.auroc, 0.5, true);
    if n_rows == 1 {
        let one = [
            request(slice::Auprc, undefined, weights).read(scores, targets).ok().map(f64::to_bits),
            request(slice::Auroc, undefined, weights).read(scores, targets).ok().map(f64::to_bits),
        ];
        assert_eq!(one, [&auprc, &auroc].map(|v| v.as_ref().ok().map(|v| v[0].to_bits())));
        let pr = request(slice::PrecisionRecall, undefined, weights).read(scores, targets);
        let roc = request(slice::Roc, undefined, weights).read(scores, targets);
        check_curves(pr, roc, &exact[0], undefined);
    }
    Ok(())
}

/// Arrays of any layout give the bits of slices, and the same errors.
fn beside_ndarray(
    batch: &Batch,
    undefined: Undefined,
    layouts: [Layout; 3],
    ours: [&metrics_core::Result<Vec<f64>>; 2],
) {
    let scores = Strided::new(&batch.scores, layouts[0]);
    let targets = Strided::new(&batch.targets, layouts[1]);
    let weights = batch.weights.as_ref().map(|weights| Strided::new(weights, layouts[2]));
    let theirs = [
        request(slice::Auprc, undefined, &weights).tasks(&scores, &targets),
        request(slice::Auroc, undefined, &weights).tasks(&scores, &targets),
    ];
    for (ours, theirs) in ours.into_iter().zip(&theirs) {
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                let same = ours.iter().zip(theirs).all(|(x, y)| x.to_bits() == y.to_bits());
                assert!(same && ours.len() == theirs.len(), "{ours:?} {theirs:?}");
            }
            (Err(ours), Err(theirs)) => assert_eq!(ours.to_string(), theirs.to_string()),
            other => panic!("{other:?}"),
        }
    }
}

/// More samples than a sequence holds: functions, and a metric fed in two parts.
pub(super) fn many(u: &mut Unstructured<'_>) -> Result<()> {
    let batch = Batch::of_many(u)?;
    let Batch { scores, targets, .. } = &batch;
    let auprc = slice::Auprc.undefined(Undefined::Error).read(scores, targets);
    let auroc = slice::Auroc.undefined(Undefined::Error).read(scores, targets);
    let mut metric = slice::BinaryAuprc::new();
    let updated = metric.update(scores, targets);
    let Some(tasks) = batch.samples(1) else {
        for error in [auprc.map(drop), auroc.map(drop), updated] {
            assert!(matches!(error, Err(Error::NanScore { .. })), "{error:?}");
        }
        assert!(metric.state().expect("no errors to report").is_empty());
        return Ok(());
    };
    updated.expect("good samples");
    let exact = Exact::of(&tasks[0]);
    let values = [auprc.ok(), auroc.ok()];
    check_areas(&exact, values[0], values[1], &[]);
    let areas = metric.read_tasks(&Sums).expect("there are samples")[0];
    assert_eq!(values, [areas.auprc(), areas.auroc()]);
    assert_eq!(values, in_another_order(&tasks[0], batch.family()));
    let bytes = metric.state().expect("no errors to report").to_bytes();
    let mut read = RankState::from_bytes(&bytes).expect("what was written can be read");
    assert_eq!(read.rank_sums().unwrap()[0], areas);
    let layouts = [Layout::any(u)?, Layout::any(u)?, Layout::Standard];
    let as_rows = values.map(|value| Ok(value.into_iter().collect::<Vec<f64>>()));
    if values.iter().all(Option::is_some) {
        beside_ndarray(&batch, Undefined::Error, layouts, [&as_rows[0], &as_rows[1]]);
    }
    check_curves(
        metric.read_task(&PrecisionRecall, 0),
        metric.read_task(&Roc, 0),
        &exact,
        Undefined::Default,
    );
    Ok(())
}
