// Runs the blocks of a launch one after another, and the threads of a block as fibers in random order.
#include "fibers.h"

#include <xmmintrin.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <numeric>
#include <vector>

#include "entry.h"
#include "global.h"
#include "report.h"
#include "settings.h"

#ifndef __x86_64__
#error "The emulator changes between fibers in assembly of x86-64."
#endif

// Saves what a function keeps on the stack, and goes on with another stack.
extern "C" void emulator_switch(void **from, void *to);
asm(R"(
.text
.globl emulator_switch
emulator_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");

namespace emulator {

namespace {

constexpr size_t STACK_BYTES = 256 << 10;
constexpr int N_SAVED = 6;  // registers that `emulator_switch` saves
// The default floating-point mode: a caller's own is no matter of the device's.
constexpr unsigned DEFAULT_MODE = 0x1f80;

struct Known {
    std::map<std::string, const Entry *> by_name;
    int capability = 0;
};

Known &known() {
    static Known all;
    return all;
}

void *scheduler;  // its stack
Thread *running;
void (*kernel)(Thread &);
std::vector<Thread *> ready;

[[noreturn]] void first_step() {
    Thread &t = *running;
    kernel(t);
    t.state = State::Done;
    t.block->n_left--;
    t.block->warps[t.warp].gone |= 1u << t.lane;
    if (is_complete(*t.block)) open_barrier(*t.block);
    wait_for_turn(t);
    std::abort();
}

void *new_stack(unsigned thread) {
    static std::vector<char *> stacks;
    while (stacks.size() <= thread) {
        stacks.push_back(static_cast<char *>(std::aligned_alloc(64, STACK_BYTES)));
    }
    void **top = reinterpret_cast<void **>(stacks[thread] + STACK_BYTES - 64);
    *--top = nullptr;
    *--top = reinterpret_cast<void *>(first_step);
    for (int i = 0; i < N_SAVED; i++) *--top = nullptr;
    return top;
}

void run_block(Block &block) {
    ready.clear();
    for (unsigned i = 0; i < block.n_threads; i++) {
        Thread &t = block.threads[i] = Thread{};
        t.number = i;
        t.index = {i % block.size.x, i / block.size.x % block.size.y,
                   i / block.size.x / block.size.y};
        t.lane = i % 32;
        t.warp = i / 32;
        t.block = &block;
        t.parameters = block.parameters;
        t.stack = new_stack(i);
        ready.push_back(&t);
    }
    while (!ready.empty()) {
        std::swap(ready.back(), ready[random_bits() % ready.size()]);
        running = ready.back();
        ready.pop_back();
        emulator_switch(&scheduler, running->stack);
    }
    for (unsigned i = 0; i < block.n_threads; i++) {
        const Thread &t = block.threads[i];
        if (t.state == State::AtBarrier) fault(t, t.line, "deadlock at a barrier", 0, 0);
        if (t.state == State::WithLanes) fault(t, t.line, "deadlock of lanes", t.mask, 0);
    }
}

// The blocks of our kernels in any order. CUB's that look back at others need theirs.
struct Order {
    uint64_t n, factor = 1, start = 0;

    Order(const Entry &entry, uint64_t n) : n(n) {
        const bool is_ours = !std::strncmp(entry.name, "_ZN7metrics", 11);
        if (!is_ours || n < 2) return;
        do factor = random_bits() % n;
        while (std::gcd(factor, n) != 1);
        start = random_bits() % n;
    }
    uint64_t at(uint64_t i) const {
        return uint64_t(((unsigned __int128)i * factor + start) % n);
    }
};

}  // namespace

Registered::Registered(const Entry *entries, size_t n, int capability) {
    for (size_t i = 0; i < n; i++) known().by_name.emplace(entries[i].name, &entries[i]);
    known().capability = capability;
}

const Entry *find_entry(const std::string &name) {
    const auto at = known().by_name.find(name);
    return at == known().by_name.end() ? nullptr : at->second;
}

size_t n_entries() { return known().by_name.size(); }
int capability() { return known().capability; }

void wait_for_turn(Thread &t) { emulator_switch(&t.stack, scheduler); }

void make_ready(Thread &t) {
    t.state = State::Ready;
    ready.push_back(&t);
}

void let_others_run(Thread &t) {
    ready.insert(ready.begin(), &t);
    wait_for_turn(t);
}

void open_barrier(Block &block) {
    block.n_at_barrier = 0;
    block.barriers++;
    for (unsigned i = 0; i < block.n_threads; i++) {
        if (block.threads[i].state == State::AtBarrier) make_ready(block.threads[i]);
    }
}

void run(const Entry &entry, Dim grid, Dim size, void **arguments, size_t dynamic_bytes) {
    static std::vector<Thread> threads;
    static std::vector<char> shared(MOST_SHARED + 128);
    static std::vector<Shadow> words(MOST_SHARED / 4), bytes(MOST_SHARED);
    std::vector<char> parameters(16);
    for (const Parameter *one = entry.parameters; one->n_bytes; one++) {
        parameters.resize(one->offset + one->n_bytes);
        std::memcpy(&parameters[one->offset], *arguments++, one->n_bytes);
    }
    const unsigned n_threads = size.x * size.y * size.z;
    const uint32_t dynamic_start = (entry.n_static_bytes + 15) / 16 * 16;
    threads.resize(n_threads);
    kernel = entry.run;
    begin_launch();
    const Order order(entry, uint64_t(grid.x) * grid.y * grid.z);
    count_launch(entry.name, order.n);
    const unsigned mode = _mm_getcsr();
    _mm_setcsr(DEFAULT_MODE);
    for (uint64_t i = 0; i < order.n; i++) {
        const uint64_t at = order.at(i);
        Block block{};
        block.size = size;
        block.grid = grid;
        block.index = {unsigned(at % grid.x), unsigned(at / grid.x % grid.y),
                       unsigned(at / grid.x / grid.y)};
        block.shared = reinterpret_cast<char *>((uint64_t(shared.data()) + 127) / 128 * 128);
        block.dynamic_start = dynamic_start;
        block.shared_bytes =
            dynamic_bytes ? dynamic_start + uint32_t(dynamic_bytes) : entry.n_static_bytes;
        block.parameters = parameters.data();
        block.parameter_bytes = uint32_t(parameters.size());
        block.n_threads = block.n_left = n_threads;
        block.threads = threads.data();
        block.words = words.data();
        block.bytes = bytes.data();
        block.kernel = entry.name;
        std::memset(block.shared, int(random_bits()), block.shared_bytes);
        std::fill_n(words.begin(), (block.shared_bytes + 3) / 4, Shadow{});
        run_block(block);
    }
    _mm_setcsr(mode);
}

}  // namespace emulator
