// From words to sorted words, and from these to sums or tie groups.
#include <cub/block/block_load.cuh>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>

#include "read.cuh"

namespace metrics {

constexpr int ITEMS = 16;
constexpr int TILE = THREADS * ITEMS;

// The samples of one thread: `ITEMS` neighbours, and the one after them.
template <typename View> struct Tile;

template <typename Word> struct Tile<Packed<Word>> {
    using Load = cub::BlockLoad<Word, THREADS, ITEMS, cub::BLOCK_LOAD_WARP_TRANSPOSE>;
    struct Storage {
        union {
            typename Load::TempStorage load;
            Word first[THREADS];
        };
    };

    __device__ static void load(Packed<Word> view, uint64_t start, int n, uint64_t total,
                                Storage &storage, Word (&items)[ITEMS + 1]) {
        Word own[ITEMS];
        Load(storage.load).Load(view.words + start, own, n, Word(0));
        __syncthreads();
        storage.first[threadIdx.x] = own[0];
        __syncthreads();
#pragma unroll
        for (int i = 0; i < ITEMS; i++) items[i] = own[i];
        const uint64_t after = start + TILE;
        items[ITEMS] = threadIdx.x + 1 < THREADS ? storage.first[threadIdx.x + 1]
                       : after < total           ? view.words[after]
                                                 : Word(0);
        __syncthreads();
    }
};

template <> struct Tile<Split> {
    using Words = cub::BlockLoad<uint64_t, THREADS, ITEMS, cub::BLOCK_LOAD_WARP_TRANSPOSE>;
    using Marks = cub::BlockLoad<uint32_t, THREADS, ITEMS, cub::BLOCK_LOAD_WARP_TRANSPOSE>;
    struct Storage {
        union {
            typename Words::TempStorage words;
            typename Marks::TempStorage marks;
            uint64_t first[THREADS];
        };
    };

    // The mark of the sample after the last is never read.
    __device__ static void load(Split view, uint64_t start, int n, uint64_t total,
                                Storage &storage, Split::Sample (&items)[ITEMS + 1]) {
        uint64_t words[ITEMS];
        uint32_t marks[ITEMS];
        Words(storage.words).Load(view.distances + start, words, n, uint64_t(0));
        __syncthreads();
        Marks(storage.marks).Load(view.marks + start, marks, n, 0u);
        __syncthreads();
        storage.first[threadIdx.x] = words[0];
        __syncthreads();
#pragma unroll
        for (int i = 0; i < ITEMS; i++) items[i] = {words[i], marks[i]};
        const uint64_t after = start + TILE;
        items[ITEMS] = {threadIdx.x + 1 < THREADS ? storage.first[threadIdx.x + 1]
                        : after < total           ? view.distances[after]
                                                  : 0,
                        0};
        __syncthreads();
    }
};

template <typename View> using Sample = decltype(View{}.at(0));

// The samples of a thread, and their place in the array.
struct Part {
    Place at;
    int n;
};

__device__ inline uint64_t tile_start() { return uint64_t(blockIdx.x) * TILE; }

__device__ inline int in_tile(uint64_t total) {
    const uint64_t left = total - tile_start();
    return int(left < TILE ? left : TILE);
}

// Loads the tile of this block; every thread gets its part.
template <typename View>
__device__ __forceinline__ Part load(View view, uint64_t total, uint64_t n_columns,
                                     typename Tile<View>::Storage &storage,
                                     Sample<View> (&items)[ITEMS + 1]) {
    Tile<View>::load(view, tile_start(), in_tile(total), total, storage, items);
    const uint64_t first = tile_start() + threadIdx.x * ITEMS;
    const uint64_t left = first < total ? total - first : 0;
    const Place at = n_columns == total ? Place{first, first, n_columns} : place(first, n_columns);
    return {at, int(left < ITEMS ? left : ITEMS)};
}

using Scan = cub::BlockScan<Carry, THREADS>;

template <typename View>
__global__ void __launch_bounds__(THREADS)
summarise_tiles(View view, uint64_t total, uint64_t n_columns, Carry *tiles) {
    __shared__ union {
        typename Tile<View>::Storage tile;
        typename Scan::TempStorage scan;
    } storage;
    Sample<View> items[ITEMS + 1];
    const Part own = load(view, total, n_columns, storage.tile, items);
    Carry before, all;
    Scan(storage.scan).ExclusiveScan(summarise<View>(items, own.n, own.at), before, nothing(),
                                     Join(), all);
    if (threadIdx.x == 0) tiles[blockIdx.x] = all;
    // The exclusive scan reads one more than it needs.
    if (blockIdx.x == 0 && threadIdx.x == 0) tiles[gridDim.x] = nothing();
}

__device__ inline void add_pieces(uint64_t (&to)[4], u128 x) {
    for (int i = 0; i < 4; i++) add(&to[i], uint32_t(x >> (32 * i)));
}

__device__ inline void add_sums(tm_sums *to, const Sums &sums) {
    if (sums.precision) add_pieces(to->precision, sums.precision);
    if (sums.pairs) add_pieces(to->pairs, sums.pairs);
    add(&to->tp, sums.tp);
    add(&to->fp, sums.fp);
}

// The summary of everything before the samples of this thread.
template <typename View, typename Storage>
__device__ Carry before(const Sample<View> (&items)[ITEMS + 1], Part own, const Carry *tiles,
                        Storage &storage) {
    Carry before;
    Scan(storage).ExclusiveScan(summarise<View>(items, own.n, own.at), before, nothing(), Join());
    return Join()(tiles[blockIdx.x], before);
}

template <typename View>
__global__ void __launch_bounds__(THREADS)
sum_tiles(View view, uint64_t total, uint64_t n_columns, const Carry *tiles, tm_sums *tasks) {
    using Reduce = cub::BlockReduce<Sums, THREADS>;
    __shared__ union {
        typename Tile<View>::Storage tile;
        typename Scan::TempStorage scan;
        typename Reduce::TempStorage reduce;
    } storage;
    Sample<View> items[ITEMS + 1];
    const Part own = load(view, total, n_columns, storage.tile, items);
    const Carry carry = before<View>(items, own, tiles, storage.scan);
    const uint64_t start = tile_start();
    const uint64_t end = start + in_tile(total);
    const bool is_one_task = n_columns == total || start / n_columns == (end - 1) / n_columns;

    Sums sums = no_sums();
    auto group = [&](int, Place, uint64_t tp_before, uint64_t fp_before, uint64_t tp, uint64_t fp) {
        push(sums, tp_before, fp_before, tp, fp);
    };
    if (is_one_task) {
        scan_ties<View>(items, own.n, own.at, carry, group,
                   [&](uint64_t tp, uint64_t fp) {
                       sums.tp = tp;
                       sums.fp = fp;
                   });
        __syncthreads();
        sums = Reduce(storage.reduce).Reduce(sums, [](const Sums &a, const Sums &b) {
            return a + b;
        });
        if (threadIdx.x == 0) add_sums(&tasks[start / n_columns], sums);
    } else {
        uint64_t task = own.at.position / n_columns;
        scan_ties<View>(items, own.n, own.at, carry, group, [&](uint64_t tp, uint64_t fp) {
            sums.tp = tp;
            sums.fp = fp;
            add_sums(&tasks[task++], sums);
            sums = no_sums();
        });
        if (own.n > 0 && task * n_columns < total) add_sums(&tasks[task], sums);
    }
}

template <typename View>
__global__ void __launch_bounds__(THREADS)
write_groups(View view, uint64_t total, uint64_t n_columns, const Carry *tiles, uint64_t top,
             uint64_t key_mask, uint64_t *keys, uint64_t *ends, uint64_t *tps) {
    __shared__ union {
        typename Tile<View>::Storage tile;
        typename Scan::TempStorage scan;
    } storage;
    Sample<View> items[ITEMS + 1];
    const Part own = load(view, total, n_columns, storage.tile, items);
    const Carry carry = before<View>(items, own, tiles, storage.scan);
    uint64_t next = carry.n_groups;
    scan_ties<View>(
        items, own.n, own.at, carry,
        [&](int i, Place at, uint64_t, uint64_t, uint64_t tp, uint64_t) {
            keys[next] = top - (View::distance(items[i]) & key_mask);
            ends[next] = at.position + 1;
            tps[next] = tp;
            next++;
        },
        [](uint64_t, uint64_t) {});
}

// Runs an expression with the view of a plan's words.
template <typename F> int with_view(const tm_plan &plan, const tm_words &words, F f) {
    switch (plan.n_bits) {
    case 32: f(Packed<uint32_t>{static_cast<const uint32_t *>(words.words)}); break;
    case 64: f(Packed<uint64_t>{static_cast<const uint64_t *>(words.words)}); break;
    default: f(Split{static_cast<const uint64_t *>(words.words), words.marks});
    }
    return cudaGetLastError();
}

inline uint64_t n_tiles(uint64_t n) { return (n + TILE - 1) / TILE; }

template <typename Word>
int sort_words(const tm_plan &plan, const tm_words &words, const tm_words &other, uint32_t n,
               void *temporary, size_t *n_bytes, int *swapped, cudaStream_t stream) {
    cub::DoubleBuffer<Word> buffers(static_cast<Word *>(words.words),
                                    static_cast<Word *>(other.words));
    // Bit 0 is the label, whose order among equal scores does not matter.
    const int status = cub::DeviceRadixSort::SortKeys(
        temporary, *n_bytes, buffers, n, 1, 1 + plan.key_bits + plan.task_bits, stream);
    if (temporary) *swapped = buffers.selector;
    return status;
}

// By distance, then by task: the second sort keeps the order of the first.
int sort_split(const tm_plan &plan, const tm_words &words, const tm_words &other, uint32_t n,
               void *temporary, size_t *n_bytes, int *swapped, cudaStream_t stream) {
    cub::DoubleBuffer<uint64_t> distances(static_cast<uint64_t *>(words.words),
                                          static_cast<uint64_t *>(other.words));
    cub::DoubleBuffer<uint32_t> marks(words.marks, other.marks);
    size_t first = *n_bytes, second = *n_bytes;
    int status = cub::DeviceRadixSort::SortPairs(temporary, first, distances, marks, n, 0,
                                                 plan.key_bits, stream);
    if (status) return status;
    if (plan.task_bits > 0) {
        status = cub::DeviceRadixSort::SortPairs(temporary, second, marks, distances, n, 1,
                                                 1 + plan.task_bits, stream);
        if (status) return status;
    }
    if (!temporary) {
        *n_bytes = plan.task_bits > 0 && second > first ? second : first;
        return status;
    }
    // Both sorts must have ended in the same buffer.
    *swapped = distances.selector;
    return distances.selector == marks.selector ? status : int(cudaErrorUnknown);
}

}  // namespace metrics

using namespace metrics;

int tm_sort(const tm_plan *plan, const tm_words *words, const tm_words *other, uint64_t n,
            void *temporary, size_t *n_bytes, int *swapped, void *stream) {
    if (n > UINT32_MAX) return cudaErrorInvalidValue;
    auto sort = plan->n_bits == 32   ? sort_words<uint32_t>
                : plan->n_bits == 64 ? sort_words<uint64_t>
                                     : sort_split;
    return sort(*plan, *words, *other, uint32_t(n), temporary, n_bytes, swapped,
                cudaStream_t(stream));
}

// The temporary memory begins with the scanned summaries; `tm_sum` and `tm_groups` read them there.
int tm_summarise(const tm_plan *plan, const tm_words *sorted, uint64_t n, uint64_t n_columns,
                 void *temporary, size_t *n_bytes, void *stream) {
    const uint64_t tiles = n_tiles(n);
    // One more, whose exclusive scan is the summary of all.
    const size_t carries = (tiles + 1) * sizeof(Carry);
    auto *scanned = static_cast<Carry *>(temporary);
    auto *raw = scanned ? scanned + tiles + 1 : nullptr;
    void *scratch = raw ? raw + tiles + 1 : nullptr;
    size_t scan_bytes = temporary ? *n_bytes - 2 * carries : 0;
    if (scratch) {
        const int status = with_view(*plan, *sorted, [&](auto view) {
            summarise_tiles<<<unsigned(tiles), THREADS, 0, cudaStream_t(stream)>>>(view, n,
                                                                                  n_columns, raw);
        });
        if (status) return status;
    }
    const int status = cub::DeviceScan::ExclusiveScan(scratch, scan_bytes, raw, scanned, Join(),
                                                      nothing(), uint32_t(tiles + 1),
                                                      cudaStream_t(stream));
    if (!temporary) *n_bytes = 2 * carries + scan_bytes;
    return status;
}

int tm_sum(const tm_plan *plan, const tm_words *sorted, uint64_t n, uint64_t n_columns,
           const void *temporary, tm_sums *sums, void *stream) {
    return with_view(*plan, *sorted, [&](auto view) {
        sum_tiles<<<unsigned(n_tiles(n)), THREADS, 0, cudaStream_t(stream)>>>(
            view, n, n_columns, static_cast<const Carry *>(temporary), sums);
    });
}

int tm_n_groups(uint64_t n, const void *temporary, uint64_t *n_groups, void *stream) {
    const auto *all = static_cast<const Carry *>(temporary) + n_tiles(n);
    return cudaMemcpyAsync(n_groups, &all->n_groups, sizeof *n_groups, cudaMemcpyDeviceToDevice,
                           cudaStream_t(stream));
}

int tm_groups(const tm_plan *plan, const tm_words *sorted, uint64_t n, uint64_t n_columns,
              const void *temporary, uint64_t *keys, uint64_t *ends, uint64_t *tps, void *stream) {
    const uint64_t mask =
        plan->key_bits < 64 ? (uint64_t(1) << plan->key_bits) - 1 : ~uint64_t(0);
    return with_view(*plan, *sorted, [&](auto view) {
        write_groups<<<unsigned(n_tiles(n)), THREADS, 0, cudaStream_t(stream)>>>(
            view, n, n_columns, static_cast<const Carry *>(temporary), plan->top, mask, keys, ends,
            tps);
    });
}
