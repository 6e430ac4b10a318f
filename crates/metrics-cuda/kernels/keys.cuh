// Scores as unsigned keys of the same order, and targets as labels. Integer operations only: float
// arithmetic may flush subnormals. Compiles for the host and the device.
#pragma once

#include "groups.cuh"

namespace metrics {

// The element types, in the order of `Element` in the launcher.
enum class Type : int32_t { U8, I8, U16, I16, U32, I32, U64, I64, F16, Bf16, F32, F64 };

// Floats: negative ones have all bits flipped, others the sign; -0.0 becomes 0.0 first.
template <typename Bits> TM_BOTH Bits float_key(Bits bits) {
    const Bits sign = Bits(Bits(1) << (8 * sizeof(Bits) - 1));
    if (bits == sign) bits = 0;
    return (bits & sign) ? Bits(~bits) : Bits(bits | sign);
}

// A score type: the bits it is read as, the key, and the range of keys that are numbers.
template <Type type> struct Score;

#define TM_SCORE(TYPE, BITS, KEY, MAKE, LOW, HIGH)                                            \
    template <> struct Score<Type::TYPE> {                                                    \
        using Bits = BITS;                                                                    \
        using Key = KEY;                                                                      \
        static constexpr Key low = LOW, high = HIGH;                                          \
        TM_BOTH static Key key(Bits x) { return MAKE; }                                       \
    };

TM_SCORE(U8, uint8_t, uint32_t, uint32_t(x) ^ 0x80000000u, 0, 0xffffffffu)
TM_SCORE(I8, int8_t, uint32_t, uint32_t(int32_t(x)) ^ 0x80000000u, 0, 0xffffffffu)
TM_SCORE(U16, uint16_t, uint32_t, uint32_t(x) ^ 0x80000000u, 0, 0xffffffffu)
TM_SCORE(I16, int16_t, uint32_t, uint32_t(int32_t(x)) ^ 0x80000000u, 0, 0xffffffffu)
TM_SCORE(I32, int32_t, uint32_t, uint32_t(x) ^ 0x80000000u, 0, 0xffffffffu)
TM_SCORE(U32, uint32_t, uint64_t, uint64_t(x) ^ (uint64_t(1) << 63), 0, ~uint64_t(0))
TM_SCORE(I64, int64_t, uint64_t, uint64_t(x) ^ (uint64_t(1) << 63), 0, ~uint64_t(0))
TM_SCORE(U64, uint64_t, uint64_t, x, 0, ~uint64_t(0))
TM_SCORE(F16, uint16_t, uint16_t, float_key<uint16_t>(x), 0x7fff - 0x7c00, 0x8000 | 0x7c00)
TM_SCORE(Bf16, uint16_t, uint16_t, float_key<uint16_t>(x), 0x7fff - 0x7f80, 0x8000 | 0x7f80)
TM_SCORE(F32, uint32_t, uint32_t, float_key<uint32_t>(x), 0x7fffffffu - 0x7f800000u,
         0x80000000u | 0x7f800000u)
TM_SCORE(F64, uint64_t, uint64_t, float_key<uint64_t>(x),
         0x7fffffffffffffffull - 0x7ff0000000000000ull,
         0x8000000000000000ull | 0x7ff0000000000000ull)
#undef TM_SCORE

// How a target is read: its width in bytes, and the bits of 1 and of -0.0 (those of 0 are 0).
struct Targets {
    const void *data;
    uint64_t one;
    uint64_t minus_zero;
    int32_t width;
    Type type;

    TM_BOTH uint64_t bits(size_t i) const {
        switch (width) {
        case 1: return static_cast<const uint8_t *>(data)[i];
        case 2: return static_cast<const uint16_t *>(data)[i];
        case 4: return static_cast<const uint32_t *>(data)[i];
        default: return static_cast<const uint64_t *>(data)[i];
        }
    }
    TM_BOTH unsigned label(uint64_t bits) const { return bits == one; }
    TM_BOTH bool is_label(uint64_t bits) const {
        return bits == one || bits == 0 || bits == minus_zero;
    }
};

TM_BOTH Targets targets(const void *data, Type type) {
    switch (type) {
    case Type::U8:
    case Type::I8: return {data, 1, 0, 1, type};
    case Type::U16:
    case Type::I16: return {data, 1, 0, 2, type};
    case Type::U32:
    case Type::I32: return {data, 1, 0, 4, type};
    case Type::U64:
    case Type::I64: return {data, 1, 0, 8, type};
    case Type::F16: return {data, 0x3c00, 0x8000, 2, type};
    case Type::Bf16: return {data, 0x3f80, 0x8000, 2, type};
    case Type::F32: return {data, 0x3f800000u, 0x80000000u, 4, type};
    default: return {data, 0x3ff0000000000000ull, 0x8000000000000000ull, 8, type};
    }
}

// The bucket of a probability. Any other number takes one of the ends, so that no bucket is beyond them:
// kernels write to the counter of the bucket without a check.
TM_BOTH int64_t bucket_of(double p, double num_thresholds) {
    const double product = p * num_thresholds;
    if (!(product > 0.0)) return 0;
    return int64_t(product < num_thresholds ? product : num_thresholds);
}

}  // namespace metrics
