// What a run found, and what it did.
#pragma once

#include <cstdint>

namespace emulator {

// Writes a line of the errors; most kinds of error come many times, and only the first are shown.
void found(const char *format, ...) __attribute__((format(printf, 1, 2)));

void count_launch(const char *kernel, uint64_t n_blocks);
// Accesses and meetings that were checked. No atomic: kernels run under the lock.
extern uint64_t n_checks;

}  // namespace emulator
