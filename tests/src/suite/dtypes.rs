//! The checks of element types.

#[doc(hidden)]
#[macro_export]
macro_rules! dtypes_suite {
    ($backend:expr) => {
        mod dtypes {
            use $crate::half::{bf16, f16};

            const F16: [f16; 6] = [
                f16::NEG_INFINITY,
                f16::NEG_ZERO,
                f16::ZERO,
                f16::EPSILON,
                f16::MAX,
                f16::INFINITY,
            ];
            const BF16: [bf16; 6] =
                [bf16::MIN, bf16::NEG_ZERO, bf16::ZERO, bf16::EPSILON, bf16::MAX, bf16::INFINITY];
            const F32: [f32; 7] =
                [-f32::INFINITY, -0.0, 0.0, 1e-45, 1.0, 1.0 + f32::EPSILON, f32::INFINITY];
            const F64: [f64; 7] =
                [-f64::INFINITY, -0.0, 0.0, 5e-324, 1.0, 1.0 + f64::EPSILON, f64::INFINITY];

            $crate::checks! { $backend, dtypes,
                bool_scores: areas_of_scores(&[false, true]);
                u8_scores: areas_of_scores(&[0, 1, 2, 127, 128, 254, u8::MAX]);
                i8_scores: areas_of_scores(&[i8::MIN, -127, -1, 0, 1, 126, i8::MAX]);
                u16_scores: areas_of_scores(&[0, 1, 255, 256, 32_768, u16::MAX - 1, u16::MAX]);
                i16_scores: areas_of_scores(&[i16::MIN, -256, -1, 0, 1, 255, i16::MAX]);
                u32_scores: areas_of_scores(&[0, 1, 1 << 24, (1 << 24) + 1, u32::MAX - 1]);
                i32_scores: areas_of_scores(&[i32::MIN, -1, 0, 1 << 24, (1 << 24) + 1, i32::MAX]);
                i64_scores: areas_of_scores(&[i64::MIN, -1, 0, 1 << 53, (1 << 53) + 1, i64::MAX]);
                isize_scores: areas_of_scores(&[isize::MIN, -1, 0, 1 << 30, isize::MAX]);
                f16_scores: areas_of_scores(&F16);
                bf16_scores: areas_of_scores(&BF16);
                f32_scores: areas_of_scores(&F32);
                f64_scores: areas_of_scores(&F64);
                every_f16: areas_of_every_f16();
                every_bf16: areas_of_every_bf16();
                i64_is_not_rounded: scores_rank(1i64 << 53, (1 << 53) + 1);
                negative_i64_is_not_rounded: scores_rank(i64::MIN, i64::MIN + 1);
                u32_is_not_narrowed: scores_rank(u32::MAX - 1, u32::MAX);
                i32_is_not_narrowed: scores_rank(1i32 << 24, (1 << 24) + 1);
                f64_is_not_narrowed: scores_rank(1.0, 1.0 + f64::EPSILON);
                f32_is_not_narrowed: scores_rank(1.0f32, 1.0 + f32::EPSILON);
                f64_subnormals_are_distinct: scores_rank(5e-324, 1e-323);
                f64_subnormals_are_positive: scores_rank(0.0, 5e-324);
                f64_subnormals_may_be_negative: scores_rank(-5e-324, -0.0);
                f32_subnormals_are_distinct: scores_rank(1e-45f32, 3e-45);
                f32_subnormals_are_positive: scores_rank(-0.0f32, 1e-45);
                f16_subnormals_are_distinct: scores_rank(f16::from_bits(1), f16::from_bits(2));
                bf16_subnormals_are_distinct: scores_rank(bf16::from_bits(1), bf16::from_bits(2));
                infinity_is_the_highest: scores_rank(f64::MAX, f64::INFINITY);
                minus_infinity_is_the_lowest: scores_rank(f64::NEG_INFINITY, f64::MIN);
                f64_zeros_tie: scores_tie(0.0, -0.0);
                f32_zeros_tie: scores_tie(-0.0f32, 0.0);
                f16_zeros_tie: scores_tie(f16::NEG_ZERO, f16::ZERO);
                bf16_zeros_tie: scores_tie(bf16::ZERO, bf16::NEG_ZERO);
                f64_infinities_tie: scores_tie(f64::INFINITY, f64::INFINITY);
                f32_infinities_tie: scores_tie(f32::NEG_INFINITY, f32::NEG_INFINITY);
                f16_infinities_tie: scores_tie(f16::INFINITY, f16::INFINITY);
                bf16_infinities_tie: scores_tie(bf16::NEG_INFINITY, bf16::NEG_INFINITY);
                bool_targets: targets_of_any_dtype_are_labels([false, true]);
                u8_targets: targets_of_any_dtype_are_labels([0u8, 1]);
                i8_targets: targets_of_any_dtype_are_labels([0i8, 1]);
                u16_targets: targets_of_any_dtype_are_labels([0u16, 1]);
                i16_targets: targets_of_any_dtype_are_labels([0i16, 1]);
                u32_targets: targets_of_any_dtype_are_labels([0u32, 1]);
                i32_targets: targets_of_any_dtype_are_labels([0i32, 1]);
                u64_targets: targets_of_any_dtype_are_labels([0u64, 1]);
                i64_targets: targets_of_any_dtype_are_labels([0i64, 1]);
                isize_targets: targets_of_any_dtype_are_labels([0isize, 1]);
                usize_targets: targets_of_any_dtype_are_labels([0usize, 1]);
                f16_targets: targets_of_any_dtype_are_labels([f16::NEG_ZERO, f16::ONE]);
                bf16_targets: targets_of_any_dtype_are_labels([bf16::NEG_ZERO, bf16::ONE]);
                f32_targets: targets_of_any_dtype_are_labels([-0.0f32, 1.0]);
                f64_targets: targets_of_any_dtype_are_labels([-0.0, 1.0]);
                bool_weights: weights_of_any_dtype_are_numbers(&[false, true]);
                u8_weights: weights_of_any_dtype_are_numbers(&[0, 1, u8::MAX]);
                i64_weights: weights_of_any_dtype_are_numbers(&[0, 1, 1i64 << 40]);
                usize_weights: weights_of_any_dtype_are_numbers(&[0, 1, 1usize << 30]);
                f16_weights: weights_of_any_dtype_are_numbers(&[f16::EPSILON, f16::ONE]);
                bf16_weights: weights_of_any_dtype_are_numbers(&[bf16::EPSILON, bf16::ONE]);
                f32_weights: weights_of_any_dtype_are_numbers(&[0.1f32, 0.7, 1e-45]);
            }
            $crate::checks! { $backend, buckets,
                bool_probabilities: probabilities_of_any_dtype(&[false, true, true]);
                i64_probabilities: probabilities_of_any_dtype(&[0i64, 1, 1]);
                f16_probabilities: probabilities_of_any_dtype(&[f16::EPSILON, f16::ONE]);
                bf16_probabilities: probabilities_of_any_dtype(&[bf16::EPSILON, bf16::ONE]);
                f32_probabilities: probabilities_of_any_dtype(&[0.1f32, 0.7, 1.0, 1e-45]);
            }
        }
    };
}
