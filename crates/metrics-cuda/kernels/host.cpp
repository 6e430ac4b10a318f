// The arithmetic of the kernels on the host, for the tests.
#include "api.h"
#include "keys.cuh"

using namespace metrics;

namespace {

// The sums of all tasks of sorted samples cut into chunks of the given lengths: summarise each, join
// the summaries, scan each. As on the device there are two levels: `chunks_a_tile` summaries are
// joined among themselves, and then with that of all tiles before.
template <typename View>
void sum(View view, uint64_t n, uint64_t n_columns, const uint64_t *lengths, uint64_t n_chunks,
         uint64_t chunks_a_tile, tm_sums *tasks) {
    using Sample = decltype(view.at(0));
    Carry tiles = nothing(), in_tile = nothing();
    uint64_t start = 0;
    for (uint64_t chunk = 0; chunk < n_chunks; chunk++) {
        if (chunk % chunks_a_tile == 0) {
            tiles = Join()(tiles, in_tile);
            in_tile = nothing();
        }
        const Carry before = Join()(tiles, in_tile);
        const int length = int(lengths[chunk]);
        Sample samples[4097];
        for (int i = 0; i <= length; i++) {
            samples[i] = start + i < n ? view.at(start + i) : Sample{};
        }
        const Place at = place(start, n_columns);
        uint64_t task = start / n_columns;
        Sums sums = no_sums();
        auto flush = [&] {
            for (int i = 0; i < 4; i++) {
                tasks[task].precision[i] += uint32_t(sums.precision >> (32 * i));
                tasks[task].pairs[i] += uint32_t(sums.pairs >> (32 * i));
            }
            tasks[task].tp += sums.tp;
            tasks[task].fp += sums.fp;
            sums = no_sums();
        };
        scan_ties<View>(
            samples, length, at, before,
            [&](int, Place, uint64_t tp_before, uint64_t fp_before, uint64_t tp, uint64_t fp) {
                push(sums, tp_before, fp_before, tp, fp);
            },
            [&](uint64_t tp, uint64_t fp) {
                sums.tp = tp;
                sums.fp = fp;
                flush();
                task++;
            });
        if (task * n_columns < n) flush();
        in_tile = Join()(in_tile, summarise<View>(samples, length, at));
        start += length;
    }
}

}  // namespace

extern "C" void tm_host_sum(int32_t n_bits, const void *words, const uint32_t *marks, uint64_t n,
                            uint64_t n_columns, const uint64_t *lengths, uint64_t n_chunks,
                            uint64_t chunks_a_tile, tm_sums *tasks) {
    switch (n_bits) {
    case 32:
        return sum(Packed<uint32_t>{static_cast<const uint32_t *>(words)}, n, n_columns, lengths,
                   n_chunks, chunks_a_tile, tasks);
    case 64:
        return sum(Packed<uint64_t>{static_cast<const uint64_t *>(words)}, n, n_columns, lengths,
                   n_chunks, chunks_a_tile, tasks);
    default:
        return sum(Split{static_cast<const uint64_t *>(words), marks}, n, n_columns, lengths,
                   n_chunks, chunks_a_tile, tasks);
    }
}

// The key of a score, widened; whether it is a number is returned.
extern "C" bool tm_host_key(int32_t type, const void *score, uint64_t *key) {
    switch (Type(type)) {
#define TM_KEY(TYPE)                                                                           \
    case Type::TYPE: {                                                                         \
        using S = Score<Type::TYPE>;                                                           \
        const auto own = S::key(*static_cast<const S::Bits *>(score));                         \
        *key = own;                                                                            \
        return own >= S::low && own <= S::high;                                                \
    }
        TM_KEY(U8) TM_KEY(I8) TM_KEY(U16) TM_KEY(I16) TM_KEY(U32) TM_KEY(I32) TM_KEY(U64)
        TM_KEY(I64) TM_KEY(F16) TM_KEY(Bf16) TM_KEY(F32) TM_KEY(F64)
    }
    return false;
}

// The label of a target; 2 where it is neither 0 nor 1.
extern "C" uint32_t tm_host_label(int32_t type, const void *target) {
    const Targets t = targets(target, Type(type));
    const uint64_t bits = t.bits(0);
    return t.is_label(bits) ? t.label(bits) : 2;
}
