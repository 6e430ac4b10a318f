//! The checks of engines beside the compositions of primitives.

/// What an engine makes is what the compositions of primitives make.
#[doc(hidden)]
#[macro_export]
macro_rules! engine_suite {
    ($backend:expr) => {
        mod engine {
            $crate::laws! { $backend, each_kind, any_scores, fused,
                ranked_counts_equal_the_composition,
                areas_equal_the_composition,
                rank_states_equal_the_composition,
            }
            $crate::laws! { $backend, each_kind_of_probabilities, any_probabilities, fused,
                bucket_counts_equal_the_composition,
                errors_equal_those_of_the_composition,
            }
            $crate::sized_checks! { $backend, fused,
                ranked_counts_of_size_equal_the_composition,
            }
        }
    };
}
