//! The checks of every backend.

#[doc(hidden)]
#[macro_export]
macro_rules! every_backend_suite {
    ($backend:expr) => {
        $crate::tensors_suite! { $backend }
        $crate::dtypes_suite! { $backend }

        mod metrics {
            $crate::laws_of_metrics! { $backend,
                numbers_are_those_of_the_definition,
                weighted_numbers_are_those_of_the_definition,
                unit_weights_are_no_weights,
                whole_weights_are_repetitions,
                weight_zero_removes_a_sample,
                numbers_ignore_sample_order,
            }
            $crate::checks! { $backend, metrics,
                one_sample_a_task: tasks_equal_each_alone(1);
                few_samples_a_task: tasks_equal_each_alone(50);
                many_samples_a_task: tasks_equal_each_alone(5000);
                undefined: undefined_values_follow_the_policy();
                rejected: rejected_batches_change_nothing();
            }
        }

        mod areas {
            $crate::laws! { $backend, each_kind, any_scores, laws,
                areas_ignore_order_within_ties,
                areas_ignore_increasing_maps,
                swapped_targets_mirror_auroc,
                negated_scores_mirror_auroc,
                mirroring_twice_keeps_auroc,
                repeating_all_samples_keeps_areas,
            }
            $crate::laws! { $backend, each_kind, any_scores, weights,
                large_whole_weights_are_close,
                weighted_areas_ignore_powers_of_two,
                weighted_areas_hardly_feel_a_scale,
            }
            $crate::sized_checks! { $backend, sizes,
                areas_of_each_kind,
                areas_of_f32_scores,
                areas_of_lonely_positives,
                areas_of_scores_over_the_whole_line,
            }
            $crate::checks! { $backend, sizes, a_million: areas_of_a_million(); }
            $crate::checks! { $backend, weights,
                long: many_whole_weights_are_repetitions();
                small: small_auprc_of_whole_weights_is_close();
            }
            $crate::checks! { $backend, exhaustive,
                every_pattern_of_1: areas_of_every_pattern(1);
                every_pattern_of_2: areas_of_every_pattern(2);
                every_pattern_of_3: areas_of_every_pattern(3);
                every_pattern_of_4: areas_of_every_pattern(4);
                every_pattern_of_5: areas_of_every_pattern(5);
                every_pattern_of_6: areas_of_every_pattern(6);
                random_cases: areas_of_ten_thousand_random_cases();
            }
            $crate::checks_of_kinds! { $backend, threads,
                areas_ignore_threads,
                areas_of_f32_ignore_threads,
                tasks_ignore_threads,
                curves_ignore_threads,
                states_ignore_threads,
                the_first_error_ignores_threads,
            }
        }

        mod tasks {
            $crate::laws! { $backend, each_kind, any_scores, tasks,
                a_column_is_a_vector,
                readings_together_are_each_alone,
                a_matrix_of_one_row_is_a_vector,
                a_streamed_matrix_of_one_row_is_a_vector,
            }
            $crate::checks! { $backend, tasks,
                one_last: tasks_in_the_last_dimension_are_the_same(1);
                few_last: tasks_in_the_last_dimension_are_the_same(50);
                many_last: tasks_in_the_last_dimension_are_the_same(5000);
                undefined: undefined_tasks_disturb_no_other();
            }
        }

        mod stateful {
            use $crate::metrics_core::{Auc, BinaryAuprc, BinaryAuroc, Curve};

            mod auprc {
                use super::*;
                $crate::stateful_laws! { $backend, BinaryAuprc::new(), each_kind, any_scores }
                $crate::laws_of_metric! { $backend, BinaryAuprc::new(), each_kind, any_scores,
                    weighted_batches_equal_one_update,
                }
            }
            mod auroc {
                use super::*;
                $crate::stateful_laws! { $backend, BinaryAuroc::new(), each_kind, any_scores }
            }
            mod auc_roc {
                use super::*;
                $crate::stateful_laws! { $backend, Auc::new(Curve::Roc, 4095).unwrap(),
                each_kind_of_probabilities, any_probabilities }
            }
            mod auc_pr {
                use super::*;
                $crate::stateful_laws! { $backend, Auc::new(Curve::Pr, 7).unwrap(),
                each_kind_of_probabilities, any_probabilities }
            }
            $crate::checks! { $backend, streams,
                f16: a_stream_of_f16_equals_one_call();
                few_distinct: a_long_stream_of_few_scores_equals_one_call();
                weighted: a_weighted_stream_equals_one_call();
                floats: scores_are_widened_to_the_widest();
                integers: integers_are_widened_to_the_widest();
            }
        }

        mod curves {
            $crate::laws! { $backend, each_kind, any_scores, curves,
                area_of_the_pr_curve_is_auprc,
                area_of_the_roc_curve_is_auroc,
                counts_are_those_the_curves_are_made_of,
            }
            $crate::checks! { $backend, curves, infinity: roc_repeats_infinity_where_a_score_is(); }
        }

        mod buckets {
            $crate::laws! { $backend, each_kind_of_probabilities, any_probabilities, buckets,
                auc_roc_is_the_rounded_ratio,
                auc_pr_is_within_ulps,
                auc_roc_is_the_auroc_of_buckets,
                auc_pr_is_the_auprc_of_buckets,
                state_counts_each_bucket,
                whole_weights_are_repetitions,
                column_1_of_two_is_read,
                single_columns_are_vectors,
            }
            $crate::laws! { $backend, each_kind_of_probabilities, any_probabilities, bounds,
                bounds_hold_the_exact_auroc,
                bounds_hold_the_exact_auprc,
                bounds_hold_the_bucketed_area,
                bounds_hold_the_weighted_areas,
                best_arrangement_reaches_the_upper_bound,
                worst_arrangement_reaches_the_lower_bound,
            }
            $crate::checks! { $backend, bounds,
                no_doubt: bounds_close_where_no_bucket_leaves_a_doubt();
                worst_of_many: worst_arrangement_of_many_nearly_reaches_the_lower_bound();
                worst_of_dust: dust_nearly_reaches_the_weighted_lower_bound();
            }
            $crate::checks! { $backend, buckets,
                borders_of_1: borders_fall_as_the_rounded_product_says(1);
                borders_of_3: borders_fall_as_the_rounded_product_says(3);
                borders_of_10: borders_fall_as_the_rounded_product_says(10);
                borders_of_4095: borders_fall_as_the_rounded_product_says(4095);
                borders_of_65536: borders_fall_as_the_rounded_product_says(1 << 16);
                invalid: an_invalid_weight_comes_before_an_invalid_sample();
                weighted_of_100: a_weighted_stream_equals_one_call(100);
                weighted_of_1000: a_weighted_stream_equals_one_call(1000);
            }
            $crate::checks! { $backend, exhaustive,
                every_pattern_of_1: bucketed_areas_of_every_pattern(1);
                every_pattern_of_2: bucketed_areas_of_every_pattern(2);
                every_pattern_of_3: bucketed_areas_of_every_pattern(3);
                every_pattern_of_4: bucketed_areas_of_every_pattern(4);
                every_pattern_of_5: bucketed_areas_of_every_pattern(5);
            }
        }

        mod modes {
            use $crate::modes::Mode;

            $crate::checks! { $backend, modes,
                flush: modes_change_nothing(Mode::FLUSH, Mode::FLUSH);
                down: modes_change_nothing(Mode::DOWN, Mode::DOWN);
                up: modes_change_nothing(Mode::UP, Mode::UP);
                cut: modes_change_nothing(Mode::CUT, Mode::CUT);
                of_the_pool: modes_change_nothing(Mode::DEFAULT, Mode::CUT);
                of_both: modes_change_nothing(Mode::UP, Mode::FLUSH);
            }
        }
    };
}
