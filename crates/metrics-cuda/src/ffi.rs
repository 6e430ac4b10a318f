//! The C interface of the kernels: `kernels/api.h`, field by field.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void};

use crate::sums::Sums;

/// Any device or host address.
pub(crate) type Address = *mut c_void;

/// `tm_samples`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Samples {
    pub(crate) scores: *const c_void,
    pub(crate) targets: *const c_void,
    pub(crate) score_type: i32,
    pub(crate) target_type: i32,
    pub(crate) n_tasks: u64,
    pub(crate) n_columns: u64,
    pub(crate) stride: u64,
}

/// `tm_status`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Status {
    pub(crate) min_key: u64,
    pub(crate) min_inverted_key: u64,
    pub(crate) invalid_score: u64,
    pub(crate) invalid_target: u64,
    pub(crate) invalid_score_value: f64,
    pub(crate) invalid_target_value: f64,
    pub(crate) n_blocks_done: u32,
    pub(crate) unused: u32,
}

/// `tm_plan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Plan {
    pub(crate) n_bits: i32,
    pub(crate) key_bits: i32,
    pub(crate) task_bits: i32,
    pub(crate) unused: i32,
    pub(crate) top: u64,
}

/// `tm_words`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Words {
    pub(crate) words: Address,
    pub(crate) marks: *mut u32,
}

unsafe extern "C" {
    pub(crate) fn tm_status_text(status: c_int) -> *const c_char;
    pub(crate) fn tm_device_count(n_devices: *mut c_int) -> c_int;
    pub(crate) fn tm_forget_error();
    pub(crate) fn tm_enter(device: c_int, previous: *mut Address) -> c_int;
    pub(crate) fn tm_leave(previous: Address) -> c_int;
    pub(crate) fn tm_fill(to: Address, byte: c_int, n_bytes: usize, stream: Address) -> c_int;
    pub(crate) fn tm_copy(
        to: Address,
        from: *const c_void,
        n_bytes: usize,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_wait(stream: Address) -> c_int;
    pub(crate) fn tm_wait_for_device() -> c_int;

    pub(crate) fn tm_scan(samples: *const Samples, status: *mut Status, stream: Address) -> c_int;
    pub(crate) fn tm_write_keys(
        samples: *const Samples,
        status: *mut Status,
        keys: Address,
        labels: *mut u8,
        stride: u64,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_pack(
        samples: *const Samples,
        status: *mut Status,
        plan: *const Plan,
        to: *const Words,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_sort(
        plan: *const Plan,
        words: *const Words,
        other: *const Words,
        n: u64,
        temporary: Address,
        n_bytes: *mut usize,
        swapped: *mut c_int,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_summarise(
        plan: *const Plan,
        sorted: *const Words,
        n: u64,
        n_columns: u64,
        temporary: Address,
        n_bytes: *mut usize,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_sum(
        plan: *const Plan,
        sorted: *const Words,
        n: u64,
        n_columns: u64,
        temporary: *const c_void,
        sums: *mut Sums,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_n_groups(
        n: u64,
        temporary: *const c_void,
        n_groups: *mut u64,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_groups(
        plan: *const Plan,
        sorted: *const Words,
        n: u64,
        n_columns: u64,
        temporary: *const c_void,
        keys: *mut u64,
        ends: *mut u64,
        tps: *mut u64,
        stream: Address,
    ) -> c_int;

    pub(crate) fn tm_count(
        samples: *const Samples,
        status: *mut Status,
        counts: *mut u32,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_count_buckets(
        samples: *const Samples,
        status: *mut Status,
        num_thresholds: u64,
        counts: *mut u32,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_commit(
        status: *const Status,
        counts: *mut u32,
        totals: *mut u64,
        n: u64,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_sum_counts(totals: *const u64, sums: *mut Sums, stream: Address) -> c_int;

    pub(crate) fn tm_find_invalid(
        x: *const c_void,
        r#type: i32,
        n: u64,
        rule: i32,
        status: *mut Status,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_argsort(
        x: *const c_void,
        r#type: i32,
        n_rows: u64,
        n_columns: u64,
        order: *mut i64,
        temporary: Address,
        n_bytes: *mut usize,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_cumsum(
        x: *const c_void,
        r#type: i32,
        n_rows: u64,
        n_columns: u64,
        sums: *mut i64,
        temporary: Address,
        n_bytes: *mut usize,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_group_ends(
        x: *const c_void,
        r#type: i32,
        n: u64,
        ends: *mut i64,
        n_ends: *mut u64,
        temporary: Address,
        n_bytes: *mut usize,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_bucket(
        x: *const c_void,
        r#type: i32,
        n: u64,
        num_thresholds: u64,
        buckets: *mut i64,
        stream: Address,
    ) -> c_int;
    pub(crate) fn tm_bincount(
        index: *const i64,
        targets: *const c_void,
        target_type: i32,
        n: u64,
        n_bins: u64,
        counts: *mut u64,
        stream: Address,
    ) -> c_int;
}
