#include "settings.h"

#include <cstdlib>

namespace emulator {

static long setting(const char *name, long otherwise) {
    const char *text = std::getenv(name);
    return text ? std::atol(text) : otherwise;
}

Device &device() {
    // Those of an H100.
    static Device one{int(setting("EMULATOR_PROCESSORS", 132)),
                            size_t(setting("EMULATOR_SHARED_BYTES", MOST_SHARED))};
    return one;
}

uint64_t random_bits() {
    static uint64_t state = uint64_t(setting("EMULATOR_SEED", 1));
    state += 0x9e3779b97f4a7c15ull;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

std::recursive_mutex &lock() {
    static std::recursive_mutex one;
    return one;
}

}  // namespace emulator

extern "C" int emulator_mutant() {
    static const int one = int(emulator::setting("EMULATOR_MUTANT", 0));
    return one;
}

// For the tests: a device with less memory in each block.
extern "C" void emulator_set_shared_bytes(size_t n_bytes) {
    emulator::device().most_shared = n_bytes;
}
