//! Checks of u64 beyond what i64 holds, for the tensor libraries that have the type.

#[doc(hidden)]
#[macro_export]
macro_rules! u64_suite {
    ($backend:expr) => {
        mod u64 {
            $crate::checks! { $backend, tensors,
                upload_keeps_u64: upload_keeps_values(&[0, u64::MAX]);
                upload_keeps_long_u64: upload_keeps_values_apart(&[u64::MAX, u64::MAX - 1]);
            }
            $crate::checks! { $backend, dtypes,
                u64_scores: areas_of_scores(&[0, 1, 1 << 53, (1 << 53) + 1, 1 << 63, u64::MAX]);
                usize_scores: areas_of_scores(&[0, 1, 1 << 30, usize::MAX - 1, usize::MAX]);
                usize_is_not_rounded: scores_rank(usize::MAX - 1, usize::MAX);
                u64_is_not_rounded: scores_rank(u64::MAX - 1, u64::MAX);
                u64_is_not_signed: scores_rank(i64::MAX as u64, i64::MAX as u64 + 1);
            }
        }
    };
}
