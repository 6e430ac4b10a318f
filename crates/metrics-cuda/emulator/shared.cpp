// Shared memory: bounds, bytes that were never written, and accesses of two threads that no barrier orders.
#include "access.h"
#include "report.h"

namespace emulator {

namespace {

constexpr uint32_t WORD = 4;

// Whether an access at this moment may come before or after one of this thread.
bool races(const Moment &other, const Thread &t) {
    if (!other.thread || other.thread - 1 == t.number) return false;
    if (other.barriers != t.block->barriers) return false;
    return (other.thread - 1) / 32 != t.warp || other.meetings == t.meetings;
}

struct Visit {
    Thread &t;
    int line;
    uint32_t at;
    unsigned n_bytes;
    Access access;
    Moment now;

    void race(const char *what, const Moment &other) const {
        report(t, line, what, at, n_bytes, other.thread - 1);
    }

    void read(Shadow &place) const {
        if (!place.is_written) {
            report(t, line, "shared memory read before it is written", at, n_bytes, 0);
        }
        // An atomic has a value at any time.
        if (races(place.write, t) && !place.is_atomic) {
            race("race in shared memory: read after write", place.write);
        }
        if (place.read.thread != now.thread) place.other_read = place.read;
        place.read = now;
    }

    void write(Shadow &place) const {
        const bool is_atomic = access != Access::Write;
        if (races(place.write, t) && !(place.is_atomic && is_atomic)) {
            race("race in shared memory: write after write", place.write);
        }
        for (const Moment &read : {place.read, place.other_read}) {
            if (races(read, t)) race("race in shared memory: write after read", read);
        }
        place.write = now;
        place.is_atomic = is_atomic;
        place.is_written = true;
    }

    void operator()(Shadow &place) const { access == Access::Read ? read(place) : write(place); }
};

}  // namespace

void check_shared(Thread &t, int line, uint32_t at, unsigned n_bytes, Access access) {
    n_checks++;
    if (uint64_t(at) + n_bytes > t.block->shared_bytes) {
        fault(t, line, "access beyond shared memory", at, n_bytes);
    }
    // Whoever reads a volatile place expects others to write there.
    if (access == Access::VolatileRead) return;
    const Visit visit{t, line, at, n_bytes, access, {t.number + 1, t.block->barriers, t.meetings}};
    const bool is_of_words = at % WORD == 0 && n_bytes % WORD == 0;
    for (uint32_t i = at; i < at + n_bytes;) {
        Shadow &word = t.block->words[i / WORD];
        if (is_of_words && !word.is_split) {
            visit(word);
            i += WORD;
            continue;
        }
        if (!word.is_split) {
            for (uint32_t j = 0; j < WORD; j++) t.block->bytes[i / WORD * WORD + j] = word;
            word.is_split = true;
        }
        visit(t.block->bytes[i++]);
    }
}

}  // namespace emulator
