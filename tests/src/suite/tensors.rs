//! The checks of what every backend does with its tensors.

#[doc(hidden)]
#[macro_export]
macro_rules! tensors_suite {
    ($backend:expr) => {
        mod tensors {
            use $crate::half::{bf16, f16};

            $crate::checks! { $backend, tensors,
                upload_keeps_bool: upload_keeps_values(&[false, true]);
                upload_keeps_u8: upload_keeps_values(&[0, 1, u8::MAX]);
                upload_keeps_i8: upload_keeps_values(&[i8::MIN, 0, i8::MAX]);
                upload_keeps_u16: upload_keeps_values(&[0, u16::MAX]);
                upload_keeps_i16: upload_keeps_values(&[i16::MIN, i16::MAX]);
                upload_keeps_u32: upload_keeps_values(&[0, u32::MAX]);
                upload_keeps_i32: upload_keeps_values(&[i32::MIN, i32::MAX]);
                upload_keeps_i64: upload_keeps_values(&[i64::MIN, i64::MAX]);
                upload_keeps_f16: upload_keeps_values(&[f16::MIN, f16::EPSILON]);
                upload_keeps_bf16: upload_keeps_values(&[bf16::MIN, bf16::EPSILON]);
                upload_keeps_f32: upload_keeps_values(&[0.1f32, f32::INFINITY]);
                upload_keeps_f64: upload_keeps_values(&[0.1, 5e-324, f64::MAX]);
                upload_keeps_long_i64: upload_keeps_values_apart(&[1i64 << 53, (1 << 53) + 1]);
                shape_of_nothing: shape_is_what_was_uploaded(&[0]);
                shape_of_a_vector: shape_is_what_was_uploaded(&[5]);
                shape_of_a_matrix: shape_is_what_was_uploaded(&[2, 3]);
                shape_of_empty_rows: shape_is_what_was_uploaded(&[2, 0]);
                view: a_view_has_shape_and_values();
                reshape_a_vector: reshape_keeps_the_order(&[6], [2, 3]);
                reshape_a_matrix: reshape_keeps_the_order(&[2, 3], [3, 2]);
                reshape_to_one_row: reshape_keeps_the_order(&[3, 2], [1, 6]);
                reshape_nothing: reshape_keeps_the_order(&[0], [1, 0]);
                column: column_is_a_vector();
                another_shape: another_number_of_elements_is_no_shape();
                transpose: transpose_exchanges_rows_and_columns();
                no_column: columns_beyond_the_end_are_refused();
                no_matrix: what_is_no_matrix_has_no_columns();
            }
        }
    };
}
