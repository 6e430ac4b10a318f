// The input scan: one pass over the samples of a batch makes keys and labels and checks them; a sink takes
// the results.
#pragma once

#include <type_traits>

#include <cuda_fp16.h>

#include "api.h"
#include "keys.cuh"

namespace metrics {

constexpr uint64_t NONE = ~uint64_t(0);
constexpr int THREADS = 256;
constexpr unsigned MAX_BLOCKS = 4096;

inline unsigned blocks(uint64_t n, uint64_t per_block) {
    uint64_t wanted = (n + per_block - 1) / per_block;
    return unsigned(wanted < 1 ? 1 : wanted > MAX_BLOCKS ? MAX_BLOCKS : wanted);
}

__device__ __forceinline__ void lower(uint64_t *to, uint64_t x) {
    atomicMin(reinterpret_cast<unsigned long long *>(to), (unsigned long long)x);
}
__device__ __forceinline__ void higher(uint64_t *to, uint64_t x) {
    atomicMax(reinterpret_cast<unsigned long long *>(to), (unsigned long long)x);
}
__device__ __forceinline__ void add(uint64_t *to, uint64_t x) {
    if (x) atomicAdd(reinterpret_cast<unsigned long long *>(to), (unsigned long long)x);
}

// An element as a double; 64-bit integers beyond 2^53 are rounded.
template <Type type> __device__ __forceinline__ double value(typename Score<type>::Bits x) {
    if constexpr (type == Type::F64) {
        return __longlong_as_double((long long)x);
    } else if constexpr (type == Type::F32) {
        return double(__uint_as_float(x));
    } else if constexpr (type == Type::F16) {
        return double(__half2float(__ushort_as_half(x)));
    } else if constexpr (type == Type::Bf16) {
        return double(__uint_as_float(uint32_t(x) << 16));
    } else {
        return double(x);
    }
}

// Calls `f` with the element type as a constant.
template <typename F> int with_type(int32_t type, F f) {
    switch (Type(type)) {
    case Type::U8: return f(std::integral_constant<Type, Type::U8>());
    case Type::I8: return f(std::integral_constant<Type, Type::I8>());
    case Type::U16: return f(std::integral_constant<Type, Type::U16>());
    case Type::I16: return f(std::integral_constant<Type, Type::I16>());
    case Type::U32: return f(std::integral_constant<Type, Type::U32>());
    case Type::I32: return f(std::integral_constant<Type, Type::I32>());
    case Type::U64: return f(std::integral_constant<Type, Type::U64>());
    case Type::I64: return f(std::integral_constant<Type, Type::I64>());
    case Type::F16: return f(std::integral_constant<Type, Type::F16>());
    case Type::Bf16: return f(std::integral_constant<Type, Type::Bf16>());
    case Type::F32: return f(std::integral_constant<Type, Type::F32>());
    case Type::F64: return f(std::integral_constant<Type, Type::F64>());
    }
    return cudaErrorInvalidValue;
}

template <Type type> __device__ double element(const void *data, uint64_t i) {
    return value<type>(static_cast<const typename Score<type>::Bits *>(data)[i]);
}

__device__ inline double element_of(const void *data, Type type, uint64_t i) {
    switch (type) {
    case Type::U8: return element<Type::U8>(data, i);
    case Type::I8: return element<Type::I8>(data, i);
    case Type::U16: return element<Type::U16>(data, i);
    case Type::I16: return element<Type::I16>(data, i);
    case Type::U32: return element<Type::U32>(data, i);
    case Type::I32: return element<Type::I32>(data, i);
    case Type::U64: return element<Type::U64>(data, i);
    case Type::I64: return element<Type::I64>(data, i);
    case Type::F16: return element<Type::F16>(data, i);
    case Type::Bf16: return element<Type::Bf16>(data, i);
    case Type::F32: return element<Type::F32>(data, i);
    default: return element<Type::F64>(data, i);
    }
}

// The findings of one thread.
struct Found {
    uint64_t min = NONE, inverted = NONE, invalid_score = NONE, invalid_target = NONE;

    // All threads of a block call this. One lane of each warp writes the findings of the warp to the block's
    // memory, and one thread writes those of the block to the device's: few atomics meet at one address.
    __device__ void note(tm_status *status) {
        __shared__ uint64_t block[4];
        const unsigned thread = threadIdx.y * blockDim.x + threadIdx.x;
        if (thread < 4) block[thread] = NONE;
        __syncthreads();
        for (int step = 16; step > 0; step /= 2) {
            take(min, __shfl_down_sync(0xffffffffu, min, step));
            take(inverted, __shfl_down_sync(0xffffffffu, inverted, step));
            take(invalid_score, __shfl_down_sync(0xffffffffu, invalid_score, step));
            take(invalid_target, __shfl_down_sync(0xffffffffu, invalid_target, step));
        }
        if (thread % 32 == 0) {
            lower(&block[0], min);
            lower(&block[1], inverted);
            lower(&block[2], invalid_score);
            lower(&block[3], invalid_target);
        }
        __syncthreads();
        if (thread == 0) {
            lower(&status->min_key, block[0]);
            lower(&status->min_inverted_key, block[1]);
            if (block[2] != NONE) lower(&status->invalid_score, block[2]);
            if (block[3] != NONE) lower(&status->invalid_target, block[3]);
        }
    }

  private:
    __device__ static void take(uint64_t &mine, uint64_t theirs) {
        if (theirs < mine) mine = theirs;
    }
};

// The last block of a kernel to come here writes the values of the invalid samples.
__device__ inline void note_values(tm_status *status, const void *scores, Type score_type,
                                   const void *targets, Type target_type, uint64_t stride,
                                   uint64_t n_columns) {
    __syncthreads();
    if (threadIdx.x != 0 || threadIdx.y != 0) return;
    __threadfence();
    unsigned done = atomicAdd(&status->n_blocks_done, 1u) + 2u;
    if (done != gridDim.x * gridDim.y) return;
    __threadfence();
    const volatile tm_status *found = status;
    auto at = [&](uint64_t i) { return i / n_columns * stride + i % n_columns; };
    if (found->invalid_score != NONE) {
        status->invalid_score_value = element_of(scores, score_type, at(found->invalid_score));
    }
    if (targets && found->invalid_target != NONE) {
        status->invalid_target_value = element_of(targets, target_type, at(found->invalid_target));
    }
}

// The kernel that reads a batch: the grid has a row of blocks for each row of tasks.
template <Type type, bool probabilities, typename Sink, int threads = THREADS>
__global__ void __launch_bounds__(threads)
read(tm_samples samples, Targets targets, tm_status *status, Sink sink) {
    using S = Score<type>;
    const auto *scores = static_cast<const typename S::Bits *>(samples.scores);
    Found found;
    sink.begin();
    for (uint64_t row = blockIdx.y * blockDim.y + threadIdx.y; row < samples.n_tasks;
         row += gridDim.y * blockDim.y) {
        const uint64_t step = uint64_t(gridDim.x) * blockDim.x;
#pragma unroll 4
        for (uint64_t column = uint64_t(blockIdx.x) * blockDim.x + threadIdx.x;
             column < samples.n_columns; column += step) {
            const uint64_t from = row * samples.stride + column;
            const uint64_t position = row * samples.n_columns + column;
            const auto bits = scores[from];
            const auto key = S::key(bits);
            const uint64_t target = targets.bits(from);
            bool good = true;
            if constexpr (probabilities) {
                const double p = value<type>(bits);
                good = p >= 0.0 && p <= 1.0;
            } else {
                // One comparison for both ends. It is always true for integers, whose range is all of their type.
                good = decltype(key)(key - S::low) <= decltype(key)(S::high - S::low);
            }
            if (!good && position < found.invalid_score) found.invalid_score = position;
            if (!targets.is_label(target) && position < found.invalid_target) {
                found.invalid_target = position;
            }
            if (key < found.min) found.min = key;
            if (~uint64_t(key) < found.inverted) found.inverted = ~uint64_t(key);
            if constexpr (Sink::takes_probabilities) {
                if (good) sink.put_probability(value<type>(bits), targets.label(target));
            } else {
                sink.put(row, column, key, targets.label(target));
            }
        }
    }
    sink.end();
    if (status) {
        found.note(status);
        note_values(status, samples.scores, type, samples.targets, targets.type, samples.stride,
                    samples.n_columns);
    }
}

struct Shape {
    dim3 grid, block;
};

// Blocks for rows: wide ones where rows are long, several rows a block where they are short.
inline Shape shape(uint64_t n_rows, uint64_t n_columns) {
    unsigned x = 32;
    while (x < THREADS && x < n_columns) x *= 2;
    dim3 block(x, THREADS / x);
    unsigned wide = blocks(n_columns, uint64_t(x) * 8);
    uint64_t rows = (n_rows + block.y - 1) / block.y;
    uint64_t high = MAX_BLOCKS / wide + 1;
    return {dim3(wide, unsigned(rows < high ? rows : high)), block};
}

// A sink that ignores the samples.
struct Nothing {
    static constexpr bool takes_probabilities = false;
    __device__ void begin() {}
    __device__ void end() {}
    template <typename Key> __device__ void put(uint64_t, uint64_t, Key, unsigned) {}
};

}  // namespace metrics
