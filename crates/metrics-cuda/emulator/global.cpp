// The device's memory: bounds of every allocation, bytes that were never written, and plain accesses of two blocks of
// one launch to the same byte.
#include "global.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <vector>

#include "access.h"
#include "report.h"
#include "settings.h"

namespace emulator {

namespace {

// The launches and blocks that wrote a place last: plainly, and by an atomic. 0: never.
struct Place {
    uint32_t write_launch, write_block, atomic_launch, atomic_block;
    bool has_value;
    bool is_split;  // a word whose bytes have places of their own
};

constexpr uint64_t WORD = 4;

struct Allocation {
    uint64_t start, end;
    std::vector<Place> words, bytes;

    // Calls `visit` with each place of some bytes and how many of them it stands for: words where that tells no less.
    template <typename Visit> void visit(uint64_t at, size_t n_bytes, Visit visit) {
        const bool is_of_words = (at - start) % WORD == 0 && n_bytes % WORD == 0;
        for (uint64_t i = at - start; i < at - start + n_bytes;) {
            Place &word = words[i / WORD];
            if (is_of_words && !word.is_split) {
                visit(word, WORD);
                i += WORD;
                continue;
            }
            if (!word.is_split) split(i / WORD);
            visit(bytes[i++], 1);
        }
    }

    void split(uint64_t word) {
        bytes.resize(words.size() * WORD);
        for (uint64_t i = 0; i < WORD; i++) bytes[word * WORD + i] = words[word];
        words[word].is_split = true;
    }
};

std::map<uint64_t, Allocation> allocations;
uint32_t launch = 1;
// Of the lines of PTX, the allocation that each met last.
Allocation *recent[64];

// How many allocations begin at addresses of a hash: the host frees much that was never lent.
std::atomic<uint32_t> n_lent[1 << 12];
std::atomic<uint32_t> &n_lent_at(uint64_t start) {
    return n_lent[(start >> 4) * 0x9e3779b1u >> 20 & 0xfff];
}

bool holds(const Allocation &one, uint64_t at, size_t n_bytes) {
    return at >= one.start && at + n_bytes <= one.end;
}

// The allocation that an address lies in; null if there is none.
Allocation *allocation_of(uint64_t at) {
    auto next = allocations.upper_bound(at);
    if (next == allocations.begin()) return nullptr;
    Allocation &one = std::prev(next)->second;
    return at < one.end ? &one : nullptr;
}

[[noreturn]] void beyond(const char *what, size_t n_bytes) {
    found("a %s of %zu bytes goes beyond an allocation", what, n_bytes);
    std::abort();
}

// The allocation that a fill or a copy begins in, which must hold all of it; null for host memory.
Allocation *checked(const char *what, const void *at, size_t n_bytes) {
    Allocation *one = allocation_of(uint64_t(at));
    if (one && !holds(*one, uint64_t(at), n_bytes)) beyond(what, n_bytes);
    return one;
}

}  // namespace

void begin_launch() { launch++; }

void note_fill(const void *to, size_t n_bytes) {
    std::lock_guard<std::recursive_mutex> guard(lock());
    Allocation *one = n_bytes ? checked("fill", to, n_bytes) : nullptr;
    if (!one) return;
    one->visit(uint64_t(to), n_bytes, [](Place &place, uint64_t) {
        place = {0, 0, 0, 0, true, place.is_split};
    });
}

void note_copy(const void *to, const void *from, size_t n_bytes) {
    std::lock_guard<std::recursive_mutex> guard(lock());
    if (!n_bytes) return;
    Allocation *target = checked("copy", to, n_bytes), *source = checked("copy", from, n_bytes);
    std::vector<bool> has_value;
    if (source) {
        has_value.reserve(n_bytes);
        for (size_t i = 0; i < n_bytes; i++) {
            const uint64_t at = uint64_t(from) + i - source->start;
            const Place &word = source->words[at / WORD];
            has_value.push_back((word.is_split ? source->bytes[at] : word).has_value);
        }
    }
    const size_t n_without = std::count(has_value.begin(), has_value.end(), false);
    if (target) {
        size_t i = 0;
        // A word of which some bytes have no value has none: what reads it says so.
        target->visit(uint64_t(to), n_bytes, [&](Place &place, uint64_t n) {
            bool has = true;
            for (uint64_t j = 0; j < n; j++, i++) has &= !source || has_value[i];
            place = {0, 0, 0, 0, has, place.is_split};
        });
        return;
    }
    if (n_without) found("%zu of %zu bytes read by the host have no value", n_without, n_bytes);
}

void check_global(Thread &t, int line, uint64_t at, unsigned n_bytes, Access access) {
    const Block &block = *t.block;
    // Addresses without a space may be of shared memory or of parameters.
    const uint64_t shared = uint64_t(block.shared), parameters = uint64_t(block.parameters);
    if (at - shared < block.shared_bytes) {
        return check_shared(t, line, uint32_t(at - shared), n_bytes, access);
    }
    n_checks++;
    if (at - parameters < block.parameter_bytes) return;
    Allocation *&one = recent[line % 64];
    if (!one || !holds(*one, at, n_bytes)) one = allocation_of(at);
    if (!one || !holds(*one, at, n_bytes)) {
        fault(t, line, "access outside of all allocations", at, n_bytes);
    }
    const uint32_t own = block.index.x + block.index.y * block.grid.x + 1;
    const bool is_read = access == Access::Read || access == Access::VolatileRead;
    const bool is_plain = access == Access::Read || access == Access::Write;
    one->visit(at, n_bytes, [&](Place &place, uint64_t) {
        const bool is_written = place.write_launch == launch && place.write_block != own;
        const bool is_changed = place.atomic_launch == launch && place.atomic_block != own;
        if (!place.has_value && (is_read || access == Access::Atomic)) {
            report(t, line, "memory read before it is written", at, n_bytes, 0);
        }
        if ((is_plain && (is_written || is_changed)) || (access == Access::Atomic && is_written)) {
            report(t, line, "two blocks of a launch at one place", at, n_bytes, 0);
        }
        if (access == Access::Write) place.write_launch = launch, place.write_block = own;
        if (access == Access::Atomic) place.atomic_launch = launch, place.atomic_block = own;
        if (!is_read) place.has_value = true;
    });
}

}  // namespace emulator

void emulator_lend(const void *at, size_t n_bytes, bool has_values) {
    using namespace emulator;
    if (!n_bytes) return;
    std::lock_guard<std::recursive_mutex> guard(lock());
    const uint64_t start = uint64_t(at), end = start + n_bytes;
    // What lay there before is no more.
    auto old = allocations.lower_bound(start);
    if (old != allocations.begin() && std::prev(old)->second.end > start) --old;
    while (old != allocations.end() && old->first < end) {
        n_lent_at(old->first)--;
        old = allocations.erase(old);
    }
    const Place place{0, 0, 0, 0, has_values, false};
    allocations[start] = {start, end, std::vector<Place>((n_bytes + WORD - 1) / WORD, place), {}};
    n_lent_at(start)++;
    for (auto &known : recent) known = nullptr;
}

void emulator_forget(const void *at) {
    using namespace emulator;
    if (!n_lent_at(uint64_t(at))) return;
    std::lock_guard<std::recursive_mutex> guard(lock());
    if (!allocations.erase(uint64_t(at))) return;
    n_lent_at(uint64_t(at))--;
    for (auto &known : recent) known = nullptr;
}
