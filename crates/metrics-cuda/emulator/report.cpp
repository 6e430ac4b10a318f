// Errors go to standard error. At the end of the process a file says what ran, if `EMULATOR_SUMMARY` names one.
#include "report.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "access.h"
#include "entry.h"

namespace emulator {

uint64_t n_checks = 0, n_global_atomics = 0;

namespace {

constexpr size_t MOST_SHOWN = 40;

struct Launches {
    uint64_t n = 0, n_blocks = 0;
};

struct Summary {
    uint64_t n_reports = 0;
    std::map<std::string, Launches> launches;

    ~Summary() {
        const char *path = std::getenv("EMULATOR_SUMMARY");
        std::FILE *file = path ? std::fopen(path, "w") : nullptr;
        if (!file) return;
        std::fprintf(file, "reports\t%llu\n", (unsigned long long)n_reports);
        std::fprintf(file, "checks\t%llu\n", (unsigned long long)n_checks);
        std::fprintf(file, "entries\t%zu\n", n_entries());
        for (const auto &[kernel, of_kernel] : launches) {
            std::fprintf(file, "launches\t%s\t%llu\t%llu\n", kernel.c_str(),
                         (unsigned long long)of_kernel.n, (unsigned long long)of_kernel.n_blocks);
        }
        std::fclose(file);
    }
};

Summary &summary() {
    static Summary one;
    return one;
}

// Also a process that launches nothing writes its summary.
[[maybe_unused]] const Summary &from_the_start = summary();

}  // namespace

void found(const char *format, ...) {
    if (++summary().n_reports > MOST_SHOWN) return;
    va_list arguments;
    va_start(arguments, format);
    std::fputs("emulator: ", stderr);
    std::vfprintf(stderr, format, arguments);
    std::fputc('\n', stderr);
    va_end(arguments);
}

void report(const Thread &t, int line, const char *what, uint64_t at, unsigned n_bytes,
            unsigned other) {
    // Each place once: a race in a loop says the same many times.
    static std::set<std::pair<std::string, int>> told;
    if (!told.insert({std::string(t.block->kernel) + what, line}).second) return;
    found("%s at %#llx, %u bytes: kernel %s, line %d of its PTX, block %u, threads %u and %u", what,
          (unsigned long long)at, n_bytes, t.block->kernel, line, t.block->index.x, t.number,
          other);
}

void fault(const Thread &t, int line, const char *what, uint64_t at, unsigned n_bytes) {
    found("%s at %#llx, %u bytes: kernel %s, line %d of its PTX, block %u, thread %u", what,
          (unsigned long long)at, n_bytes, t.block->kernel, line, t.block->index.x, t.number);
    std::abort();
}

void trap(const Thread &t, int line) { fault(t, line, "trap", 0, 0); }

void count_launch(const char *kernel, uint64_t n_blocks) {
    Launches &of_kernel = summary().launches[kernel];
    of_kernel.n++;
    of_kernel.n_blocks += n_blocks;
}

}  // namespace emulator

// For the tests: errors so far, and atomics in the device's memory since the last call.
extern "C" uint64_t emulator_reports() { return emulator::summary().n_reports; }
extern "C" uint64_t emulator_global_atomics() {
    return std::exchange(emulator::n_global_atomics, 0);
}
