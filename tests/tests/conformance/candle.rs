//! What is particular to candle tensors.

use candle_core::{DType, Device, Tensor, Var};
use metrics_candle::{
    Auc, Auprc, Auroc, BinaryAuprc, Candle, Readings, binary_auprc, binary_auroc, state_from_tensor,
};
use metrics_conformance::check::{nearest, within_ulps};
use metrics_conformance::naive;
use metrics_core::backend::{ElementCheck, Primitives, to_host};
use metrics_core::{Backend, Error, HostTensor};

fn tensor<T: candle_core::WithDType>(data: &[T], shape: &[usize]) -> Tensor {
    Tensor::from_slice(data, shape, &Device::Cpu).unwrap()
}

#[test]
fn u64_beyond_i64_is_refused() {
    let huge = HostTensor::new(&[u64::MAX], &[1]).unwrap();
    let error = Candle::cpu().upload(&huge).unwrap_err();
    assert!(matches!(error, Error::UnsupportedDtype { op: "upload", .. }), "{error}");
}

/// candle's own cumsum multiplies by a matrix of as many rows and columns.
#[test]
fn rows_of_ten_million_are_sorted_and_summed() {
    metrics_conformance::checks::ops::long_rows_are_sorted_and_summed(&Candle::cpu(), 10_000_000);
}

#[test]
fn views_need_no_copy_by_the_caller() {
    let columns = tensor(&[0.1f32, 1.0, 0.5, 1.0, 0.7, 1.0, 0.8, 0.0], &[4, 2]);
    let targets = tensor(&[1u8, 1, 0, 0, 1, 1, 1, 0], &[4, 2]);
    let expected = [11.0 / 12.0, 2.0 / 3.0];
    let (x, y) = (columns.t().unwrap(), targets.t().unwrap());
    assert_eq!(Auprc.tasks(&x, &y).unwrap(), expected);
    let (x, y) = (columns.narrow(1, 0, 1).unwrap(), targets.narrow(1, 0, 1).unwrap());
    assert_eq!(binary_auprc(&x.t().unwrap(), &y.t().unwrap()).unwrap(), expected[0]);
    let tied = tensor(&[0.5f32], &[1]).broadcast_as(4).unwrap();
    let y = targets.narrow(1, 0, 1).unwrap().squeeze(1).unwrap();
    assert_eq!(binary_auprc(&tied, &y).unwrap(), 0.75);
}

#[test]
fn a_tensor_that_requires_a_gradient_is_read() {
    let scores = Var::from_tensor(&tensor(&[0.1f32, 0.5, 0.7, 0.8], &[4])).unwrap();
    let doubled = (scores.as_tensor() * 2.0).unwrap();
    let targets = tensor(&[1u8, 0, 1, 1], &[4]);
    let mut auprc = BinaryAuprc::new();
    auprc.update(&doubled, &targets).unwrap();
    drop(doubled);
    assert_eq!(auprc.compute().unwrap(), 11.0 / 12.0);
}

#[test]
fn later_writes_into_a_tensor_change_nothing() {
    let scores = Var::from_tensor(&tensor(&[0.1f32, 0.5, 0.7, 0.8], &[4])).unwrap();
    let targets = tensor(&[1u8, 0, 1, 1], &[4]);
    let mut auprc = BinaryAuprc::new();
    auprc.update(scores.as_tensor(), &targets).unwrap();
    scores.set(&tensor(&[0.0f32; 4], &[4])).unwrap();
    assert_eq!(auprc.compute().unwrap(), 11.0 / 12.0);
}

#[test]
fn no_rows_are_no_change() {
    let (scores, targets) = (tensor::<f32>(&[], &[0]), tensor::<u8>(&[], &[0]));
    let mut auprc = BinaryAuprc::new();
    auprc.update(&scores, &targets).unwrap();
    let mut auc = Auc::default();
    auc.update(&scores, &targets).unwrap();
    assert!(matches!(auprc.compute(), Err(Error::NoSamples { op: "binary_auprc" })));
    assert!(matches!(auc.compute(), Err(Error::NoSamples { op: "auc" })));
}

#[test]
fn wrong_ranks_and_dtypes_are_refused_and_change_nothing() {
    let mut auprc = BinaryAuprc::new();
    auprc.update(&tensor(&[0.1f32, 0.5], &[2]), &tensor(&[0u8, 1], &[2])).unwrap();
    let before = auprc.state().unwrap().to_bytes();

    for shape in [&[][..], &[1, 1, 1]] {
        let error = auprc.update(&tensor(&[0.5f32], shape), &tensor(&[1u8], shape)).unwrap_err();
        let Error::UnsupportedRank { scores, targets, .. } = error else { panic!("{error}") };
        assert_eq!([scores, targets], [shape, shape]);
    }
    // The message lists candle's own dtypes.
    let x = tensor(&[0.5f32, 0.25], &[2]).to_dtype(DType::F8E4M3).unwrap();
    assert_eq!(
        auprc.update(&x, &tensor(&[1u8, 0], &[2])).unwrap_err().to_string(),
        "binary_auprc: scores have dtype F8E4M3, \
         expected u8, u32, i16, i32, i64, f16, bf16, f32 or f64"
    );
    assert_eq!(auprc.state().unwrap().to_bytes(), before);
}

/// Views of a 4 × 6 matrix: offset, transposed, broadcast, empty.
fn views(base: &Tensor) -> Vec<Tensor> {
    let views = || -> candle_core::Result<Vec<Tensor>> {
        Ok(vec![
            base.clone(),
            base.t()?,
            base.narrow(0, 1, 2)?,
            base.narrow(1, 2, 3)?,
            base.narrow(1, 2, 3)?.t()?,
            base.narrow(0, 1, 2)?.narrow(1, 4, 2)?.t()?,
            base.narrow(0, 1, 1)?.broadcast_as((3, 6))?,
            base.narrow(1, 1, 1)?.broadcast_as((4, 5))?,
            base.narrow(1, 1, 1)?.t()?.broadcast_as((3, 4))?,
            base.narrow(0, 2, 1)?.narrow(1, 3, 1)?.broadcast_as((2, 3))?,
            base.narrow(0, 2, 0)?,
            base.narrow(1, 3, 0)?,
        ])
    };
    views().unwrap()
}

#[test]
fn small_views_equal_the_oracle() {
    let scores: Vec<f32> = (0..24).map(|i| ((5 * (i / 6) + 3 * i) % 7) as f32 / 8.0).collect();
    let targets: Vec<u8> = (0..24).map(|i| u8::from(i * i % 3 == 0)).collect();
    let (scores, targets) = (tensor(&scores, &[4, 6]), tensor(&targets, &[4, 6]));
    for (x, y) in views(&scores).into_iter().zip(views(&targets)) {
        let what = (x.dims().to_vec(), x.stride().to_vec());
        if x.elem_count() == 0 {
            let error = Auroc.tasks(&x, &y).unwrap_err();
            assert!(matches!(error, Error::Empty { .. }), "{error} for {what:?}");
            continue;
        }
        let tasks = Auroc.tasks(&x, &y).unwrap();
        let (rows, row_targets) = (x.to_vec2::<f32>().unwrap(), y.to_vec2::<u8>().unwrap());
        for (task, (scores, targets)) in rows.iter().zip(&row_targets).enumerate() {
            let ones = naive::ones(scores.len());
            let auroc = naive::auroc(scores, targets, &ones);
            nearest(tasks[task], auroc.as_ref(), 0.5, &what);
            let (x, y) = (x.get(task).unwrap(), y.get(task).unwrap());
            let auprc = naive::average_precision(scores, targets, &ones);
            within_ulps(binary_auprc(&x, &y).unwrap(), auprc.as_ref(), 0.0, &what);
        }
    }
}

#[test]
fn the_first_bad_element_of_a_view_is_found() {
    let mut values = vec![0.5f64; 24];
    values[2 * 6 + 3] = f64::NAN;
    for x in views(&tensor(&values, &[4, 6])) {
        let elements = x.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let first = elements.iter().position(|x| x.is_nan());
        let found = Candle::cpu().find_invalid(&x, ElementCheck::NotNan).unwrap();
        assert_eq!(found.map(|(at, _)| at), first, "{:?}", (x.dims(), x.stride()));
    }
}

/// More elements than memory: 2^40, and as many as a number may say.
#[test]
fn a_broadcast_tensor_beyond_memory_is_an_error() {
    #[track_caller]
    fn is_memory<T: std::fmt::Debug>(result: metrics_core::Result<T>, op: &str) {
        match result.unwrap_err() {
            Error::OutOfMemory { op: given, n_bytes } => {
                assert_eq!(given, op);
                assert!(n_bytes >= 1 << 40, "{n_bytes} bytes");
            }
            error => panic!("{error}"),
        }
    }
    let (score, target) = (tensor(&[0.5f32], &[1]), tensor(&[1u8], &[1]));
    for n in [1 << 40, isize::MAX as usize, usize::MAX] {
        let (x, y) = (score.broadcast_as(n).unwrap(), target.broadcast_as(n).unwrap());
        is_memory(binary_auroc(&x, &y), "binary_auroc");
        let (mut auprc, mut auc) = (BinaryAuprc::new(), Auc::default());
        is_memory(auprc.update(&x, &y), "binary_auprc");
        is_memory(auc.update(&x, &y), "auc");
        assert!(matches!(auprc.compute(), Err(Error::NoSamples { .. })), "something was kept");
        is_memory(state_from_tensor(&y), "state_from_tensor");

        let backend = Candle::cpu();
        let row = score.broadcast_as((1, n)).unwrap();
        is_memory(to_host::<Candle>(&row), "with_host");
        is_memory(backend.reshape(y, [n, 1]), "reshape");
        is_memory(backend.argsort_descending(&row), "argsort");
        is_memory(backend.group_ends(&row), "group_ends");
        is_memory(backend.cumsum(&row), "cumsum");
        is_memory(backend.bucket(&row, 10), "bucket");
        let index = backend.argsort_descending(&tensor(&[0.5, 0.25], &[1, 2])).unwrap();
        is_memory(backend.gather(&row, &index), "gather");
        // A search reads what is in memory, and no more; so does a view of a view.
        assert_eq!(backend.find_invalid(&row, ElementCheck::NotNan).unwrap(), None);
        assert_eq!(backend.find_invalid(&row, ElementCheck::Binary).unwrap(), Some((0, 0.5)));
        assert_eq!(backend.column(&row, n - 1).unwrap().dims(), [1]);
    }
    // Their product is 0 in 64 bits.
    let x = score.reshape((1, 1)).unwrap().broadcast_as((1 << 32, 1 << 32)).unwrap();
    is_memory(Auroc.tasks(&x, &x), "binary_auroc");
    is_memory(Candle::cpu().find_invalid(&x, ElementCheck::NotNan), "find_invalid");
}

#[test]
fn states_travel_in_tensors_of_any_strides() {
    let bytes: Vec<u8> = (0..24).collect();
    let matrix = tensor(&bytes, &[4, 6]);
    let column = matrix.t().unwrap().get(2).unwrap();
    assert_eq!(state_from_tensor(&column).unwrap(), [2, 8, 14, 20]);
    let repeated = matrix.narrow(1, 5, 1).unwrap().narrow(0, 3, 1).unwrap();
    let repeated = repeated.broadcast_as((1, 3)).unwrap().get(0).unwrap();
    assert_eq!(state_from_tensor(&repeated).unwrap(), [23; 3]);
}
