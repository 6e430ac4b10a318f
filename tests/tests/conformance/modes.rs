//! Subnormal numbers in floating-point modes that flush or round them: what stands behind the checks of
//! modes in the suite, spelled out for slices.

use metrics_conformance::modes::Mode;
use metrics_core::backend::{ElementCheck, Primitives};
use metrics_core::{Host, HostTensor, slice};

/// What an attack found: 100 subnormal scores, of which a thread that flushes them saw one, in a state
/// of 40 bytes; and a target of 1e-45, which it took for 0.
#[test]
fn subnormals_are_scores_and_no_targets() {
    let scores: Vec<f32> = (0..100).map(|i| f32::from_bits(1000 + i * 37 % 101)).collect();
    let targets: Vec<u8> = (0..100).map(|i| u8::from(i * 37 % 101 > 60)).collect();
    for mode in [Mode::DEFAULT, Mode::FLUSH, Mode::DOWN, Mode::UP, Mode::CUT] {
        let mut metric = slice::BinaryAuroc::new();
        mode.call(|| metric.update(&scores, &targets)).unwrap();
        assert_eq!(mode.call(|| metric.compute()).unwrap(), 1.0, "{mode:?}");
        mode.call(|| metric.update(&[0.5f64, 0.25], &[1u8, 0])).unwrap();
        let [value, n_bytes] = mode.call(|| {
            let n_bytes = metric.state().unwrap().to_bytes().len();
            [metric.compute().unwrap().to_bits(), n_bytes as u64]
        });
        assert_eq!(n_bytes, 730, "{mode:?}");
        // Of 40 positives and 62 negatives, one negative lies above 39 positives.
        assert_eq!(value, (2441f64 / 2480.0).to_bits(), "{mode:?}");
        let error = mode.call(|| slice::binary_auprc(&[0.1f32, 0.5], &[1e-45f32, 1.0]));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("target is 1.401298464324817e-45 at task 0"), "{mode:?}: {error}");
    }
}

/// Public checks and conversions hold where no metric has seen to the mode.
#[test]
fn checks_hold_outside_of_metrics() {
    for mode in [Mode::DEFAULT, Mode::FLUSH, Mode::DOWN, Mode::UP, Mode::CUT] {
        let least = f64::from_bits(1);
        let subnormals = [
            (ElementCheck::Binary, least),
            (ElementCheck::Probability, -least),
            (ElementCheck::Weight, -least),
        ];
        let allowed = mode.call(|| subnormals.map(|(check, x)| check.allows(x)));
        assert_eq!(allowed, [false; 3], "{mode:?}");
        let zeros = [
            ElementCheck::NotNan,
            ElementCheck::Binary,
            ElementCheck::Probability,
            ElementCheck::Weight,
        ];
        let allowed = mode.call(|| zeros.map(|check| check.allows(-0.0) && check.allows(1.0)));
        assert_eq!(allowed, [true; 4], "{mode:?}");
        let row = HostTensor::from_vec(vec![2.0 * least, least, 0.0, -0.0], &[1, 4]).unwrap();
        let ends = mode.call(|| Host.group_ends(&row)).unwrap();
        assert_eq!(ends.numbers(), [0, 1, 3], "{mode:?}");
        let narrow = [f32::from_bits(1), -f32::from_bits(1), 1.0];
        let tensor = HostTensor::new(&narrow, &[3]).unwrap();
        let wide = mode.call(|| tensor.to_f64_vec());
        assert_eq!(wide, narrow.map(f64::from), "{mode:?}");
        let found = mode.call(|| Host.find_invalid(&tensor, ElementCheck::Binary)).unwrap();
        assert_eq!(found, Some((0, f64::from(narrow[0]))), "{mode:?}");
    }
}
