//! A backend as somebody else would write it, for a library that this workspace does not know: nalgebra,
//! whose matrices lie column by column. One line below runs the suite on it.

mod backend;

use backend::Nalgebra;
use metrics_core::{Auprc, Evaluation, Layout, Readings, Undefined};
use nalgebra::{DMatrix, DVector};

metrics_conformance::conformance_suite!(suite, crate::Nalgebra, engine, u64);

#[test]
fn vectors_and_matrices_are_taken_as_they_are() {
    let scores = DVector::from_vec(vec![0.1, 0.5, 0.7, 0.8]);
    let targets = DVector::from_vec(vec![1, 0, 1, 1]);
    assert_eq!(metrics_core::binary_auprc(&scores, &targets).unwrap(), 11.0 / 12.0);

    // Three samples of two heads: the second has no positives.
    let heads = DMatrix::from_row_slice(3, 2, &[0.9f32, 0.3, 0.2, 0.1, 0.8, 0.7]);
    let targets = DMatrix::from_row_slice(3, 2, &[true, false, false, false, true, false]);
    let request = Auprc.layout(Layout::TasksLast).undefined(Undefined::Default);
    assert_eq!(request.tasks(&heads, &targets).unwrap(), [1.0, 0.0]);

    let mut streamed = Evaluation::<Nalgebra, _>::of(Auprc).tasks(2).unwrap();
    streamed.update(&heads.transpose(), &targets.transpose()).unwrap();
    assert_eq!(streamed.compute_tasks().unwrap(), [1.0, 0.0]);
}
