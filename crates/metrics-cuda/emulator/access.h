// Loads, stores and atomics of translated kernels, each checked.
#pragma once

#include <algorithm>
#include <cstring>

#include "thread.h"

namespace emulator {

enum class Access : uint8_t { Read, Write, Atomic, VolatileRead, VolatileWrite };

// Bounds, initialisation, and conflicts with other threads or blocks.
void check_shared(Thread &t, int line, uint32_t at, unsigned n_bytes, Access access);
void check_global(Thread &t, int line, uint64_t at, unsigned n_bytes, Access access);

extern uint64_t n_global_atomics;

inline void check_alignment(const Thread &t, int line, uint64_t at, unsigned alignment) {
    if (at % alignment) fault(t, line, "misaligned access", at, alignment);
}

template <typename T> T parameter(const Thread &t, unsigned offset) {
    T value;
    std::memcpy(&value, t.parameters + offset, sizeof value);
    return value;
}

template <typename T>
T load_global(Thread &t, int line, uint64_t at, unsigned alignment, bool is_volatile) {
    check_alignment(t, line, at, alignment);
    check_global(t, line, at, sizeof(T), is_volatile ? Access::VolatileRead : Access::Read);
    return *reinterpret_cast<const volatile T *>(at);
}

template <typename T>
void store_global(Thread &t, int line, uint64_t at, unsigned alignment, bool is_volatile, T value) {
    check_alignment(t, line, at, alignment);
    check_global(t, line, at, sizeof(T), is_volatile ? Access::VolatileWrite : Access::Write);
    *reinterpret_cast<T *>(at) = value;
}

template <typename T>
T load_shared(Thread &t, int line, uint32_t at, unsigned alignment, bool is_volatile) {
    check_alignment(t, line, at, alignment);
    check_shared(t, line, at, sizeof(T), is_volatile ? Access::VolatileRead : Access::Read);
    return *reinterpret_cast<const T *>(t.block->shared + at);
}

template <typename T>
void store_shared(Thread &t, int line, uint32_t at, unsigned alignment, bool is_volatile, T value) {
    check_alignment(t, line, at, alignment);
    check_shared(t, line, at, sizeof(T), is_volatile ? Access::VolatileWrite : Access::Write);
    *reinterpret_cast<T *>(t.block->shared + at) = value;
}

// A thread's own memory, whose size the translated code knows.
template <typename T> T load_local(Thread &, int, uint64_t at, unsigned, bool) {
    return *reinterpret_cast<const T *>(at);
}
template <typename T> void store_local(Thread &, int, uint64_t at, unsigned, bool, T value) {
    *reinterpret_cast<T *>(at) = value;
}

template <typename T, Atomic operation> T changed(T old, T value, T compared) {
    switch (operation) {
    case Atomic::Add: return T(old + value);
    case Atomic::Min: return std::min(old, value);
    case Atomic::Max: return std::max(old, value);
    case Atomic::Exchange: return value;
    case Atomic::CompareAndSwap: return old == compared ? value : old;
    case Atomic::Or: return T(old | value);
    case Atomic::And: return T(old & value);
    case Atomic::Xor: return T(old ^ value);
    }
    return old;
}

template <typename T, Atomic operation> T exchange(void *at, T value, T compared) {
    T &place = *static_cast<T *>(at);
    const T old = place;
    place = changed<T, operation>(old, value, compared);
    return old;
}

template <typename T, Atomic operation>
T atomic_shared(Thread &t, int line, uint32_t at, T value, T compared) {
    check_alignment(t, line, at, sizeof(T));
    check_shared(t, line, at, sizeof(T), Access::Atomic);
    return exchange<T, operation>(t.block->shared + at, value, compared);
}

template <typename T, Atomic operation>
T atomic_global(Thread &t, int line, uint64_t at, T value, T compared) {
    check_alignment(t, line, at, sizeof(T));
    check_global(t, line, at, sizeof(T), Access::Atomic);
    n_global_atomics++;
    return exchange<T, operation>(reinterpret_cast<void *>(at), value, compared);
}

// The address of shared memory among all addresses, and back.
inline uint64_t shared_address(const Thread &t, uint64_t offset) {
    return reinterpret_cast<uint64_t>(t.block->shared) + offset;
}
inline uint64_t shared_offset(const Thread &t, uint64_t address) {
    return address - reinterpret_cast<uint64_t>(t.block->shared);
}

// An atomic whose address may be of either memory.
template <typename T, Atomic operation>
T atomic_generic(Thread &t, int line, uint64_t at, T value, T compared) {
    const uint64_t offset = shared_offset(t, at);
    if (offset < t.block->shared_bytes) {
        return atomic_shared<T, operation>(t, line, uint32_t(offset), value, compared);
    }
    return atomic_global<T, operation>(t, line, at, value, compared);
}

}  // namespace emulator
