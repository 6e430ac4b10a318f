//! The checks of the primitives.

#[doc(hidden)]
#[macro_export]
macro_rules! primitives_suite {
    ($backend:expr) => {
        mod primitives {
            use $crate::half::{bf16, f16};
            use $crate::metrics_core::backend::ElementCheck::{
                Binary, NotNan, Probability, Weight,
            };

            const INF: f64 = f64::INFINITY;
            const NAN: f64 = f64::NAN;

            $crate::checks! { $backend, ops,
                row: row_is_a_matrix_of_one_row();
                find_nothing: find_invalid_names_the_first(NotNan, &[], None);
                find_no_nan: find_invalid_names_the_first(NotNan, &[-INF, INF], None);
                find_nan: find_invalid_names_the_first(NotNan, &[0.0, NAN, NAN], Some(1));
                find_no_label: find_invalid_names_the_first(Binary, &[1.0, 0.9, 2.0], Some(1));
                find_labels: find_invalid_names_the_first(Binary, &[-0.0, 1.0], None);
                find_probabilities: find_invalid_names_the_first(Probability, &[0.0, 1.0], None);
                find_above_1: find_invalid_names_the_first(Probability, &[1.0, 1.1], Some(1));
                find_below_0: find_invalid_names_the_first(Probability, &[-1e-300], Some(0));
                find_no_number: find_invalid_names_the_first(Probability, &[NAN], Some(0));
                find_weights: find_invalid_names_the_first(Weight, &[0.0, f64::MAX], None);
                find_negative: find_invalid_names_the_first(Weight, &[0.0, -1.0], Some(1));
                find_infinite: find_invalid_names_the_first(Weight, &[3.0, INF], Some(1));
                argsort_of_bool: argsort_orders_values(&[false, true]);
                argsort_of_u8: argsort_orders_values(&[0, 127, u8::MAX]);
                argsort_of_i8: argsort_orders_values(&[i8::MIN, -1, 0, i8::MAX]);
                argsort_of_u16: argsort_orders_values(&[0, 1, u16::MAX]);
                argsort_of_i16: argsort_orders_values(&[i16::MIN, -1, 0, i16::MAX]);
                argsort_of_u32: argsort_orders_values(&[0, 1, u32::MAX]);
                argsort_of_i32: argsort_orders_values(&[i32::MIN, -1, 0, i32::MAX]);
                argsort_of_i64: argsort_orders_values(&[i64::MIN, -1, 0, i64::MAX]);
                argsort_of_isize: argsort_orders_values(&[isize::MIN, -1, 0, isize::MAX]);
                argsort_of_f16: argsort_orders_values(&[f16::MIN, f16::ZERO, f16::EPSILON]);
                argsort_of_bf16: argsort_orders_values(&[bf16::MIN, bf16::ZERO, bf16::EPSILON]);
                argsort_of_f32: argsort_orders_values(&[f32::MIN, 0.0, 1e-45, f32::INFINITY]);
                argsort_of_f64: argsort_orders_values(&[f64::MIN, 0.0, 5e-324, f64::INFINITY]);
                gather_long_integers: gather_keeps_64_bit_integers();
                cumsum_of_bool: cumsum_is_inclusive_and_exact([false, true], 1000);
                cumsum_of_u8: cumsum_is_inclusive_and_exact([0u8, 1], 1000);
                cumsum_of_i64: cumsum_is_inclusive_and_exact([0i64, 1], 1000);
                cumsum_of_f16: cumsum_is_inclusive_and_exact([f16::ZERO, f16::ONE], 5000);
                cumsum_of_bf16: cumsum_is_inclusive_and_exact([bf16::ZERO, bf16::ONE], 1000);
                cumsum_of_f32: cumsum_is_inclusive_and_exact([-0.0f32, 1.0], 1000);
                cumsum_of_f64: cumsum_is_inclusive_and_exact([0.0, 1.0], 1000);
                groups_of_integers: groups_end_where_values_change(&[3, 3, 2, 2, 0], &[1, 3, 4]);
                groups_of_infinities: groups_end_where_values_change(&[INF, INF, -INF], &[1, 2]);
                groups_of_zeros: groups_end_where_values_change(&[0.0, -0.0, 0.0, -1.0], &[2, 3]);
                groups_of_subnormals: groups_end_where_values_change(&[1e-323, 5e-324], &[0, 1]);
                argsort_of_nothing: argsort_orders_each_row(0);
                gather_of_nothing: gather_takes_from_its_own_row(0);
                cumsum_of_nothing: cumsum_is_inclusive_and_exact([0u8, 1], 0);
                groups_of_nothing: groups_end_at_any_size(0);
                buckets_of_nothing: bucket_is_the_floor_of_the_product(0);
                bincount_of_nothing: bincount_counts_by_target(0);
                beyond_the_end: rows_beyond_the_end_are_refused();
                no_matrix: what_is_no_matrix_is_refused();
                longer_rows: an_index_of_longer_rows_gathers_nothing();
                thresholds: no_number_of_thresholds_is_taken_beyond_the_most();
                no_probability: what_is_no_probability_takes_a_bucket_at_the_end();
                bins: bins_and_targets_that_do_not_fit_are_refused();
                argsort_of_a_million: argsort_orders_each_row(1_000_000);
                rows_of_a_million: long_rows_are_sorted_and_summed(1_000_000);
            }
            $crate::sized_checks! { $backend, ops,
                argsort_orders_each_row,
                gather_takes_from_its_own_row,
                cumsum_at_any_size,
                groups_end_at_any_size,
                bucket_is_the_floor_of_the_product,
                bincount_counts_by_target,
            }

            mod copies {
                $crate::checks! { $backend, copies,
                    function_of_one_task: a_function_downloads_only_distinct_scores(1);
                    function_of_several_tasks: a_function_downloads_only_distinct_scores(4);
                    weighted_function: a_weighted_function_downloads_each_input_once();
                    update: an_update_downloads_each_input_once();
                    reading: reading_a_metric_copies_nothing();
                    buckets: an_update_of_buckets_downloads_nothing();
                    weighted_buckets: a_weighted_update_of_buckets_downloads_each_input_once();
                }
            }
        }
    };
}
