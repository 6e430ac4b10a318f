// Tie groups, and the integer sums over them. Everything here compiles for the host and the device: the
// tests run it on the host, with samples cut into random chunks.
//
// The samples of all tasks lie sorted in one array: task after task, each from its highest score to
// its lowest, `n_columns` samples per task. A chunk is any part of that array. Chunks are first
// summarised, then the summaries are scanned, and then each chunk is scanned with the counts before it.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __CUDACC__
#define TM_BOTH __host__ __device__ __forceinline__
#else
#define TM_BOTH inline
#endif

namespace metrics {

using u128 = unsigned __int128;

// Fraction bits of the fixed-point precisions that AUPRC adds up.
constexpr int PRECISION_BITS = 63;

// Sorted samples of 32 or 64 bits: task, distance below the highest key, label in bit 0.
template <typename Word> struct Packed {
    const Word *words;

    TM_BOTH Word at(size_t i) const { return words[i]; }
    TM_BOTH static bool tie(Word a, Word b) { return (a >> 1) == (b >> 1); }
    TM_BOTH static unsigned label(Word a) { return unsigned(a & 1); }
    TM_BOTH static uint64_t distance(Word a) { return uint64_t(a >> 1); }
};

// Sorted samples whose distance takes a word of its own.
struct Split {
    struct Sample {
        uint64_t distance;
        uint32_t mark;
    };
    const uint64_t *distances;
    const uint32_t *marks;

    TM_BOTH Sample at(size_t i) const { return {distances[i], marks[i]}; }
    TM_BOTH static bool tie(Sample a, Sample b) { return a.distance == b.distance; }
    TM_BOTH static unsigned label(Sample a) { return a.mark & 1; }
    TM_BOTH static uint64_t distance(Sample a) { return a.distance; }
};

// The summary of a chunk, for the chunks after it. Counts are those since the last start of a task in the
// chunk, or since the start of the chunk if no task starts there.
struct Carry {
    uint64_t tp;        // positives
    uint64_t end_tp;    // positives up to the last end of a group
    uint64_t end_at;    // position after the last end of a group; 0: no group ended
    uint64_t n_groups;  // groups that ended in the chunk, whatever the task
    bool starts;        // whether a task began in the chunk
};

TM_BOTH Carry nothing() { return {0, 0, 0, 0, false}; }

// The summary of two chunks, the first before the second. Associative.
struct Join {
    TM_BOTH Carry operator()(const Carry &a, const Carry &b) const {
        Carry c = b;
        c.n_groups = a.n_groups + b.n_groups;
        if (b.starts) return c;
        c.starts = a.starts;
        c.tp = a.tp + b.tp;
        if (b.end_at) {
            c.end_tp = a.tp + b.end_tp;
        } else {
            c.end_tp = a.end_tp;
            c.end_at = a.end_at;
        }
        return c;
    }
};

// The sums behind the areas of one task. Integers can be added in any order, so blocks cannot change a bit
// of the result.
struct Sums {
    u128 precision;  // sum of step in tp x floor(precision x 2^63)
    u128 pairs;      // sum of step in fp x (tp before + tp after)
    uint64_t tp;     // positives of the task, in the chunk where it ends
    uint64_t fp;     // and negatives

    TM_BOTH Sums operator+(const Sums &other) const {
        return {precision + other.precision, pairs + other.pairs, tp + other.tp, fp + other.fp};
    }
};

TM_BOTH Sums no_sums() { return {0, 0, 0, 0}; }

// Adds a group, given the counts before it and those with it.
TM_BOTH void push(Sums &sums, uint64_t tp_before, uint64_t fp_before, uint64_t tp, uint64_t fp) {
    if (tp > tp_before) {
        double precision = double(tp) / double(tp + fp);
        // Exact: the scale is a power of two, and the cast truncates.
        uint64_t fixed = uint64_t(precision * double(uint64_t(1) << PRECISION_BITS));
        sums.precision += u128(fixed) * (tp - tp_before);
    }
    sums.pairs += u128(fp - fp_before) * (tp_before + tp);
}

// The place of a chunk in the array.
struct Place {
    uint64_t position;   // of its first sample
    uint64_t in_task;    // position of that sample in its task
    uint64_t n_columns;  // samples in each task
};

TM_BOTH Place place(uint64_t position, uint64_t n_columns) {
    return {position, position % n_columns, n_columns};
}

// Samples `0..n` of a chunk and the one after it; `next` is not read past the end of a task.
template <typename View, typename Sample>
TM_BOTH bool ends(const Sample *samples, int i, uint64_t in_task, uint64_t n_columns) {
    return in_task + 1 == n_columns || !View::tie(samples[i], samples[i + 1]);
}

// The summary of `n` samples; `samples[n]` is the one after them, if their task has one.
template <typename View, typename Sample>
TM_BOTH Carry summarise(const Sample *samples, int n, Place at) {
    Carry c = nothing();
    for (int i = 0; i < n; i++) {
        if (at.in_task == 0) c = {0, 0, 0, c.n_groups, true};
        c.tp += View::label(samples[i]);
        if (ends<View>(samples, i, at.in_task, at.n_columns)) {
            c.end_tp = c.tp;
            c.end_at = at.position + 1;
            c.n_groups++;
        }
        at.position++;
        if (++at.in_task == at.n_columns) at.in_task = 0;
    }
    return c;
}

// Calls `group(i, at, tp_before, fp_before, tp, fp)` where a group ends and `task_end(tp, fp)` where a
// task does. `before` is the summary of everything before the chunk.
template <typename View, typename Sample, typename Group, typename TaskEnd>
TM_BOTH void scan_ties(const Sample *samples, int n, Place at, Carry before, Group group,
                  TaskEnd task_end) {
    uint64_t tp = before.tp, end_tp = before.end_tp;
    uint64_t task_start = at.position - at.in_task;
    // Samples of the task up to the last end of a group.
    uint64_t end_rank = before.end_at > task_start ? before.end_at - task_start : 0;
    for (int i = 0; i < n; i++) {
        if (at.in_task == 0) tp = end_tp = end_rank = 0;
        tp += View::label(samples[i]);
        uint64_t rank = at.in_task + 1;
        if (ends<View>(samples, i, at.in_task, at.n_columns)) {
            group(i, at, end_tp, end_rank - end_tp, tp, rank - tp);
            end_tp = tp;
            end_rank = rank;
        }
        if (rank == at.n_columns) task_end(tp, rank - tp);
        at.position++;
        if (++at.in_task == at.n_columns) at.in_task = 0;
    }
}

}  // namespace metrics
