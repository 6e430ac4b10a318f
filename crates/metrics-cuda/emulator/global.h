// Allocations of the device, which here lie in host memory.
#pragma once

#include <cstddef>

namespace emulator {

// Fills and copies by the runtime.
void note_fill(const void *to, size_t n_bytes);
void note_copy(const void *to, const void *from, size_t n_bytes);
// All accesses after this are of another launch.
void begin_launch();

}  // namespace emulator

extern "C" {
// Memory that the tests lend, with or without values in it, and its end.
void emulator_lend(const void *at, size_t n_bytes, bool has_values);
void emulator_forget(const void *at);
}
