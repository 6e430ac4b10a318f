//! ndarray arrays of any layout and ownership give the values of the same elements row by row.

use metrics_conformance::check::{nearest, same_bits, within_ulps};
use metrics_conformance::naive;
use metrics_conformance::random::{Kind, Samples, seed};
use metrics_core::backend::{ElementCheck, Primitives, to_host};
use metrics_core::{Backend, Curve, Error, ToTensor};
use metrics_ndarray::{
    Auc, Auprc, Auroc, BinaryAuprc, NdArray, NdTensor, Readings, binary_auprc, binary_auroc,
    binary_roc_curve,
};
use ndarray::{Array2, ArrayRef2, ArrayView2, Axis, ShapeBuilder, arr0, array, s};
use rstest::rstest;

const N_TASKS: usize = 3;
const N_SAMPLES: usize = 50;

/// A matrix embedded in memory in some way, to be seen through [`view`](Self::view).
struct Embedded<T> {
    memory: Array2<T>,
    view: fn(&ArrayRef2<T>) -> ArrayView2<'_, T>,
}

/// How a matrix lies in memory.
#[derive(Debug, Clone, Copy)]
enum Layout {
    Standard,
    Fortran,
    Transposed,
    Reversed,
    EverySecondColumn,
    LastColumns,
    LastRows,
}

impl Layout {
    fn embed<T: Copy + Default>(self, matrix: &Array2<T>) -> Embedded<T> {
        let (n_rows, n_columns) = matrix.dim();
        match self {
            Self::Standard => Embedded { memory: matrix.clone(), view: |m| m.view() },
            Self::Fortran => {
                let mut memory = Array2::default(matrix.raw_dim().f());
                memory.assign(matrix);
                Embedded { memory, view: |m| m.view() }
            }
            Self::Transposed => {
                let memory = Array2::from_shape_fn((n_columns, n_rows), |(j, i)| matrix[[i, j]]);
                Embedded { memory, view: |m| m.view().reversed_axes() }
            }
            Self::Reversed => Embedded {
                memory: matrix.slice(s![..;-1, ..;-1]).to_owned(),
                view: |m| m.slice(s![..;-1, ..;-1]),
            },
            Self::EverySecondColumn => {
                let mut memory = Array2::default((n_rows, 2 * n_columns));
                memory.slice_mut(s![.., ..;2]).assign(matrix);
                Embedded { memory, view: |m| m.slice(s![.., ..;2]) }
            }
            Self::LastColumns => {
                let mut memory = Array2::default((n_rows, n_columns + 3));
                memory.slice_mut(s![.., 3..]).assign(matrix);
                Embedded { memory, view: |m| m.slice(s![.., 3..]) }
            }
            Self::LastRows => {
                let mut memory = Array2::default((n_rows + 1, n_columns));
                memory.slice_mut(s![1.., ..]).assign(matrix);
                Embedded { memory, view: |m| m.slice(s![1.., ..]) }
            }
        }
    }
}

impl<T> Embedded<T> {
    fn view(&self) -> ArrayView2<'_, T> {
        (self.view)(&self.memory)
    }
}

fn matrices() -> (Array2<f32>, Array2<i64>) {
    let rows = [Kind::Uniform, Kind::FewDistinct, Kind::Logits];
    let rows = rows.map(|kind| kind.samples(N_SAMPLES, seed()));
    (
        Array2::from_shape_fn((N_TASKS, N_SAMPLES), |(i, j)| rows[i].scores[j] as f32),
        Array2::from_shape_fn((N_TASKS, N_SAMPLES), |(i, j)| rows[i].targets[j].into()),
    )
}

#[rstest]
fn tasks_ignore_layouts(
    #[values(
        Layout::Standard,
        Layout::Fortran,
        Layout::Transposed,
        Layout::Reversed,
        Layout::EverySecondColumn,
        Layout::LastColumns,
        Layout::LastRows
    )]
    of_scores: Layout,
    #[values(Layout::Standard, Layout::Fortran, Layout::Reversed, Layout::LastColumns)]
    of_targets: Layout,
) {
    let (scores, targets) = matrices();
    let expected = Auprc.tasks(&scores, &targets).unwrap();
    let (scores, targets) = (of_scores.embed(&scores), of_targets.embed(&targets));
    let values = Auprc.tasks(&scores.view(), &targets.view()).unwrap();
    same_bits(&values, &expected, &(of_scores, of_targets));
}

#[rstest]
fn primitives_ignore_layouts(
    #[values(
        Layout::Fortran,
        Layout::Transposed,
        Layout::Reversed,
        Layout::EverySecondColumn,
        Layout::LastColumns,
        Layout::LastRows
    )]
    layout: Layout,
) {
    let (scores, targets) = matrices();
    let (scores_there, targets_there) = (layout.embed(&scores), layout.embed(&targets));
    let (scores_there, targets_there) = (scores_there.view(), targets_there.view());
    let results = |scores: &dyn ToTensor<NdArray>, targets: &dyn ToTensor<NdArray>| {
        let (scores, targets) = (scores.to_tensor(), targets.to_tensor());
        let numbers =
            |x: &metrics_ndarray::NdTensor<'_>| to_host::<NdArray>(x).unwrap().to_f64_vec();
        let order = NdArray.argsort_descending(&scores).unwrap();
        let flat = NdArray.reshape(scores.clone(), [1, N_TASKS * N_SAMPLES]).unwrap();
        let rows: Vec<f64> = [
            numbers(&NdArray.gather(&scores, &order).unwrap()),
            numbers(&NdArray.cumsum(&targets).unwrap()),
            numbers(&NdArray.row(&scores, 1).unwrap()),
            numbers(&NdArray.column(&scores, 2).unwrap()),
            numbers(&flat),
            numbers(&scores),
        ]
        .concat();
        (rows, NdArray.group_ends(&flat).unwrap())
    };
    assert_eq!(results(&scores_there, &targets_there), results(&scores, &targets), "{layout:?}");
}

#[test]
fn vectors_ignore_strides() {
    let (scores, targets) = matrices();
    let expected = binary_auroc(&scores.row(1), &targets.row(1)).unwrap();
    let (columns, column_targets) = (scores.t().to_owned(), targets.t().to_owned());
    let value = binary_auroc(&columns.column(1), &column_targets.column(1)).unwrap();
    same_bits(&[value], &[expected], &"columns");
    let backwards = s![1, ..;-1];
    let value = binary_auroc(&scores.slice(backwards), &targets.slice(backwards)).unwrap();
    same_bits(&[value], &[expected], &"backwards");
}

#[test]
fn broadcast_targets_are_read_as_often_as_they_stand() {
    let (scores, _) = matrices();
    let (zeros_and_ones, n) = (Array2::from_shape_fn((1, N_SAMPLES), |(_, j)| (j % 2) as u8), 3);
    let broadcast = zeros_and_ones.broadcast((n, N_SAMPLES)).unwrap();
    let expected = Auroc.tasks(&scores, &broadcast.to_owned()).unwrap();
    assert_eq!(Auroc.tasks(&scores, &broadcast).unwrap(), expected);
}

#[test]
fn every_owner_of_elements_is_taken() {
    let (scores, targets) = matrices();
    let (scores, targets) = (scores.row(0).to_owned(), targets.row(0).to_owned());
    let expected = binary_auprc(&scores, &targets).unwrap();
    let values = [
        binary_auprc(&scores.view(), &targets.view()).unwrap(),
        binary_auprc(&scores.clone().into_shared(), &targets.clone().into_shared()).unwrap(),
        binary_auprc(&ndarray::CowArray::from(&scores), &targets).unwrap(),
        binary_auprc(&*scores, &*targets).unwrap(),
        binary_auprc(&scores.clone().into_dyn(), &targets.clone().into_dyn()).unwrap(),
        binary_auprc(&scores.clone().insert_axis(Axis(0)), &targets.clone().insert_axis(Axis(0)))
            .unwrap(),
    ];
    same_bits(&values, &[expected; 6], &"owners");
}

/// `usize` and `isize`, without a copy.
#[rstest]
fn integers_as_wide_as_pointers_are_taken(
    #[values(Layout::Standard, Layout::Fortran, Layout::Reversed, Layout::EverySecondColumn)]
    layout: Layout,
) {
    let (scores, targets) = matrices();
    let scores = scores.mapv(|score| (score * 1e4) as i64);
    let expected = Auprc.tasks(&scores, &targets).unwrap();
    let (scores, targets) = (scores.mapv(|x| x as isize), targets.mapv(|x| x as usize));
    let (scores_there, targets_there) = (layout.embed(&scores), layout.embed(&targets));
    let values = Auprc.tasks(&scores_there.view(), &targets_there.view()).unwrap();
    same_bits(&values, &expected, &layout);
    let lent = scores.to_tensor();
    let NdTensor::I64(lent) = lent else { panic!("{lent:?} on a machine of 64 bits") };
    assert_eq!(lent.as_ptr().addr(), scores.as_ptr().addr(), "a copy");
}

#[test]
fn weights_ignore_layouts() {
    let (scores, targets) = matrices();
    let weights = Array2::from_shape_fn((N_TASKS, N_SAMPLES), |(i, j)| 0.3 + (i * j) as f64);
    let row = |weights: &ArrayView2<'_, f64>| {
        let weights = weights.row(2);
        Auprc.weights(&weights).read(&scores.row(2), &targets.row(2)).unwrap()
    };
    let fortran = Layout::Fortran.embed(&weights);
    same_bits(&[row(&fortran.view())], &[row(&weights.view())], &"weights");
}

#[test]
fn curves_ignore_layouts() {
    let (scores, targets) = matrices();
    let there = Layout::Transposed.embed(&scores);
    let expected = binary_roc_curve(&scores.row(1), &targets.row(1)).unwrap();
    assert_eq!(binary_roc_curve(&there.view().row(1), &targets.row(1)).unwrap(), expected);
}

#[rstest]
fn two_columns_ignore_layouts(
    #[values(Layout::Fortran, Layout::Transposed, Layout::Reversed, Layout::EverySecondColumn)]
    layout: Layout,
) {
    let Samples { scores, targets, .. } = Kind::Uniform.samples(N_SAMPLES, seed());
    let columns = Array2::from_shape_fn((N_SAMPLES, 2), |(i, j)| [1.0 - scores[i], scores[i]][j]);
    let targets = ndarray::Array1::from(targets);
    let state = |columns: &ArrayView2<'_, f64>| {
        let mut auc = Auc::new(Curve::Roc, 16).unwrap();
        auc.update(columns, &targets).unwrap();
        auc.state().unwrap()
    };
    let there = layout.embed(&columns);
    assert_eq!(state(&there.view()), state(&columns.view()), "{layout:?}");
}

#[test]
fn updates_copy_what_they_keep() {
    let (mut scores, mut targets) = matrices();
    let expected = binary_auprc(&scores.row(0), &targets.row(0)).unwrap();
    let mut metric = BinaryAuprc::new();
    metric.update(&scores.row(0), &targets.row(0)).unwrap();
    scores.fill(0.5);
    targets.fill(1);
    assert_eq!(metric.compute().unwrap(), expected);
}

const N_VIEWS: usize = 14;

/// Calls `f` with a view of a 4 × 6 matrix: reversed, strided, offset, transposed, broadcast, empty.
fn with_view<T, R>(base: &Array2<T>, view: usize, f: impl FnOnce(ArrayView2<'_, T>) -> R) -> R {
    assert_eq!(base.dim(), (4, 6));
    match view {
        0 => f(base.view()),
        1 => f(base.t()),
        2 => f(base.slice(s![.., ..;-1])),
        3 => f(base.slice(s![..;-1, ..])),
        4 => f(base.slice(s![..;-1, ..;-1])),
        5 => f(base.slice(s![1..3, 2..])),
        6 => f(base.slice(s![.., ..;3])),
        7 => f(base.slice(s![..;2, 1..;-2])),
        8 => f(base.slice(s![..;-2, ..;3]).reversed_axes()),
        9 => f(base.slice(s![1, ..]).broadcast((3, 6)).unwrap()),
        10 => f(base.slice(s![.., 1..2]).broadcast((4, 5)).unwrap()),
        11 => f(base.slice(s![2..3, 3..4]).broadcast((2, 3)).unwrap()),
        12 => f(base.slice(s![..0, ..])),
        _ => f(base.slice(s![.., 3..3])),
    }
}

#[test]
fn small_views_equal_the_oracle() {
    let scores = Array2::from_shape_fn((4, 6), |(i, j)| ((5 * i + 3 * j) % 7) as f32 / 8.0);
    let targets = Array2::from_shape_fn((4, 6), |(i, j)| u8::from((i * j + i + 2 * j) % 3 == 0));
    let check = |x: ArrayView2<'_, f32>, y: ArrayView2<'_, u8>| {
        let what = (x.shape().to_vec(), x.strides().to_vec());
        if x.is_empty() {
            let error = Auroc.tasks(&x, &y).unwrap_err();
            assert!(matches!(error, Error::Empty { .. }), "{error} for {what:?}");
            return;
        }
        let tasks = Auroc.tasks(&x, &y).unwrap();
        for (task, (x, y)) in x.rows().into_iter().zip(y.rows()).enumerate() {
            let (scores, targets, ones) = (x.to_vec(), y.to_vec(), naive::ones(x.len()));
            let auroc = naive::auroc(&scores, &targets, &ones);
            nearest(tasks[task], auroc.as_ref(), 0.5, &what);
            nearest(binary_auroc(&x, &y).unwrap(), auroc.as_ref(), 0.5, &what);
            let auprc = naive::average_precision(&scores, &targets, &ones);
            within_ulps(binary_auprc(&x, &y).unwrap(), auprc.as_ref(), 0.0, &what);
        }
    };
    for view in 0..N_VIEWS {
        with_view(&scores, view, |x| with_view(&targets, view, |y| check(x, y)));
    }
}

#[test]
fn the_first_bad_element_of_a_view_is_found() {
    let mut values = Array2::from_elem((4, 6), 0.5);
    values[[2, 3]] = f64::NAN;
    for view in 0..N_VIEWS {
        with_view(&values, view, |x| {
            let first = x.iter().position(|x: &f64| x.is_nan());
            let found = NdArray.find_invalid(&x.to_tensor(), ElementCheck::NotNan).unwrap();
            assert_eq!(found.map(|(at, _)| at), first, "{:?}", (x.shape(), x.strides()));
        });
    }
}

/// More elements than memory: 2^40, and as many as an array may have.
#[rstest]
fn a_broadcast_view_beyond_memory_is_an_error(#[values(1 << 40, isize::MAX as usize)] n: usize) {
    let (score, target, weight) = (arr0(0.5f32), arr0(1u8), arr0(0.25));
    let (x, y) = (score.broadcast(n).unwrap(), target.broadcast(n).unwrap());
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
    is_memory(binary_auroc(&x, &y), "binary_auroc");
    is_memory(binary_roc_curve(&x, &y), "binary_roc_curve");
    let weights = weight.broadcast(n).unwrap();
    is_memory(Auprc.weights(&weights).read(&x, &y), "binary_auprc");
    let (mut auprc, mut auc) = (BinaryAuprc::new(), Auc::default());
    is_memory(auprc.update(&x, &y), "binary_auprc");
    is_memory(auc.update(&x, &y), "auc");
    assert!(matches!(auprc.compute(), Err(Error::NoSamples { .. })), "something was kept");

    let (row, column) = (score.broadcast((1, n)).unwrap(), score.broadcast((n, 1)).unwrap());
    let (row, column, targets) = (row.to_tensor(), column.to_tensor(), y.to_tensor());
    is_memory(to_host::<NdArray>(&row), "with_host");
    is_memory(NdArray.reshape(targets, [1, n]), "reshape");
    is_memory(NdArray.row(&row, 0), "row");
    is_memory(NdArray.column(&column, 0), "column");
    is_memory(NdArray.argsort_descending(&row), "argsort");
    is_memory(NdArray.group_ends(&row), "group_ends");
    is_memory(NdArray.cumsum(&row), "cumsum");
    is_memory(NdArray.bucket(&row, 10), "bucket");
    let index = NdArray.argsort_descending(&array![[0.5, 0.25]].to_tensor()).unwrap();
    is_memory(NdArray.gather(&row, &index), "gather");
    // A search reads what is in memory, and no more.
    assert_eq!(NdArray.find_invalid(&row, ElementCheck::NotNan).unwrap(), None);
    let bad = NdArray.find_invalid(&row, ElementCheck::Binary).unwrap();
    assert_eq!(bad, Some((0, 0.5)));
    assert_eq!(NdArray.row(&column, n - 1).map(|row| row.shape().to_vec()).unwrap(), [1, 1]);
}
