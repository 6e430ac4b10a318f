//! How the suite lists its checks: each becomes a test of its own name.

/// Checks of one module, each with its arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! checks {
    ($backend:expr, $module:ident, $($name:ident: $check:ident($($argument:expr),*);)*) => {$(
        #[test]
        fn $name() {
            $crate::checks::$module::$check(&$backend, $($argument),*);
        }
    )*};
}

/// Checks of one module at sizes around the limits of kernels.
#[doc(hidden)]
#[macro_export]
macro_rules! sized_checks {
    ($backend:expr, $module:ident, $($check:ident,)*) => {$(
        #[$crate::rstest::rstest]
        fn $check(
            #[values(
                1, 2, 1023, 1024, 1025, 8192, 8193, 65_535, 65_536, 65_537, 100_000,
            )]
            n: usize,
        ) {
            $crate::checks::$module::$check(&$backend, n);
        }
    )*};
}

/// Checks of one module on scores that the engines of backends treat differently.
#[doc(hidden)]
#[macro_export]
macro_rules! checks_of_kinds {
    ($backend:expr, $module:ident, $($check:ident,)*) => {$(
        #[$crate::rstest::rstest]
        #[case::sorted($crate::random::Kind::Uniform)]
        #[case::counted($crate::random::Kind::FewDistinct)]
        #[case::both_signs($crate::random::Kind::Logits)]
        fn $check(#[case] kind: $crate::random::Kind) {
            $crate::checks::$module::$check(&$backend, kind);
        }
    )*};
}

/// Laws of samples, each tried on seeded kinds of scores and on random ones that shrink.
#[doc(hidden)]
#[macro_export]
macro_rules! laws {
    ($backend:expr, $seeded:ident, $shrinking:ident, $module:ident, $($law:ident,)*) => {$(
        #[$crate::rstest::rstest]
        #[case::seeded($crate::checks::sources::$seeded)]
        #[case::shrinking($crate::checks::sources::$shrinking)]
        fn $law(#[case] source: fn($crate::checks::sources::Law)) {
            source(|samples| $crate::checks::$module::$law(&$backend, samples));
        }
    )*};
}

/// Laws of all metrics, each tried on any scores and on probabilities.
#[doc(hidden)]
#[macro_export]
macro_rules! laws_of_metrics {
    ($backend:expr, $($law:ident,)*) => {$(
        #[$crate::rstest::rstest]
        #[case::seeded($crate::checks::sources::each_kind)]
        #[case::shrinking($crate::checks::sources::any_scores)]
        #[case::shrinking_probabilities($crate::checks::sources::any_probabilities)]
        fn $law(#[case] source: fn($crate::checks::sources::Law)) {
            source(|samples| $crate::checks::metrics::$law(&$backend, samples));
        }
    )*};
}

/// Laws of one stateful metric, tried likewise.
#[doc(hidden)]
#[macro_export]
macro_rules! laws_of_metric {
    ($backend:expr, $new:expr, $seeded:ident, $shrinking:ident, $($law:ident,)*) => {$(
        #[$crate::rstest::rstest]
        #[case::seeded($crate::checks::sources::$seeded)]
        #[case::shrinking($crate::checks::sources::$shrinking)]
        fn $law(#[case] source: fn($crate::checks::sources::Law)) {
            source(|samples| $crate::checks::stateful::$law(&$backend, || $new, samples));
        }
    )*};
}

/// What every stateful metric promises.
#[doc(hidden)]
#[macro_export]
macro_rules! stateful_laws {
    ($backend:expr, $new:expr, $seeded:ident, $shrinking:ident) => {
        $crate::laws_of_metric! { $backend, $new, $seeded, $shrinking,
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
