//! Scores, targets and weights lie on one device.

use metrics_conformance::counting::Counting;
use metrics_conformance::inputs::vector;
use metrics_core::{Auprc, Host, Owned, Readings, binary_auprc};
use tensor_metrics::Backend;

type Device = Counting<Host>;

#[test]
fn tensors_on_two_devices_are_refused_and_change_nothing() {
    let (near, far) = (Counting::on(Host, "cpu"), Counting::on(Host, "cuda:0"));
    assert_eq!((near.device(), far.device()), ("cpu".into(), "cuda:0".into()));
    let scores: Owned<Device> = vector(&far, &[0.1, 0.5, 0.7, 0.8]);
    let targets = |device| vector(device, &[1u8, 0, 1, 1]);
    let mismatch = "scores are on cuda:0 but targets are on cpu";

    let text = binary_auprc(&scores, &targets(&near)).unwrap_err().to_string();
    assert_eq!(text, format!("binary_auprc: {mismatch}"));
    let weights = vector(&near, &[1.0; 4]);
    let text = Auprc.weights(&weights).read(&scores, &targets(&far)).unwrap_err().to_string();
    assert_eq!(text, "binary_auprc: scores are on cuda:0 but weights are on cpu");

    let mut auprc = metrics_core::BinaryAuprc::<Device>::new();
    let mut auc = metrics_core::Auc::<Device>::default();
    auprc.update(&scores, &targets(&far)).unwrap();
    auc.update(&scores, &targets(&far)).unwrap();
    let before = (auprc.state().unwrap().to_bytes(), auc.state().unwrap());
    let text = auprc.update(&scores, &targets(&near)).unwrap_err().to_string();
    assert_eq!(text, format!("binary_auprc: {mismatch}"));
    let text = auc.update(&scores, &targets(&near)).unwrap_err().to_string();
    assert_eq!(text, format!("auc: {mismatch}"));
    assert_eq!((auprc.state().unwrap().to_bytes(), auc.state().unwrap()), before);
}
