// Barriers, and what the lanes of a warp do together.
#include <algorithm>

#include "access.h"
#include "fibers.h"
#include "report.h"

namespace emulator {

namespace {

void arrive(Thread &t, int line, uint32_t number) {
    Block &block = *t.block;
    n_checks++;
    // Kernels of ours and of CUB use none but the first.
    if (number) fault(t, line, "a barrier with a number", number, 0);
    if (block.n_at_barrier == 0) {
        block.barrier_line = line;
        block.any = false;
        block.all = true;
    } else if (block.barrier_line != line) {
        report(t, line, "threads of a block at different barriers", uint64_t(block.barrier_line), 0, 0);
    }
    t.state = State::AtBarrier;
    t.line = line;
    block.n_at_barrier++;
}

// The lane that a shuffle reads; whether it lies in the range is returned.
bool source_of(const Thread &t, unsigned *lane) {
    const unsigned own = t.lane, step = t.source & 31;
    const unsigned limit = t.limits & 31, segment = t.limits >> 8 & 31;
    const unsigned low = own & segment, high = low | (limit & ~segment);
    bool is_in_range = false;
    switch (t.kind) {
    case Lanes::ShuffleUp:
        *lane = own - step;
        is_in_range = int(own) - int(step) >= int(high);
        break;
    case Lanes::ShuffleDown:
        *lane = own + step;
        is_in_range = *lane <= high;
        break;
    case Lanes::ShuffleXor:
        *lane = own ^ step;
        is_in_range = *lane <= high;
        break;
    default:
        *lane = low | (step & ~segment);
        is_in_range = *lane <= high;
    }
    if (!is_in_range) *lane = own;
    return is_in_range;
}

uint32_t combined(Lanes kind, const Thread *warp, uint32_t mask) {
    uint32_t ballot = 0, sum = 0, most = 0, least = ~0u, any = 0, all = ~0u;
    for (unsigned i = 0; i < 32; i++) {
        if (!(mask >> i & 1)) continue;
        const uint32_t value = warp[i].value;
        if (value) ballot |= 1u << i;
        sum += value;
        most = std::max(most, value);
        least = std::min(least, value);
        any |= value;
        all &= value;
    }
    switch (kind) {
    case Lanes::Ballot: return ballot;
    case Lanes::Any: return ballot != 0;
    case Lanes::All: return ballot == mask;
    case Lanes::Sum: return sum;
    case Lanes::Max: return most;
    case Lanes::Min: return least;
    case Lanes::Or: return any;
    case Lanes::And: return all;
    default: return 0;
    }
}

// Gives every lane of a mask its result, all of them having come.
void give_results(Thread &last, Thread *warp, uint32_t mask) {
    const Lanes kind = last.kind;
    const bool is_shuffle = kind >= Lanes::ShuffleUp && kind <= Lanes::ShuffleFrom;
    const uint32_t result = combined(kind, warp, mask);
    for (unsigned i = 0; i < 32; i++) {
        if (!(mask >> i & 1)) continue;
        Thread &t = warp[i];
        if (t.line != last.line || t.kind != kind || t.mask != last.mask) {
            report(last, last.line, "lanes meet at different places", uint64_t(t.line), 0, t.number);
        }
        t.result = result;
        if (is_shuffle) {
            unsigned lane = 0;
            t.is_in_range = source_of(t, &lane);
            if (!(mask >> lane & 1)) {
                report(t, t.line, "a shuffle from a lane that takes no part", lane, 0, t.number);
            }
            t.result = warp[lane].value;
        }
        // Meetings of some lanes order their accesses too, but not those of the others.
        if (kind == Lanes::Meet && mask == ~0u) t.meetings++;
    }
}

}  // namespace

void barrier(Thread &t, int line, uint32_t number) {
    arrive(t, line, number);
    if (is_complete(*t.block)) open_barrier(*t.block);
    wait_for_turn(t);
}

bool barrier_vote(Thread &t, int line, uint32_t number, Vote vote, bool value) {
    arrive(t, line, number);
    Block &block = *t.block;
    block.any |= value;
    block.all &= value;
    if (is_complete(block)) {
        for (unsigned i = 0; i < block.n_threads; i++) {
            if (block.threads[i].state == State::AtBarrier) {
                block.threads[i].result = vote == Vote::Any ? block.any : block.all;
            }
        }
        open_barrier(block);
    }
    wait_for_turn(t);
    return t.result;
}

uint32_t lanes(Thread &t, int line, Lanes kind, uint32_t mask, uint32_t value, uint32_t source,
               uint32_t limits) {
    n_checks++;
    if (!(mask >> t.lane & 1)) fault(t, line, "a lane outside of its own mask", mask, 0);
    Warp &warp = t.block->warps[t.warp];
    Thread *const first = t.block->threads + t.warp * 32;
    t.state = State::WithLanes;
    t.line = line;
    t.kind = kind;
    t.mask = mask;
    t.value = value;
    t.source = source;
    t.limits = limits;
    warp.waiting |= 1u << t.lane;
    if (mask & warp.gone) report(t, line, "a lane of the mask has returned", mask & warp.gone, 0, 0);
    const uint32_t left = mask & ~warp.gone;
    if ((warp.waiting & left) == left) {
        give_results(t, first, left);
        warp.waiting &= ~left;
        for (unsigned i = 0; i < 32; i++) {
            if (left >> i & 1) make_ready(first[i]);
        }
    }
    wait_for_turn(t);
    return t.result;
}

}  // namespace emulator
