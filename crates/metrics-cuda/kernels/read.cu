// Batches to status, keys and labels, or words to be sorted.
#include "read.cuh"

namespace metrics {

template <typename Key> struct WriteKeys {
    static constexpr bool takes_probabilities = false;
    Key *keys;
    uint8_t *labels;
    uint64_t stride;

    __device__ void begin() {}
    __device__ void end() {}
    __device__ void put(uint64_t row, uint64_t column, Key key, unsigned label) {
        keys[row * stride + column] = key;
        labels[row * stride + column] = uint8_t(label);
    }
};

template <typename Word> struct Pack {
    static constexpr bool takes_probabilities = false;
    Word *words;
    uint64_t top, n_columns;
    int task_shift;

    __device__ void begin() {}
    __device__ void end() {}
    template <typename Key>
    __device__ void put(uint64_t row, uint64_t column, Key key, unsigned label) {
        const Word distance = Word(top - key);
        const Word task = task_shift < int(8 * sizeof(Word)) ? Word(row) << task_shift : Word(0);
        words[row * n_columns + column] = task | Word(distance << 1) | Word(label);
    }
};

struct PackSplit {
    static constexpr bool takes_probabilities = false;
    uint64_t *distances;
    uint32_t *marks;
    uint64_t top, n_columns;

    __device__ void begin() {}
    __device__ void end() {}
    template <typename Key>
    __device__ void put(uint64_t row, uint64_t column, Key key, unsigned label) {
        distances[row * n_columns + column] = top - key;
        marks[row * n_columns + column] = uint32_t(row << 1) | label;
    }
};

template <Type type, typename Sink>
int run(const tm_samples &samples, tm_status *status, Sink sink, cudaStream_t stream) {
    const Shape s = shape(samples.n_tasks, samples.n_columns);
    read<type, false><<<s.grid, s.block, 0, stream>>>(
        samples, targets(samples.targets, Type(samples.target_type)), status, sink);
    return cudaGetLastError();
}

}  // namespace metrics

using namespace metrics;

int tm_scan(const tm_samples *samples, tm_status *status, void *stream) {
    return with_type(samples->score_type, [&](auto type) {
        return run<type.value>(*samples, status, Nothing{}, cudaStream_t(stream));
    });
}

int tm_write_keys(const tm_samples *samples, tm_status *status, void *keys, uint8_t *labels,
            uint64_t stride, void *stream) {
    return with_type(samples->score_type, [&](auto type) {
        using Key = typename Score<type.value>::Key;
        const WriteKeys<Key> sink{static_cast<Key *>(keys), labels, stride};
        return run<type.value>(*samples, status, sink, cudaStream_t(stream));
    });
}

int tm_pack(const tm_samples *samples, tm_status *status, const tm_plan *plan, const tm_words *to,
            void *stream) {
    // A mark has 31 bits for the task.
    if (plan->n_bits == 128 && samples->n_tasks > uint64_t(1) << 31) return cudaErrorInvalidValue;
    const int shift = plan->key_bits + 1;
    const uint64_t n = samples->n_columns;
    return with_type(samples->score_type, [&](auto type) {
        switch (plan->n_bits) {
        case 32: {
            const Pack<uint32_t> sink{static_cast<uint32_t *>(to->words), plan->top, n, shift};
            return run<type.value>(*samples, status, sink, cudaStream_t(stream));
        }
        case 64: {
            const Pack<uint64_t> sink{static_cast<uint64_t *>(to->words), plan->top, n, shift};
            return run<type.value>(*samples, status, sink, cudaStream_t(stream));
        }
        default: {
            const PackSplit sink{static_cast<uint64_t *>(to->words), to->marks, plan->top, n};
            return run<type.value>(*samples, status, sink, cudaStream_t(stream));
        }
        }
    });
}
