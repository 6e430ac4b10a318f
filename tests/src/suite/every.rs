//! The checks of every backend.

#[doc(hidden)]
#[macro_export]
macro_rules! every_backend_suite {
    ($backend:expr) => {
        $crate::tensors_suite! { $backend }
        $crate::dtypes_suite! { $backend }

        mod areas {
            $crate::laws! { $backend, each_kind, any_scores, laws,
                auroc_is_the_rounded_ratio,
                auprc_is_within_ulps,
                areas_ignore_sample_order,
                areas_ignore_order_within_ties,
                areas_ignore_increasing_maps,
                swapped_targets_mirror_auroc,
                negated_scores_mirror_auroc,
                mirroring_twice_keeps_auroc,
                repeating_all_samples_keeps_areas,
            }
            $crate::laws! { $backend, each_kind, any_scores, weights,
                unit_weights_are_no_weights,
                whole_weights_are_repetitions,
                large_whole_weights_are_close,
                weight_zero_removes_a_sample,
                fractional_auprc_is_close,
                fractional_auroc_is_close,
                weighted_areas_ignore_sample_order,
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
                few_samples: functions_of_tasks_equal_each_alone(3);
                many_samples: functions_of_tasks_equal_each_alone(5000);
                one_last: tasks_in_the_last_dimension_are_the_same(1);
                few_last: tasks_in_the_last_dimension_are_the_same(50);
                many_last: tasks_in_the_last_dimension_are_the_same(5000);
                weighted: weighted_tasks_equal_each_alone();
                streamed: streamed_tasks_equal_each_alone();
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
            $crate::laws! { $backend, each_kind, any_scores, stateful,
                streamed_areas_are_those_of_the_functions,
                areas_know_how_many_samples_there_are,
            }
            $crate::checks! { $backend, streams,
                f16: a_stream_of_f16_equals_one_call();
                few_distinct: a_long_stream_of_few_scores_equals_one_call();
                floats: scores_are_widened_to_the_widest();
                integers: integers_are_widened_to_the_widest();
            }
        }

        mod curves {
            $crate::laws! { $backend, each_kind, any_scores, curves,
                pr_thresholds_are_the_distinct_scores,
                pr_curve_ends_without_a_threshold,
                precision_and_recall_are_counts,
                area_of_the_pr_curve_is_auprc,
                roc_curve_starts_at_the_origin,
                roc_thresholds_are_the_distinct_scores,
                rates_are_counts,
                area_of_the_roc_curve_is_auroc,
                streamed_curves_are_those_of_the_functions,
                curves_of_whole_weights_are_those_of_repetitions,
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
                fractional_auc_is_close,
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

        mod undefined {
            use $crate::metrics_core::Undefined::{Default, Error, Nan};

            $crate::checks! { $backend, undefined,
                no_positives: defaults_are_the_documented_values(0, [0.0, 0.5, 0.0, 0.0]);
                no_negatives: defaults_are_the_documented_values(1, [1.0, 0.5, 0.0, 1.0]);
                policy_without_positives: policies_rule_what_is_undefined(0, [true; 4]);
                policy_without_negatives:
                    policies_rule_what_is_undefined(1, [false, true, true, false]);
                recall_by_default: recall_without_positives(Default, Some(1.0));
                recall_as_nan: recall_without_positives(Nan, Some(f64::NAN));
                recall_as_error: recall_without_positives(Error, None);
                rates_by_default: rates_without_their_samples(Default, Some(0.0));
                rates_as_nan: rates_without_their_samples(Nan, Some(f64::NAN));
                rates_as_error: rates_without_their_samples(Error, None);
            }
        }
    };
}
