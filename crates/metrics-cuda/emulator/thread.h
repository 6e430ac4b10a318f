// Threads and blocks as translated kernels see them.
#pragma once

#include <cstddef>
#include <cstdint>

// The number of the change that runs, of those that are compiled in; 0 is none. Kernels read it as `%envreg0`.
extern "C" int emulator_mutant();

namespace emulator {

struct Dim {
    unsigned x, y, z;
};

// What a thread does.
enum class State : uint8_t { Ready, AtBarrier, WithLanes, Done };

// What the lanes of a warp do together.
enum class Lanes : uint8_t {
    Meet, ShuffleUp, ShuffleDown, ShuffleXor, ShuffleFrom, Ballot, Any, All, Sum, Max, Min, Or, And
};

enum class Vote : uint8_t { Any, All };
enum class Atomic : uint8_t { Add, Min, Max, Exchange, CompareAndSwap, Or, And, Xor };

struct Block;

struct Thread {
    Dim index;
    unsigned number, lane, warp;  // in its block, in its warp, of its warp
    Block *block;
    const char *parameters;
    void *stack;        // where its fiber stands
    State state;
    int line;           // of the PTX, where it waits
    uint32_t meetings;  // how often all lanes of its warp have met
    // What it brings to the other lanes, and what it gets.
    Lanes kind;
    uint32_t mask, value, source, limits, result;
    bool is_in_range;
};

// Lanes that wait for others, and lanes that have returned.
struct Warp {
    uint32_t waiting, gone;
};

// A place in a thread's run: two accesses are ordered if a barrier lies between them.
struct Moment {
    uint32_t thread, barriers, meetings;  // `thread` plus one; 0: never
};

// What happened to a place in shared memory.
struct Shadow {
    Moment write, read, other_read;  // the last read of another thread than `read`
    bool is_atomic, is_written;
    bool is_split;  // a word whose bytes have shadows of their own: few have
};

struct Block {
    Dim size, index, grid;
    char *shared;
    uint32_t shared_bytes, dynamic_start;
    const char *parameters;
    uint32_t parameter_bytes;
    unsigned n_threads, n_left, n_at_barrier;
    int barrier_line;
    bool any, all;      // votes at the barrier
    uint32_t barriers;  // how often all threads have met
    Thread *threads;
    Shadow *words, *bytes;  // shadows of shared memory
    Warp warps[32];
    const char *kernel;
};

// What threads do together. `line` is that of the PTX.
uint32_t lanes(Thread &t, int line, Lanes kind, uint32_t mask, uint32_t value = 0,
               uint32_t source = 0, uint32_t limits = 0);
void barrier(Thread &t, int line, uint32_t number);
bool barrier_vote(Thread &t, int line, uint32_t number, Vote vote, bool value);
void let_others_run(Thread &t);

// An error after which nothing can go on, and one after which the run goes on and fails.
[[noreturn]] void fault(const Thread &t, int line, const char *what, uint64_t at, unsigned n_bytes);
void report(const Thread &t, int line, const char *what, uint64_t at, unsigned n_bytes,
            unsigned other);
[[noreturn]] void trap(const Thread &t, int line);

}  // namespace emulator
