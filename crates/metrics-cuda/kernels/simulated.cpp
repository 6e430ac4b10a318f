// `api.h` in plain loops on host memory, so that the tests can run the launcher without a device.
// Work is done when it is queued; the waits are counted.
#include <algorithm>
#include <cstring>
#include <vector>

#include "api.h"
#include "keys.cuh"

using namespace metrics;

namespace {

constexpr uint64_t NONE = ~uint64_t(0);
constexpr int REFUSED = 1;

thread_local uint64_t waits = 0, device_waits = 0;

// Reads a batch as the kernel does, with `put(row, column, key, bits, label)`.
template <typename S, typename Put>
void read(const tm_samples &samples, tm_status *status, bool is_bad(double), Put put) {
    const Targets t = targets(samples.targets, Type(samples.target_type));
    tm_status found = {NONE, NONE, NONE, NONE, 0, 0, 0, 0};
    for (uint64_t i = 0; i < samples.n_tasks * samples.n_columns; i++) {
        const uint64_t row = i / samples.n_columns, column = i % samples.n_columns;
        const uint64_t from = row * samples.stride + column;
        const auto bits = static_cast<const typename S::Bits *>(samples.scores)[from];
        const uint64_t key = S::key(bits), target = t.bits(from);
        double p = 0;
        if (is_bad) std::memcpy(&p, &bits, sizeof bits);
        const bool bad = is_bad ? is_bad(p) : key < S::low || key > S::high;
        if (bad && found.invalid_score == NONE) {
            found.invalid_score = i;
            found.invalid_score_value = p;
        }
        if (!t.is_label(target) && found.invalid_target == NONE) {
            found.invalid_target = i;
            // The tests' targets are bytes.
            found.invalid_target_value = double(target);
        }
        found.min_key = std::min(found.min_key, key);
        found.min_inverted_key = std::min(found.min_inverted_key, ~key);
        if (!bad) put(row, column, key, p, t.label(target));
    }
    if (status) *status = found;
}

template <typename Put> int read_any(const tm_samples &samples, tm_status *status, Put put) {
    switch (Type(samples.score_type)) {
#define TM_READ(TYPE)                                                                          \
    case Type::TYPE: read<Score<Type::TYPE>>(samples, status, nullptr, put); return 0;
        TM_READ(U8) TM_READ(I8) TM_READ(U16) TM_READ(I16) TM_READ(U32) TM_READ(I32) TM_READ(U64)
        TM_READ(I64) TM_READ(F16) TM_READ(Bf16) TM_READ(F32) TM_READ(F64)
    }
    return REFUSED;
}

// Calls `f` with the view of sorted words.
template <typename F> void with_view(const tm_plan &plan, const tm_words &words, F f) {
    switch (plan.n_bits) {
    case 32: return f(Packed<uint32_t>{static_cast<const uint32_t *>(words.words)});
    case 64: return f(Packed<uint64_t>{static_cast<const uint64_t *>(words.words)});
    default: return f(Split{static_cast<const uint64_t *>(words.words), words.marks});
    }
}

// All samples, and one after them that is never used.
template <typename View> auto all(View view, uint64_t n) {
    std::vector<decltype(view.at(0))> samples(n + 1);
    for (uint64_t i = 0; i < n; i++) samples[i] = view.at(i);
    return samples;
}

template <typename Word> void sort_words(const tm_words &words, const tm_words &other, uint64_t n) {
    const auto *from = static_cast<const Word *>(words.words);
    auto *to = static_cast<Word *>(other.words);
    std::copy(from, from + n, to);
    std::sort(to, to + n, [](Word a, Word b) { return a >> 1 < b >> 1; });
}

void sort_split(const tm_words &words, const tm_words &other, uint64_t n) {
    const auto *from = static_cast<const uint64_t *>(words.words);
    std::vector<uint64_t> order(n);
    for (uint64_t i = 0; i < n; i++) order[i] = i;
    std::sort(order.begin(), order.end(), [&](uint64_t a, uint64_t b) {
        const uint32_t one = words.marks[a] >> 1, two = words.marks[b] >> 1;
        return one != two ? one < two : from[a] < from[b];
    });
    for (uint64_t i = 0; i < n; i++) {
        static_cast<uint64_t *>(other.words)[i] = from[order[i]];
        other.marks[i] = words.marks[order[i]];
    }
}

void write(tm_sums *to, const Sums &sums) {
    for (int i = 0; i < 4; i++) {
        to->precision[i] = uint32_t(sums.precision >> (32 * i));
        to->pairs[i] = uint32_t(sums.pairs >> (32 * i));
    }
    to->tp = sums.tp;
    to->fp = sums.fp;
}

}  // namespace

// Waits of this thread since the last call: for a stream, and for the device.
extern "C" void tm_simulated_waits(uint64_t *of_stream, uint64_t *of_device) {
    *of_stream = waits;
    *of_device = device_waits;
    waits = device_waits = 0;
}

const char *tm_status_text(int) { return "refused"; }
void tm_forget_error() {}
int tm_enter(int, void **previous) { return *previous = nullptr, 0; }
int tm_leave(void *) { return 0; }
int tm_fill(void *to, int byte, size_t n_bytes, void *) {
    return std::memset(to, byte, n_bytes), 0;
}
int tm_copy(void *to, const void *from, size_t n_bytes, void *) {
    return std::memcpy(to, from, n_bytes), 0;
}
int tm_wait(void *) { return waits++, 0; }
int tm_wait_for_device() { return device_waits++, 0; }

int tm_scan(const tm_samples *samples, tm_status *status, void *) {
    return read_any(*samples, status, [](uint64_t, uint64_t, uint64_t, double, unsigned) {});
}

int tm_write_keys(const tm_samples *samples, tm_status *status, void *keys, uint8_t *labels,
            uint64_t stride, void *) {
    const Type type = Type(samples->score_type);
    const bool is_half = type == Type::F16 || type == Type::Bf16;
    const bool is_wide =
        type == Type::U32 || type == Type::I64 || type == Type::U64 || type == Type::F64;
    auto put = [&](uint64_t row, uint64_t column, uint64_t key, double, unsigned label) {
        const uint64_t at = row * stride + column;
        labels[at] = uint8_t(label);
        if (is_half) {
            static_cast<uint16_t *>(keys)[at] = uint16_t(key);
        } else if (is_wide) {
            static_cast<uint64_t *>(keys)[at] = key;
        } else {
            static_cast<uint32_t *>(keys)[at] = uint32_t(key);
        }
    };
    return read_any(*samples, status, put);
}

int tm_pack(const tm_samples *samples, tm_status *status, const tm_plan *plan, const tm_words *to,
            void *) {
    auto put = [&](uint64_t row, uint64_t column, uint64_t key, double, unsigned label) {
        const uint64_t at = row * samples->n_columns + column, distance = plan->top - key;
        const uint64_t shift = uint64_t(plan->key_bits) + 1, task = shift < 64 ? row << shift : 0;
        const uint64_t word = task | distance << 1 | label;
        switch (plan->n_bits) {
        case 32: static_cast<uint32_t *>(to->words)[at] = uint32_t(word); break;
        case 64: static_cast<uint64_t *>(to->words)[at] = word; break;
        default:
            static_cast<uint64_t *>(to->words)[at] = distance;
            to->marks[at] = uint32_t(row << 1) | label;
        }
    };
    return read_any(*samples, status, put);
}

int tm_sort(const tm_plan *plan, const tm_words *words, const tm_words *other, uint64_t n,
            void *temporary, size_t *n_bytes, int *swapped, void *) {
    *n_bytes = 1;
    if (!temporary) return 0;
    *swapped = 1;
    if (plan->n_bits == 32) sort_words<uint32_t>(*words, *other, n);
    if (plan->n_bits == 64) sort_words<uint64_t>(*words, *other, n);
    if (plan->n_bits == 128) sort_split(*words, *other, n);
    return 0;
}

int tm_summarise(const tm_plan *plan, const tm_words *sorted, uint64_t n, uint64_t n_columns,
                 void *temporary, size_t *n_bytes, void *) {
    *n_bytes = sizeof(Carry);
    if (!temporary) return 0;
    with_view(*plan, *sorted, [&](auto view) {
        const auto samples = all(view, n);
        const Carry carry = summarise<decltype(view)>(samples.data(), int(n), place(0, n_columns));
        std::memcpy(temporary, &carry, sizeof carry);
    });
    return 0;
}

int tm_sum(const tm_plan *plan, const tm_words *sorted, uint64_t n, uint64_t n_columns,
           const void *, tm_sums *tasks, void *) {
    with_view(*plan, *sorted, [&](auto view) {
        Sums sums = no_sums();
        scan_ties<decltype(view)>(
            all(view, n).data(), int(n), place(0, n_columns), nothing(),
            [&](int, Place, uint64_t tp_before, uint64_t fp_before, uint64_t tp, uint64_t fp) {
                push(sums, tp_before, fp_before, tp, fp);
            },
            [&](uint64_t tp, uint64_t fp) {
                sums.tp = tp;
                sums.fp = fp;
                write(tasks++, sums);
                sums = no_sums();
            });
    });
    return 0;
}

int tm_n_groups(uint64_t, const void *temporary, uint64_t *n_groups, void *) {
    return *n_groups = static_cast<const Carry *>(temporary)->n_groups, 0;
}

int tm_groups(const tm_plan *plan, const tm_words *sorted, uint64_t n, uint64_t n_columns,
              const void *, uint64_t *keys, uint64_t *ends, uint64_t *tps, void *) {
    const uint64_t mask =
        plan->key_bits < 64 ? (uint64_t(1) << plan->key_bits) - 1 : ~uint64_t(0);
    with_view(*plan, *sorted, [&](auto view) {
        const auto samples = all(view, n);
        scan_ties<decltype(view)>(
            samples.data(), int(n), place(0, n_columns), nothing(),
            [&](int i, Place at, uint64_t, uint64_t, uint64_t tp, uint64_t) {
                *keys++ = plan->top - (decltype(view)::distance(samples[i]) & mask);
                *ends++ = at.position + 1;
                *tps++ = tp;
            },
            [](uint64_t, uint64_t) {});
    });
    return 0;
}

int tm_count(const tm_samples *samples, tm_status *status, uint32_t *counts, void *) {
    auto put = [&](uint64_t, uint64_t, uint64_t key, double, unsigned label) {
        counts[2 * key + label]++;
    };
    return read_any(*samples, status, put);
}

int tm_count_buckets(const tm_samples *samples, tm_status *status, uint64_t num_thresholds,
                     uint32_t *counts, void *) {
    // The tests' probabilities are f64.
    if (Type(samples->score_type) != Type::F64) return REFUSED;
    auto is_bad = [](double p) { return !(p >= 0.0 && p <= 1.0); };
    auto put = [&](uint64_t, uint64_t, uint64_t, double p, unsigned label) {
        counts[2 * uint64_t(p * double(num_thresholds)) + label]++;
    };
    return read<Score<Type::F64>>(*samples, status, is_bad, put), 0;
}

int tm_commit(const tm_status *status, uint32_t *counts, uint64_t *totals, uint64_t n, void *) {
    const bool good = status->invalid_score == NONE && status->invalid_target == NONE;
    for (uint64_t i = 0; i < n; i++) {
        if (good) totals[i] += counts[i];
        counts[i] = 0;
    }
    return 0;
}

template <typename Put> int elements(const void *x, int32_t type, uint64_t n, Put put) {
    // The tests' elements are bytes or f64 where their values matter.
    const auto value = [&](uint64_t i) {
        if (Type(type) == Type::F64) return static_cast<const double *>(x)[i];
        return double(static_cast<const uint8_t *>(x)[i]);
    };
    if (Type(type) != Type::F64 && Type(type) != Type::U8) return REFUSED;
    for (uint64_t i = 0; i < n; i++) put(i, value(i));
    return 0;
}

int tm_find_invalid(const void *x, int32_t type, uint64_t n, int32_t check, tm_status *status,
                    void *) {
    // The tests look for probabilities.
    if (check != 2) return REFUSED;
    return elements(x, type, n, [&](uint64_t i, double p) {
        if ((p >= 0.0 && p <= 1.0) || status->invalid_score != NONE) return;
        status->invalid_score = i;
        status->invalid_score_value = p;
    });
}

int tm_argsort(const void *x, int32_t type, uint64_t n_rows, uint64_t n_columns, int64_t *order,
               void *temporary, size_t *n_bytes, void *) {
    *n_bytes = 1;
    if (!temporary) return 0;
    std::vector<double> values(n_rows * n_columns);
    const int error =
        elements(x, type, n_rows * n_columns, [&](uint64_t i, double value) { values[i] = value; });
    for (uint64_t row = 0; row < n_rows; row++) {
        const double *of_row = values.data() + row * n_columns;
        int64_t *to = order + row * n_columns;
        for (uint64_t i = 0; i < n_columns; i++) to[i] = int64_t(i);
        std::stable_sort(to, to + n_columns,
                         [&](int64_t a, int64_t b) { return of_row[a] > of_row[b]; });
    }
    return error;
}

int tm_cumsum(const void *x, int32_t type, uint64_t n_rows, uint64_t n_columns, int64_t *sums,
              void *temporary, size_t *n_bytes, void *) {
    *n_bytes = 1;
    if (!temporary) return 0;
    return elements(x, type, n_rows * n_columns, [&](uint64_t i, double value) {
        sums[i] = (i % n_columns ? sums[i - 1] : 0) + (value == 1.0);
    });
}

int tm_group_ends(const void *x, int32_t type, uint64_t n, int64_t *ends, uint64_t *n_ends,
                  void *temporary, size_t *n_bytes, void *) {
    *n_bytes = 1;
    if (!temporary) return 0;
    *n_ends = 0;
    double before = 0;
    const int error = elements(x, type, n, [&](uint64_t i, double value) {
        if (i > 0 && value != before) ends[(*n_ends)++] = int64_t(i) - 1;
        before = value;
    });
    if (n > 0) ends[(*n_ends)++] = int64_t(n) - 1;
    return error;
}

int tm_bucket(const void *x, int32_t type, uint64_t n, uint64_t num_thresholds, int64_t *buckets,
              void *) {
    return elements(x, type, n, [&](uint64_t i, double p) {
        buckets[i] = bucket_of(p, double(num_thresholds));
    });
}

int tm_bincount(const int64_t *index, const void *targets, int32_t target_type, uint64_t n,
                uint64_t n_bins, uint64_t *counts, void *) {
    return elements(targets, target_type, n, [&](uint64_t i, double target) {
        const uint64_t bin = uint64_t(index[i]);
        if (bin < n_bins) {
            counts[2 * bin + (target == 1.0)]++;
        } else {
            counts[2 * n_bins] = std::max(counts[2 * n_bins], bin == NONE ? NONE : bin + 1);
        }
    });
}

int tm_sum_counts(const uint64_t *totals, tm_sums *to, void *) {
    Sums sums = no_sums();
    for (int key = 0xffff; key >= 0; key--) {
        const uint64_t tp = sums.tp + totals[2 * key + 1], fp = sums.fp + totals[2 * key];
        push(sums, sums.tp, sums.fp, tp, fp);
        sums.tp = tp;
        sums.fp = fp;
    }
    return write(to, sums), 0;
}
