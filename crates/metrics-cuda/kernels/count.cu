// Counting instead of sorting: 16-bit scores by key, probabilities by bucket.
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>

#include "read.cuh"

namespace metrics {

constexpr int COUNT_THREADS = 1024;
constexpr int N_KEYS = 1 << 16;

extern __shared__ uint32_t shared_counts[];

__device__ inline void flush(uint32_t *counts, uint32_t n, uint32_t offset) {
    const uint32_t mine = shared_counts[n];
    if (mine) atomicAdd(&counts[offset], mine);
}

// Scores near 1 in magnitude are counted in the block's own memory, others in the device's.
struct CountKeys {
    static constexpr bool takes_probabilities = false;
    uint32_t *counts;    // by key, then by label
    uint32_t lowest;     // magnitudes counted in the block's memory begin here
    uint32_t n_shared;   // how many of each sign

    __device__ void begin() {
        for (uint32_t i = thread(); i < 4 * n_shared; i += COUNT_THREADS) shared_counts[i] = 0;
        __syncthreads();
    }
    template <typename Key>
    __device__ void put(uint64_t, uint64_t, Key key, unsigned label) {
        const uint32_t negative = key < 0x8000;
        const uint32_t magnitude = negative ? 0x7fff - key : key - 0x8000;
        const uint32_t at = magnitude - lowest;
        if (at < n_shared) {
            atomicAdd(&shared_counts[(negative * n_shared + at) * 2 + label], 1u);
        } else {
            atomicAdd(&counts[uint32_t(key) * 2 + label], 1u);
        }
    }
    __device__ void end() {
        __syncthreads();
        for (uint32_t i = thread(); i < 4 * n_shared; i += COUNT_THREADS) {
            const uint32_t negative = i >= 2 * n_shared;
            const uint32_t magnitude = (i / 2 - negative * n_shared) + lowest;
            const uint32_t key = negative ? 0x7fff - magnitude : 0x8000 + magnitude;
            flush(counts, i, key * 2 + i % 2);
        }
    }
    __device__ static uint32_t thread() { return threadIdx.x; }
};

// Buckets: all in the block's memory where they fit.
struct CountBuckets {
    static constexpr bool takes_probabilities = true;
    uint32_t *counts;
    double num_thresholds;
    uint32_t n_shared;  // counters in the block's memory: all or none

    __device__ void begin() {
        for (uint32_t i = threadIdx.x; i < n_shared; i += COUNT_THREADS) shared_counts[i] = 0;
        __syncthreads();
    }
    __device__ void put_probability(double p, unsigned label) {
        const uint32_t at = uint32_t(p * num_thresholds) * 2 + label;
        atomicAdd(n_shared ? &shared_counts[at] : &counts[at], 1u);
    }
    __device__ void end() {
        __syncthreads();
        for (uint32_t i = threadIdx.x; i < n_shared; i += COUNT_THREADS) flush(counts, i, i);
    }
};

// As many blocks as run at once, each with its own counters in `n_bytes` of memory, of which a block may have `most`.
template <Type type, bool probabilities, typename Sink>
int count(const tm_samples &samples, tm_status *status, Sink sink, size_t n_bytes, size_t most,
          cudaStream_t stream) {
    auto kernel = read<type, probabilities, Sink, COUNT_THREADS>;
    int device = 0, n_processors = 0, per_processor = 0;
    int error = cudaGetDevice(&device);
    if (!error) {
        error = cudaDeviceGetAttribute(&n_processors, cudaDevAttrMultiProcessorCount, device);
    }
    if (!error) {
        // The limit belongs to the kernel, and another thread may launch it too: all set the same one.
        error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(most));
    }
    if (!error) {
        error = cudaOccupancyMaxActiveBlocksPerMultiprocessor(&per_processor, kernel, COUNT_THREADS,
                                                              n_bytes);
    }
    if (error) return error;
    const uint64_t wanted = (samples.n_columns + 8 * COUNT_THREADS - 1) / (8 * COUNT_THREADS);
    const uint64_t at_once = uint64_t(n_processors) * (per_processor < 1 ? 1 : per_processor);
    const unsigned n_blocks = unsigned(wanted < 1 ? 1 : wanted < at_once ? wanted : at_once);
    kernel<<<n_blocks, COUNT_THREADS, n_bytes, stream>>>(
        samples, targets(samples.targets, Type(samples.target_type)), status, sink);
    return cudaGetLastError();
}

// Most bytes of its own memory a block may ask for on the current device.
inline int most_shared(size_t *n_bytes) {
    int device = 0, most = 0;
    int error = cudaGetDevice(&device);
    if (!error) {
        error = cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    }
    // The reading kernel needs some of it itself.
    *n_bytes = size_t(most) - 64;
    return error;
}

__global__ void commit(const tm_status *status, uint32_t *counts, uint64_t *totals, uint64_t n) {
    const uint64_t i = uint64_t(blockIdx.x) * THREADS + threadIdx.x;
    if (i >= n) return;
    if (status->invalid_score == NONE && status->invalid_target == NONE) totals[i] += counts[i];
    counts[i] = 0;
}

constexpr int SUM_THREADS = 512;
constexpr int KEYS_A_THREAD = N_KEYS / SUM_THREADS;

struct Counted {
    uint64_t tp, fp;
};

// One block walks all keys from the highest down.
__global__ void __launch_bounds__(SUM_THREADS) sum_counts(const uint64_t *totals, tm_sums *to) {
    using Scan = cub::BlockScan<Counted, SUM_THREADS>;
    using Reduce = cub::BlockReduce<Sums, SUM_THREADS>;
    __shared__ union {
        typename Scan::TempStorage scan;
        typename Reduce::TempStorage reduce;
    } storage;
    const auto at = [&](int i) {
        const uint32_t key = N_KEYS - 1 - (threadIdx.x * KEYS_A_THREAD + i);
        return Counted{totals[2 * key + 1], totals[2 * key]};
    };
    Counted own{0, 0}, before, all;
    for (int i = 0; i < KEYS_A_THREAD; i++) {
        own.tp += at(i).tp;
        own.fp += at(i).fp;
    }
    Scan(storage.scan).ExclusiveScan(
        own, before, Counted{0, 0},
        [](const Counted &a, const Counted &b) { return Counted{a.tp + b.tp, a.fp + b.fp}; }, all);
    Sums sums = no_sums();
    for (int i = 0; i < KEYS_A_THREAD; i++) {
        const Counted next{before.tp + at(i).tp, before.fp + at(i).fp};
        push(sums, before.tp, before.fp, next.tp, next.fp);
        before = next;
    }
    __syncthreads();
    sums = Reduce(storage.reduce).Reduce(sums, [](const Sums &a, const Sums &b) { return a + b; });
    if (threadIdx.x != 0) return;
    for (int i = 0; i < 4; i++) {
        to->precision[i] = uint32_t(sums.precision >> (32 * i));
        to->pairs[i] = uint32_t(sums.pairs >> (32 * i));
    }
    to->tp = all.tp;
    to->fp = all.fp;
}

}  // namespace metrics

using namespace metrics;

int tm_count(const tm_samples *samples, tm_status *status, uint32_t *counts, void *stream) {
    size_t most = 0;
    if (const int error = most_shared(&most)) return error;
    const uint32_t n_shared = uint32_t(most / (4 * sizeof(uint32_t)));
    const bool is_half = Type(samples->score_type) == Type::F16;
    // Down to 2^-10 for halves, to 2^-39 for brain floats, or as far down from 1.0 as there is memory. Most
    // probabilities are just below 1.0; what is left of the memory is for larger scores.
    const uint32_t least = is_half ? 0x1400 : 0x2c00, after_one = is_half ? 0x3c01 : 0x3f81;
    const uint32_t lowest = after_one - least > n_shared ? after_one - n_shared : least;
    const uint32_t fits = 0x8000 - lowest;
    const CountKeys sink{counts, lowest, n_shared < fits ? n_shared : fits};
    const size_t n_bytes = 4 * sizeof(uint32_t) * sink.n_shared;
    const auto to = cudaStream_t(stream);
    switch (Type(samples->score_type)) {
    case Type::F16: return count<Type::F16, false>(*samples, status, sink, n_bytes, most, to);
    case Type::Bf16: return count<Type::Bf16, false>(*samples, status, sink, n_bytes, most, to);
    default: return cudaErrorInvalidValue;
    }
}

int tm_count_buckets(const tm_samples *samples, tm_status *status, uint64_t num_thresholds,
                     uint32_t *counts, void *stream) {
    size_t most = 0;
    if (const int error = most_shared(&most)) return error;
    const uint64_t n = 2 * (num_thresholds + 1);
    const uint32_t n_shared = n * sizeof(uint32_t) <= most ? uint32_t(n) : 0;
    const CountBuckets sink{counts, double(num_thresholds), n_shared};
    return with_type(samples->score_type, [&](auto type) {
        return count<type.value, true>(*samples, status, sink, n_shared * sizeof(uint32_t), most,
                                       cudaStream_t(stream));
    });
}

int tm_commit(const tm_status *status, uint32_t *counts, uint64_t *totals, uint64_t n,
              void *stream) {
    commit<<<unsigned((n + THREADS - 1) / THREADS), THREADS, 0, cudaStream_t(stream)>>>(
        status, counts, totals, n);
    return cudaGetLastError();
}

int tm_sum_counts(const uint64_t *totals, tm_sums *sums, void *stream) {
    sum_counts<<<1, SUM_THREADS, 0, cudaStream_t(stream)>>>(totals, sums);
    return cudaGetLastError();
}
