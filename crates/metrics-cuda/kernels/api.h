// The functions that the launcher calls. Each returns a CUDA status; 0 is success. None allocates or
// waits, except those that say so. All device work goes to `stream`.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

// Scores and targets of `n_tasks` rows with `n_columns` samples each. The row after begins `stride`
// elements later.
struct tm_samples {
    const void *scores;
    const void *targets;
    int32_t score_type;
    int32_t target_type;
    uint64_t n_tasks;
    uint64_t n_columns;
    uint64_t stride;
};

// The result of the input scan of a batch. All bits are set before the scan. Positions count the
// samples row by row.
struct tm_status {
    uint64_t min_key;
    uint64_t min_inverted_key;  // all bits of the highest key flipped
    uint64_t invalid_score;     // position of the first invalid score
    uint64_t invalid_target;    // position of the first target that is neither 0 nor 1
    double invalid_score_value;
    double invalid_target_value;
    uint32_t n_blocks_done;     // plus one
    uint32_t unused;
};

// How samples are sorted: as one word of 32 or 64 bits, or, 128, as a distance and a mark.
struct tm_plan {
    int32_t n_bits;
    int32_t key_bits;   // bits of a distance
    int32_t task_bits;  // bits of a task
    int32_t unused;
    uint64_t top;       // the key distances are taken from
};

// Sorted samples, or room for them.
struct tm_words {
    void *words;      // 32-bit words, 64-bit words, or 64-bit distances
    uint32_t *marks;  // for 128 bits: task and label
};

// The sums of one task: integers in pieces of 32 bits, lowest first, each in a 64-bit number, so that
// pieces from all blocks can be added without carrying.
struct tm_sums {
    uint64_t precision[4];
    uint64_t pairs[4];
    uint64_t tp;
    uint64_t fp;
};

const char *tm_status_text(int status);
int tm_device_count(int *n_devices);
// Forgets the error of a call that failed, which would else be taken for one of the next launch.
void tm_forget_error();
// Makes a device current for the calling thread; `previous` becomes the context that was current before, null if there was
// none. A device's number would not do: a thread without a context has one too, and setting it would make a context there.
int tm_enter(int device, void **previous);
int tm_leave(void *previous);
int tm_fill(void *to, int byte, size_t n_bytes, void *stream);
int tm_copy(void *to, const void *from, size_t n_bytes, void *stream);
// Waits until all work on the stream is done.
int tm_wait(void *stream);
// Waits until all work on the current device is done.
int tm_wait_for_device();

// Reads a batch and writes its status only.
int tm_scan(const tm_samples *samples, tm_status *status, void *stream);
// Reads a batch and writes keys (16, 32 or 64 bits, as the score type has) and labels (8 bits).
int tm_write_keys(const tm_samples *samples, tm_status *status, void *keys, uint8_t *labels,
            uint64_t stride, void *stream);
// Writes samples as words, in any order. `status` may be null.
int tm_pack(const tm_samples *samples, tm_status *status, const tm_plan *plan, const tm_words *to,
            void *stream);

// Sorts; `words` and `other` are both written, and the result is in `words` unless `*swapped`.
// With `temporary` null only writes the bytes it needs to `n_bytes`.
int tm_sort(const tm_plan *plan, const tm_words *words, const tm_words *other, uint64_t n,
            void *temporary, size_t *n_bytes, int *swapped, void *stream);
// Summaries of all tiles, scanned: the first step of both functions below. Also with `temporary`
// null first.
int tm_summarise(const tm_plan *plan, const tm_words *sorted, uint64_t n, uint64_t n_columns,
                 void *temporary, size_t *n_bytes, void *stream);
// The sums of each task; `sums` must be zero.
int tm_sum(const tm_plan *plan, const tm_words *sorted, uint64_t n, uint64_t n_columns,
           const void *temporary, tm_sums *sums, void *stream);
// Writes the number of groups to `n_groups`, a device address.
int tm_n_groups(uint64_t n, const void *temporary, uint64_t *n_groups, void *stream);
// For each group its key, the position after its last sample, and the positives of its task so far.
int tm_groups(const tm_plan *plan, const tm_words *sorted, uint64_t n, uint64_t n_columns,
              const void *temporary, uint64_t *keys, uint64_t *ends, uint64_t *tps, void *stream);

// Counts 16-bit floats of one task by key and label, into `2 * 65536` counters that must be zero.
int tm_count(const tm_samples *samples, tm_status *status, uint32_t *counts, void *stream);
// Counts probabilities by bucket and label, into `2 * (num_thresholds + 1)` such counters.
int tm_count_buckets(const tm_samples *samples, tm_status *status, uint64_t num_thresholds,
                     uint32_t *counts, void *stream);
// Adds counters to totals if the batch was valid, and sets them to zero.
int tm_commit(const tm_status *status, uint32_t *counts, uint64_t *totals, uint64_t n,
              void *stream);
// The sums of counts by 16-bit key: `2 * 65536` totals.
int tm_sum_counts(const uint64_t *totals, tm_sums *sums, void *stream);

// The primitives, over rows. Scores have at least one element.
int tm_find_invalid(const void *x, int32_t type, uint64_t n, int32_t check, tm_status *status,
                    void *stream);
int tm_argsort(const void *x, int32_t type, uint64_t n_rows, uint64_t n_columns, int64_t *order,
               void *temporary, size_t *n_bytes, void *stream);
int tm_cumsum(const void *x, int32_t type, uint64_t n_rows, uint64_t n_columns, int64_t *sums,
              void *temporary, size_t *n_bytes, void *stream);
int tm_group_ends(const void *x, int32_t type, uint64_t n, int64_t *ends, uint64_t *n_ends,
                  void *temporary, size_t *n_bytes, void *stream);
// Elements below 0 and NaN go to bucket 0, elements above 1 to the last one.
int tm_bucket(const void *x, int32_t type, uint64_t n, uint64_t num_thresholds, int64_t *buckets,
              void *stream);
// Counts numbers by target into `2 * n_bins + 1` counters that must be zero. The last one is left as it
// is unless there is a number that has no bin: then it is the largest one plus 1, as unsigned.
int tm_bincount(const int64_t *index, const void *targets, int32_t target_type, uint64_t n,
                uint64_t n_bins, uint64_t *counts, void *stream);
}
