// The device that is played, and numbers that are the same each time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace emulator {

// From the environment: `EMULATOR_PROCESSORS`, `EMULATOR_SHARED_BYTES`.
struct Device {
    int n_processors;        // multiprocessors
    size_t most_shared;      // bytes of shared memory that a block may ask for
};
Device &device();

constexpr int N_DEVICES = 2;
constexpr size_t MOST_SHARED = 227 << 10;     // that any device lets a block ask for
constexpr size_t DEFAULT_SHARED = 48 << 10;  // bytes that a block has without asking
constexpr size_t RESERVED_SHARED = 1 << 10;  // bytes that the system takes of each block's

// SplitMix64, from `EMULATOR_SEED`.
uint64_t random_bits();

// One launch runs at a time, and allocations are made and forgotten between launches.
std::recursive_mutex &lock();

}  // namespace emulator
