// The part of the driver that knows of contexts.
#include "context.h"

#include <atomic>
#include <cstring>

#include "settings.h"

namespace emulator {

namespace {

struct Context {
    std::atomic<bool> is_made{false};
};

Context contexts[N_DEVICES];
thread_local Context *current = nullptr;

constexpr int SUCCESS = 0, NOT_FOUND = 500;

int get_current(void **context) {
    *context = current;
    return SUCCESS;
}
int set_current(void *context) {
    current = static_cast<Context *>(context);
    return SUCCESS;
}

}  // namespace

int current_device() { return current ? int(current - contexts) : 0; }

void make_current(int ordinal) {
    contexts[ordinal].is_made = true;
    current = &contexts[ordinal];
}

void use_device() {
    if (!current) make_current(0);
}

}  // namespace emulator

extern "C" {

int cudaGetDriverEntryPointByVersion(const char *name, void **function, unsigned, unsigned long long,
                                     int *found) {
    using namespace emulator;
    *function = !std::strcmp(name, "cuCtxGetCurrent")   ? reinterpret_cast<void *>(get_current)
                : !std::strcmp(name, "cuCtxSetCurrent") ? reinterpret_cast<void *>(set_current)
                                                        : nullptr;
    if (found) *found = *function ? 0 : 1;
    return *function ? SUCCESS : NOT_FOUND;
}

// For the tests: whether a device has a context, and whether this thread has one.
bool emulator_has_context(int ordinal) { return emulator::contexts[ordinal].is_made; }
bool emulator_thread_has_context() { return emulator::current != nullptr; }

}  // extern "C"
