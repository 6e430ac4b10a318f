//! A state is plain data: saved anywhere, it loads anywhere.

use metrics_core::{Auc, BinaryAuprc, BinaryAuroc, binary_auroc};
use tensor_metrics::{AucState, Backend, Curve, Element, Host, RankState};

use crate::backends::on_every_backend;
use crate::examples::{auc_states, rank_states};
use crate::given::{Given, given, row, upload};

/// In the type that every backend keeps.
fn halves() -> [Given; 2] {
    halves_of(|score| score)
}

fn halves_of<T: Element>(of: impl Fn(f64) -> T + Copy) -> [Given; 2] {
    let first = given(row(&[0.1, 0.5, 0.7, 0.7].map(of)), row(&[0, 1, 1, 0]));
    let second = given(row(&[0.2, 0.5, 1.0].map(of)), row(&[1, 0, 1]));
    [first, second.weighted(row(&[2.0, 0.5, 1.0]))]
}

#[test]
fn a_state_saved_on_any_backend_goes_on_on_any_other() {
    on_every_backend!(saved_here());
}

fn saved_here<A: Backend>(here: &A) {
    on_every_backend!(loaded_there(here, halves()));
}

/// Of the type that the scores had, where backends keep it; `PrimitivesOnly` uploads into f64.
#[test]
#[cfg(feature = "ndarray")]
fn a_state_of_f32_goes_on_on_another_backend() {
    let halves = || halves_of(|score| score as f32);
    loaded_there(&metrics_ndarray::NdArray, &Host, halves());
    loaded_there(&Host, &metrics_ndarray::NdArray, halves());
    #[cfg(feature = "candle")]
    loaded_there(&metrics_candle::Candle::cpu(), &Host, halves());
    #[cfg(feature = "candle")]
    loaded_there(&Host, &metrics_candle::Candle::cpu(), halves());
}

/// The first half here, saved as AUPRC; the second half there, loaded as AUROC.
fn loaded_there<B: Backend, A: Backend>(there: &B, here: &A, halves: [Given; 2]) {
    let [first, second] = halves;
    let mut saved = BinaryAuprc::<A>::new();
    first.update(here, &mut saved).unwrap();
    let bytes = saved.state().unwrap().to_bytes();
    let mut loaded = BinaryAuroc::<B>::new();
    loaded.load_state(&RankState::from_bytes(&bytes).unwrap()).unwrap();
    second.update(there, &mut loaded).unwrap();

    let mut whole = BinaryAuroc::<A>::new();
    first.update(here, &mut whole).unwrap();
    second.update(here, &mut whole).unwrap();
    assert_eq!(loaded.state().unwrap().to_bytes(), whole.state().unwrap().to_bytes());
    assert_eq!(loaded.compute().unwrap().to_bits(), whole.compute().unwrap().to_bits());
}

#[test]
fn a_bucketed_state_saved_on_any_backend_goes_on_on_any_other() {
    on_every_backend!(bucketed_here());
}

fn bucketed_here<A: Backend>(here: &A) {
    on_every_backend!(bucketed_there(here));
}

fn bucketed_there<B: Backend, A: Backend>(there: &B, here: &A) {
    let [first, second] = halves();
    let mut saved = Auc::<A>::new(Curve::Pr, 100).unwrap();
    first.update(here, &mut saved).unwrap();
    let bytes = saved.state().unwrap().to_bytes();
    let mut loaded = Auc::<B>::new(Curve::Pr, 100).unwrap();
    loaded.load_state(&AucState::from_bytes(&bytes).unwrap()).unwrap();
    second.update(there, &mut loaded).unwrap();

    let mut whole = Auc::<A>::new(Curve::Pr, 100).unwrap();
    first.update(here, &mut whole).unwrap();
    second.update(here, &mut whole).unwrap();
    assert_eq!(loaded.state().unwrap().to_bytes(), whole.state().unwrap().to_bytes());
    assert_eq!(loaded.compute().unwrap().to_bits(), whole.compute().unwrap().to_bits());
}

#[test]
fn loading_forgets_what_was_held() {
    on_every_backend!(loads_over());
}

fn loads_over<B: Backend>(backend: &B) {
    let [first, second] = halves();
    let mut auroc = BinaryAuroc::<B>::new();
    for (name, state) in rank_states().into_iter().filter(|(_, state)| state.n_tasks() == 1) {
        auroc.reset();
        second.update(backend, &mut auroc).unwrap();
        auroc.load_state(&state).unwrap();
        assert_eq!(auroc.state().unwrap(), state, "{name}");
    }
    auroc.reset();
    first.update(backend, &mut auroc).unwrap();
    let (x, y) = (upload(backend, &first.scores), upload(backend, &first.targets));
    assert_eq!(auroc.compute().unwrap(), binary_auroc::<B>(&x, &y).unwrap());

    for (name, state) in auc_states() {
        let mut auc = Auc::<B>::new(state.curve(), state.num_thresholds()).unwrap();
        first.update(backend, &mut auc).unwrap();
        auc.load_state(&state).unwrap();
        assert_eq!(auc.state().unwrap(), state, "{name}");
    }
}

/// Taking the state, and loading it, is a copy: neither metric feels the other from then on.
#[test]
fn a_state_is_a_copy() {
    on_every_backend!(copies());
}

fn copies<B: Backend>(backend: &B) {
    let [first, second] = halves();
    let mut auprc = BinaryAuprc::<B>::new();
    first.update(backend, &mut auprc).unwrap();
    let state = auprc.state().unwrap();
    let bytes = state.to_bytes();
    let mut loaded = BinaryAuprc::<B>::new();
    loaded.load_state(&state).unwrap();
    second.update(backend, &mut auprc).unwrap();
    assert_eq!(state.to_bytes(), bytes);
    assert_eq!(loaded.state().unwrap().to_bytes(), bytes);
}
