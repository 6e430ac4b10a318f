// What PTX computes and C++ has no operator for.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "thread.h"

namespace emulator {

template <typename F, typename Bits> F from_bits(Bits bits) {
    static_assert(sizeof(F) == sizeof(Bits));
    F value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
inline uint32_t to_bits(float value) { return from_bits<uint32_t>(value); }
inline uint64_t to_bits(double value) { return from_bits<uint64_t>(value); }
inline float half_to_float(uint16_t bits) { return float(from_bits<_Float16>(bits)); }

// Towards zero, with the ends of the range for what lies beyond. NaN is 0, or the lowest 64-bit number.
template <typename T, typename F> T truncate(F value) {
    using Limits = std::numeric_limits<T>;
    if (value != value) return sizeof(T) == 8 ? T(uint64_t(1) << 63) : T(0);
    // One more than the highest: a power of two.
    if (value >= std::ldexp(F(1), Limits::digits)) return Limits::max();
    if (value <= F(Limits::min())) return Limits::min();
    return T(value);
}

template <typename T> T divide(const Thread &t, int line, T a, T b) {
    if (b == 0) fault(t, line, "division by zero", 0, sizeof(T));
    return a / b;
}
template <typename T> T remainder(const Thread &t, int line, T a, T b) {
    if (b == 0) fault(t, line, "division by zero", 0, sizeof(T));
    return a % b;
}

// Shifts by the width or more leave nothing, or the sign.
template <typename T> T shift_left(T a, uint32_t n) {
    return n >= 8 * sizeof(T) ? T(0) : T(a << n);
}
template <typename T> T shift_right(T a, uint32_t n) {
    return n < 8 * sizeof(T) ? T(a >> n) : a < 0 ? T(-1) : T(0);
}

template <int n_bits> uint32_t leading_zeros(uint64_t a) {
    return a ? __builtin_clzll(a) - (64 - n_bits) : n_bits;
}
template <int n_bits> uint32_t highest_bit(uint64_t a) {
    return a ? 63 - __builtin_clzll(a) : 0xffffffffu;
}
inline uint32_t reversed(uint32_t a) {
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) bits |= (a >> i & 1) << (31 - i);
    return bits;
}

// Bits of positions and lengths above 255 are ignored.
template <typename T> T mask(uint32_t start, uint32_t n) {
    start &= 255, n &= 255;
    const T ones = n >= 8 * sizeof(T) ? T(~T(0)) : T((T(1) << n) - 1);
    return shift_left<T>(ones, start);
}
template <typename T> T insert_bits(T bits, T into, uint32_t start, uint32_t n) {
    const T place = mask<T>(start, n);
    return T((into & ~place) | (shift_left<T>(bits, start & 255) & place));
}
template <typename T> T extract_bits(T from, uint32_t start, uint32_t n) {
    return T(shift_right<T>(from, start & 255) & mask<T>(0, n));
}
// `bmsk.clamp`: all bits of both numbers count.
inline uint32_t bit_mask(uint32_t start, uint32_t n) {
    const uint32_t ones = n >= 32 ? ~0u : (1u << n) - 1;
    return shift_left<uint32_t>(ones, start);
}
inline uint32_t permute_bytes(uint32_t a, uint32_t b, uint32_t which) {
    const uint64_t bytes = a | uint64_t(b) << 32;
    uint32_t result = 0;
    for (int i = 0; i < 4; i++) {
        const unsigned selected = which >> (4 * i) & 15;
        uint32_t byte = uint32_t(bytes >> (8 * (selected & 7))) & 255;
        // The fourth bit asks for the sign alone.
        if (selected & 8) byte = byte & 128 ? 255 : 0;
        result |= byte << (8 * i);
    }
    return result;
}

}  // namespace emulator
