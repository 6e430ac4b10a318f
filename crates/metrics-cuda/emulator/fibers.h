// Threads as fibers: each runs until it waits.
#pragma once

#include "thread.h"

namespace emulator {

// Leaves the running fiber; it goes on when it is ready and its turn comes.
void wait_for_turn(Thread &t);
void make_ready(Thread &t);
// Lets all threads go that wait at the barrier.
void open_barrier(Block &block);
// Whether all threads that are left wait at the barrier.
inline bool is_complete(const Block &block) {
    return block.n_left > 0 && block.n_at_barrier == block.n_left;
}

}  // namespace emulator
