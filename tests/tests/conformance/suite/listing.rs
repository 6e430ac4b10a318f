//! How the suite lists its checks: each becomes a test of its own name.

/// Checks of one module, each with its arguments.
macro_rules! checks {
    ($backend:expr, $module:ident, $($name:ident: $check:ident($($argument:expr),*);)*) => {$(
        #[test]
        fn $name() {
            crate::$module::$check(&$backend, $($argument),*);
        }
    )*};
}

/// Checks of one module at sizes around the limits of kernels.
macro_rules! sized_checks {
    ($backend:expr, $module:ident, $($check:ident,)*) => {$(
        #[rstest::rstest]
        fn $check(
            #[values(
                1, 2, 1023, 1024, 1025, 8192, 8193, 65_535, 65_536, 65_537, 100_000,
            )]
            n: usize,
        ) {
            crate::$module::$check(&$backend, n);
        }
    )*};
}

/// Checks of one module on scores that the engines of backends treat differently.
macro_rules! checks_of_kinds {
    ($backend:expr, $module:ident, $($check:ident,)*) => {$(
        #[rstest::rstest]
        #[case::sorted(metrics_conformance::random::Kind::Uniform)]
        #[case::counted(metrics_conformance::random::Kind::FewDistinct)]
        #[case::both_signs(metrics_conformance::random::Kind::Logits)]
        fn $check(#[case] kind: metrics_conformance::random::Kind) {
            crate::$module::$check(&$backend, kind);
        }
    )*};
}

/// Laws of samples, each tried on seeded kinds of scores and on random ones that shrink.
macro_rules! laws {
    ($backend:expr, $seeded:ident, $shrinking:ident, $module:ident, $($law:ident,)*) => {$(
        #[rstest::rstest]
        #[case::seeded(crate::sources::$seeded)]
        #[case::shrinking(crate::sources::$shrinking)]
        fn $law(#[case] source: fn(crate::sources::Law)) {
            source(|samples| crate::$module::$law(&$backend, samples));
        }
    )*};
}

/// Laws of one stateful metric, tried likewise.
macro_rules! laws_of_metric {
    ($backend:expr, $new:expr, $seeded:ident, $shrinking:ident, $($law:ident,)*) => {$(
        #[rstest::rstest]
        #[case::seeded(crate::sources::$seeded)]
        #[case::shrinking(crate::sources::$shrinking)]
        fn $law(#[case] source: fn(crate::sources::Law)) {
            source(|samples| crate::stateful::$law(&$backend, || $new, samples));
        }
    )*};
}

/// What every stateful metric promises.
macro_rules! stateful_laws {
    ($backend:expr, $new:expr, $seeded:ident, $shrinking:ident) => {
        laws_of_metric! { $backend, $new, $seeded, $shrinking,
            batches_equal_one_update,
            merged_parts_equal_the_whole,
            merging_keeps_the_other,
            reset_equals_new,
            computing_twice_is_equal,
            reading_between_updates_changes_nothing,
            clones_share_nothing,
            empty_batches_change_nothing,
            a_loaded_state_goes_on,
        }
    };
}
