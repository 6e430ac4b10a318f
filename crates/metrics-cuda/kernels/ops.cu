// The primitives of the backend contract, over the rows of a matrix.
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>
#include <cub/device/device_select.cuh>
#include <cub/version.cuh>
#include <thrust/iterator/counting_iterator.h>

#include "read.cuh"

namespace metrics {

enum class ElementCheck : int32_t { NotNan, Binary, Probability, Weight };

__device__ inline bool allows(ElementCheck check, double x) {
    switch (check) {
    case ElementCheck::NotNan: return x == x;
    case ElementCheck::Binary: return x == 0.0 || x == 1.0;
    case ElementCheck::Probability: return x >= 0.0 && x <= 1.0;
    default: return x >= 0.0 && x <= 1.7976931348623157e308;
    }
}

template <Type type> __global__ void find_invalid(const void *x, uint64_t n, ElementCheck check,
                                                  tm_status *status) {
    Found found;
    const uint64_t step = uint64_t(gridDim.x) * THREADS;
    for (uint64_t i = uint64_t(blockIdx.x) * THREADS + threadIdx.x; i < n; i += step) {
        if (!allows(check, element<type>(x, i)) && i < found.invalid_score) found.invalid_score = i;
    }
    found.note(status);
    note_values(status, x, type, nullptr, type, n, n);
}

// Scores as distances below the highest key, so that ascending distances are descending scores.
template <Type type>
__global__ void distances(const void *x, uint64_t n, uint64_t *to, uint32_t *order) {
    const uint64_t i = uint64_t(blockIdx.x) * THREADS + threadIdx.x;
    if (i >= n) return;
    using S = Score<type>;
    to[i] = S::high - S::key(static_cast<const typename S::Bits *>(x)[i]);
    order[i] = uint32_t(i);
}

__global__ void rows_of(const uint32_t *order, uint64_t n, uint64_t n_columns, uint32_t *rows) {
    const uint64_t i = uint64_t(blockIdx.x) * THREADS + threadIdx.x;
    if (i < n) rows[i] = uint32_t(order[i] / n_columns);
}

__global__ void columns_of(const uint32_t *order, uint64_t n, uint64_t n_columns, int64_t *to) {
    const uint64_t i = uint64_t(blockIdx.x) * THREADS + threadIdx.x;
    if (i < n) to[i] = int64_t(order[i] % n_columns);
}

__global__ void is_one(const void *x, Type type, uint64_t n, int64_t *to) {
    const uint64_t i = uint64_t(blockIdx.x) * THREADS + threadIdx.x;
    if (i < n) to[i] = element_of(x, type, i) == 1.0;
}

// Subtracts the total of the rows before from each sum. That total is the last sum of the row before, so
// sums are read from one array and written to another.
__global__ void less_rows_before(const int64_t *sums, uint64_t n, uint64_t n_columns, int64_t *to) {
    const uint64_t i = uint64_t(blockIdx.x) * THREADS + threadIdx.x;
    if (i >= n) return;
    const uint64_t start = i - i % n_columns;
    to[i] = sums[i] - (start ? sums[start - 1] : 0);
}

template <Type type> __global__ void is_end(const void *x, uint64_t n, uint8_t *to) {
    const uint64_t i = uint64_t(blockIdx.x) * THREADS + threadIdx.x;
    if (i >= n) return;
    using S = Score<type>;
    const auto *bits = static_cast<const typename S::Bits *>(x);
    to[i] = i + 1 == n || S::key(bits[i]) != S::key(bits[i + 1]);
}

template <Type type>
__global__ void bucket(const void *x, uint64_t n, double num_thresholds, int64_t *to) {
    const uint64_t i = uint64_t(blockIdx.x) * THREADS + threadIdx.x;
    if (i < n) to[i] = bucket_of(element<type>(x, i), num_thresholds);
}

__global__ void bincount(const int64_t *index, const void *data, Type type, uint64_t n,
                         uint64_t n_bins, uint64_t *counts) {
    const uint64_t i = uint64_t(blockIdx.x) * THREADS + threadIdx.x;
    if (i >= n) return;
    // A negative number is a large one.
    const uint64_t bin = uint64_t(index[i]);
    if (bin < n_bins) {
        add(&counts[2 * bin + (element_of(data, type, i) == 1.0)], 1);
    } else {
        higher(&counts[2 * n_bins], bin == NONE ? NONE : bin + 1);
    }
}

inline unsigned all_blocks(uint64_t n) { return unsigned((n + THREADS - 1) / THREADS); }

inline int bits_of(uint64_t x) {
    int n = 0;
    for (; x; x >>= 1) n++;
    return n;
}

// Most elements that CUB scans or selects at once: the CUB of CUDA 12 numbers them by `int`, and would take a larger number
// for another one.
#if CUB_VERSION < 300000
constexpr uint64_t MOST_AT_ONCE = INT32_MAX;
#else
constexpr uint64_t MOST_AT_ONCE = INT64_MAX;
#endif

// Parts of one piece of temporary memory, each aligned.
struct Parts {
    char *next;
    size_t n_bytes = 0;

    template <typename T> T *take(uint64_t n) {
        const size_t size = (n * sizeof(T) + 255) / 256 * 256;
        auto *part = reinterpret_cast<T *>(next);
        if (next) next += size;
        n_bytes += size;
        return part;
    }
};

}  // namespace metrics

using namespace metrics;

int tm_find_invalid(const void *x, int32_t type, uint64_t n, int32_t check, tm_status *status,
                    void *stream) {
    return with_type(type, [&](auto t) -> int {
        metrics::find_invalid<t.value><<<blocks(n, 8 * THREADS), THREADS, 0, cudaStream_t(stream)>>>(
            x, n, ElementCheck(check), status);
        return cudaGetLastError();
    });
}

int tm_argsort(const void *x, int32_t type, uint64_t n_rows, uint64_t n_columns, int64_t *order,
               void *temporary, size_t *n_bytes, void *stream) {
    const uint64_t n = n_rows * n_columns;
    if (n > UINT32_MAX) return cudaErrorInvalidValue;
    const auto to = cudaStream_t(stream);
    Parts parts{static_cast<char *>(temporary)};
    cub::DoubleBuffer<uint64_t> keys(parts.take<uint64_t>(n), parts.take<uint64_t>(n));
    cub::DoubleBuffer<uint32_t> positions(parts.take<uint32_t>(n), parts.take<uint32_t>(n));
    cub::DoubleBuffer<uint32_t> rows(parts.take<uint32_t>(n), parts.take<uint32_t>(n));
    size_t by_score = 0, by_row = 0;
    int error = cub::DeviceRadixSort::SortPairs(nullptr, by_score, keys, positions, uint32_t(n), 0,
                                                64, to);
    if (!error) {
        error = cub::DeviceRadixSort::SortPairs(nullptr, by_row, rows, positions, uint32_t(n), 0,
                                                32, to);
    }
    size_t scratch_bytes = by_score > by_row ? by_score : by_row;
    void *scratch = parts.take<char>(scratch_bytes);
    if (error || !temporary) {
        *n_bytes = parts.n_bytes;
        return error;
    }
    error = with_type(type, [&](auto t) -> int {
        metrics::distances<t.value><<<all_blocks(n), THREADS, 0, to>>>(x, n, keys.Current(),
                                                            positions.Current());
        return cudaGetLastError();
    });
    if (error) return error;
    error = cub::DeviceRadixSort::SortPairs(scratch, by_score, keys, positions, uint32_t(n), 0, 64,
                                            to);
    if (error) return error;
    if (n_rows > 1) {
        rows_of<<<all_blocks(n), THREADS, 0, to>>>(positions.Current(), n, n_columns,
                                                   rows.Current());
        error = cub::DeviceRadixSort::SortPairs(scratch, by_row, rows, positions, uint32_t(n), 0,
                                                bits_of(n_rows - 1), to);
        if (error) return error;
    }
    columns_of<<<all_blocks(n), THREADS, 0, to>>>(positions.Current(), n, n_columns, order);
    return cudaGetLastError();
}

int tm_cumsum(const void *x, int32_t type, uint64_t n_rows, uint64_t n_columns, int64_t *sums,
              void *temporary, size_t *n_bytes, void *stream) {
    const uint64_t n = n_rows * n_columns;
    if (n > MOST_AT_ONCE) return cudaErrorInvalidValue;
    const auto to = cudaStream_t(stream);
    Parts parts{static_cast<char *>(temporary)};
    auto *ones = parts.take<int64_t>(n), *all = parts.take<int64_t>(n);
    size_t scan_bytes = 0;
    int error = cub::DeviceScan::InclusiveSum(nullptr, scan_bytes, ones, all, n, to);
    void *scratch = parts.take<char>(scan_bytes);
    if (error || !temporary) {
        *n_bytes = parts.n_bytes;
        return error;
    }
    is_one<<<all_blocks(n), THREADS, 0, to>>>(x, Type(type), n, ones);
    error = cub::DeviceScan::InclusiveSum(scratch, scan_bytes, ones, all, n, to);
    if (error) return error;
    less_rows_before<<<all_blocks(n), THREADS, 0, to>>>(all, n, n_columns, sums);
    return cudaGetLastError();
}

int tm_group_ends(const void *x, int32_t type, uint64_t n, int64_t *ends, uint64_t *n_ends,
                  void *temporary, size_t *n_bytes, void *stream) {
    if (n > MOST_AT_ONCE) return cudaErrorInvalidValue;
    const auto to = cudaStream_t(stream);
    Parts parts{static_cast<char *>(temporary)};
    auto *flags = parts.take<uint8_t>(n);
    const auto positions = thrust::make_counting_iterator(int64_t(0));
    size_t select_bytes = 0;
    int error = cub::DeviceSelect::Flagged(nullptr, select_bytes, positions, flags, ends, n_ends,
                                           int64_t(n), to);
    void *scratch = parts.take<char>(select_bytes);
    if (error || !temporary) {
        *n_bytes = parts.n_bytes;
        return error;
    }
    error = with_type(type, [&](auto t) -> int {
        is_end<t.value><<<all_blocks(n), THREADS, 0, to>>>(x, n, flags);
        return cudaGetLastError();
    });
    if (error) return error;
    return cub::DeviceSelect::Flagged(scratch, select_bytes, positions, flags, ends, n_ends,
                                      int64_t(n), to);
}

int tm_bucket(const void *x, int32_t type, uint64_t n, uint64_t num_thresholds, int64_t *buckets,
              void *stream) {
    return with_type(type, [&](auto t) -> int {
        metrics::bucket<t.value><<<all_blocks(n), THREADS, 0, cudaStream_t(stream)>>>(
            x, n, double(num_thresholds), buckets);
        return cudaGetLastError();
    });
}

int tm_bincount(const int64_t *index, const void *targets, int32_t target_type, uint64_t n,
                uint64_t n_bins, uint64_t *counts, void *stream) {
    metrics::bincount<<<all_blocks(n), THREADS, 0, cudaStream_t(stream)>>>(
        index, targets, Type(target_type), n, n_bins, counts);
    return cudaGetLastError();
}
