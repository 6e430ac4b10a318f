//! Steps of the engine on eight 32-bit keys, or four 64-bit keys, at a time.

#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::ops::AddAssign;

use num_traits::One;

use super::tie_scan::{MAX_GROUPS, MAX_SCANNED, TieScan};
use crate::arith::simd::positions;

/// Puts the first two keys in order, the next two, and so on.
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
pub(crate) fn sort_neighbours(keys: &mut [u32]) {
    let (eights, rest) = keys.as_chunks_mut::<8>();
    for eight in eights {
        let address: *mut __m256i = eight.as_mut_ptr().cast();
        // SAFETY: eight 32-bit keys are 32 bytes.
        let keys = unsafe { _mm256_loadu_si256(address) };
        let swapped = _mm256_shuffle_epi32::<0b10_11_00_01>(keys);
        let low = _mm256_min_epu32(keys, swapped);
        let high = _mm256_max_epu32(keys, swapped);
        let ordered = _mm256_blend_epi32::<0b1010_1010>(low, high);
        // SAFETY: as above.
        unsafe { _mm256_storeu_si256(address, ordered) };
    }
    for pair in rest.as_chunks_mut::<2>().0 {
        *pair = [pair[0].min(pair[1]), pair[0].max(pair[1])];
    }
}

/// [`sort_neighbours`] of wide keys.
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
pub(crate) fn sort_wide_neighbours(keys: &mut [u64]) {
    // Keys are unsigned, comparisons are signed.
    let sign = _mm256_set1_epi64x(i64::MIN);
    let is_second = _mm256_setr_epi64x(0, -1, 0, -1);
    let (fours, rest) = keys.as_chunks_mut::<4>();
    for four in fours {
        let address: *mut __m256i = four.as_mut_ptr().cast();
        // SAFETY: four 64-bit keys are 32 bytes.
        let keys = unsafe { _mm256_loadu_si256(address) };
        let swapped = _mm256_shuffle_epi32::<0b01_00_11_10>(keys);
        let is_larger =
            _mm256_cmpgt_epi64(_mm256_xor_si256(keys, sign), _mm256_xor_si256(swapped, sign));
        let is_wrong = _mm256_xor_si256(is_larger, is_second);
        let ordered = _mm256_blendv_epi8(keys, swapped, is_wrong);
        // SAFETY: as above.
        unsafe { _mm256_storeu_si256(address, ordered) };
    }
    for pair in rest.as_chunks_mut::<2>().0 {
        *pair = [pair[0].min(pair[1]), pair[0].max(pair[1])];
    }
}

/// [`first_descent`] of wide keys; it ends where fewer than five are left.
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
pub(crate) fn first_wide_descent(keys: &[u64], start: usize) -> usize {
    let mut at = start;
    let (label, sign) = (_mm256_set1_epi64x(1), _mm256_set1_epi64x(i64::MIN));
    while let Some(five) = keys.get(at..at + 5) {
        // SAFETY: four 64-bit keys from the first and from the second are 32 bytes each.
        let load = |first: usize| unsafe { _mm256_loadu_si256(five[first..].as_ptr().cast()) };
        let (keys, next) = (load(0), _mm256_or_si256(load(1), label));
        let descents =
            _mm256_cmpgt_epi64(_mm256_xor_si256(keys, sign), _mm256_xor_si256(next, sign));
        let descents = _mm256_movemask_pd(_mm256_castsi256_pd(descents)) as u32;
        if descents != 0 {
            return at + descents.trailing_zeros() as usize;
        }
        at += 4;
    }
    at
}

/// The first place from `start` on where a key is larger than the next by more than the label, or
/// where fewer than nine keys are left.
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
pub(crate) fn first_descent(keys: &[u32], start: usize) -> usize {
    let mut at = start;
    let label = _mm256_set1_epi32(1);
    while let Some(nine) = keys.get(at..at + 9) {
        // SAFETY: eight 32-bit keys from the first and from the second are 32 bytes each.
        let (keys, next) = unsafe {
            (
                _mm256_loadu_si256(nine.as_ptr().cast()),
                _mm256_loadu_si256(nine[1..].as_ptr().cast()),
            )
        };
        let next = _mm256_or_si256(next, label);
        let is_ordered = _mm256_cmpeq_epi32(_mm256_max_epu32(keys, next), next);
        let ordered = _mm256_movemask_ps(_mm256_castsi256_ps(is_ordered)) as u32;
        if ordered != 0xff {
            return at + ordered.trailing_ones() as usize;
        }
        at += 8;
    }
    at
}

/// For each set of eight flags, the positions of those that are set.
static POSITIONS: [[u8; 8]; 256] = positions();

#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
fn positions_of(flags: u8) -> __m256i {
    let positions = u64::from_ne_bytes(POSITIONS[flags as usize]);
    _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(positions as i64))
}

/// Packs samples, eight at a time, those with the top bit apart from those without. Returns the number of
/// packed samples, and the number of those with the top bit.
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
pub(crate) fn pack_apart(
    keys: &[u32],
    labels: &[u8],
    high: &mut [u32],
    low: &mut [u32],
) -> (usize, usize) {
    let (mut at, mut n_high) = (0, 0);
    while let (Some(keys), Some(labels)) = (keys.get(at..at + 8), labels.get(at..at + 8))
        && let (Some(high), Some(low)) =
            (high.get_mut(n_high..n_high + 8), low.get_mut(at - n_high..at - n_high + 8))
    {
        // SAFETY: eight 32-bit keys are 32 bytes, eight labels 8.
        let (keys, labels) = unsafe {
            (_mm256_loadu_si256(keys.as_ptr().cast()), _mm_loadu_si64(labels.as_ptr().cast()))
        };
        let is_high = _mm256_movemask_ps(_mm256_castsi256_ps(keys)) as u8;
        let below = _mm256_xor_si256(keys, _mm256_set1_epi32(-1));
        let packed = _mm256_or_si256(_mm256_slli_epi32::<1>(below), _mm256_cvtepu8_epi32(labels));
        // SAFETY: there is room for eight packed samples, 32 bytes, in both.
        unsafe {
            _mm256_storeu_si256(
                high.as_mut_ptr().cast(),
                _mm256_permutevar8x32_epi32(packed, positions_of(is_high)),
            );
            _mm256_storeu_si256(
                low.as_mut_ptr().cast(),
                _mm256_permutevar8x32_epi32(packed, positions_of(!is_high)),
            );
        }
        n_high += is_high.count_ones() as usize;
        at += 8;
    }
    (at, n_high)
}

/// For each set of eight labels, the number of positives up to each of them.
static POSITIVES_UP_TO: [[u8; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut labels = 0;
    while labels < 256 {
        let (mut i, mut n) = (0, 0);
        while i < 8 {
            n += (labels >> i & 1) as u8;
            table[labels][i] = n;
            i += 1;
        }
        labels += 1;
    }
    table
};

/// The group starts before the eight samples.
const BEFORE: u8 = 0x80;

/// For each set of eight ends of groups, where the group of each sample starts.
static STARTS: [[u8; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut ends = 0;
    while ends < 256 {
        let (mut i, mut start) = (0, BEFORE);
        while i < 8 {
            table[ends][i] = start;
            if ends >> i & 1 == 1 {
                start = i as u8 + 1;
            }
            i += 1;
        }
        ends += 1;
    }
    table
};

/// Scans eight samples at a time, as long as nine are left and there is room.
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
pub(crate) fn scan_narrow(packed: &[u32], scan: &mut TieScan) {
    let label = _mm256_set1_epi32(1);
    scan_groups(scan, |at| {
        let nine = packed.get(at..at + 9)?;
        // SAFETY: eight 32-bit keys from the first and from the second are 32 bytes each.
        let load = |first: usize| unsafe { _mm256_loadu_si256(nine[first..].as_ptr().cast()) };
        let (keys, next) = (load(0), load(1));
        let is_tied =
            _mm256_cmpeq_epi32(_mm256_or_si256(keys, label), _mm256_or_si256(next, label));
        let flags = |lanes| _mm256_movemask_ps(_mm256_castsi256_ps(lanes)) as u8;
        Some(Flags { last: !flags(is_tied), labels: flags(_mm256_slli_epi32::<31>(keys)) })
    });
}

/// [`scan_narrow`] of wide keys.
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
pub(crate) fn scan_wide(packed: &[u64], scan: &mut TieScan) {
    let label = _mm256_set1_epi64x(1);
    scan_groups(scan, |at| {
        let nine = packed.get(at..at + 9)?;
        // SAFETY: from the first, the second, the fifth and the sixth, four 64-bit keys are 32 bytes.
        let load = |first: usize| unsafe { _mm256_loadu_si256(nine[first..].as_ptr().cast()) };
        let flags = |lanes| _mm256_movemask_pd(_mm256_castsi256_pd(lanes)) as u8;
        let is_tied = |keys, next| {
            flags(_mm256_cmpeq_epi64(_mm256_or_si256(keys, label), _mm256_or_si256(next, label)))
        };
        let (low, high) = (load(0), load(4));
        let tied = is_tied(low, load(1)) | is_tied(high, load(5)) << 4;
        let [low, high] = [_mm256_slli_epi64::<63>(low), _mm256_slli_epi64::<63>(high)];
        Some(Flags { last: !tied, labels: flags(low) | flags(high) << 4 })
    });
}

/// Which of eight samples are the last ones of their groups, and which are positive.
struct Flags {
    last: u8,
    labels: u8,
}

/// Notes the tie groups of the samples, eight at a time. The ninth sample shows whether the group of the
/// eighth ends.
///
/// As long as there are no ties, each sample is a group, which takes less work. After a tie more are likely,
/// so the next [`TIE_CHECK_INTERVAL`] samples are scanned without a branch on ties.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
fn scan_groups(scan: &mut TieScan, flags: impl Fn(usize) -> Option<Flags>) {
    let mut at = None;
    while at != Some(scan.at) {
        at = Some(scan.at);
        if scan.at == scan.start {
            note_groups::<false>(scan, usize::MAX, &flags);
        }
        note_groups::<true>(scan, scan.at + TIE_CHECK_INTERVAL, &flags);
    }
}

/// Samples scanned between two checks for ties.
const TIE_CHECK_INTERVAL: usize = 32;

/// Notes groups up to `stop`, or up to the first ties unless `THROUGH_TIES`.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
fn note_groups<const THROUGH_TIES: bool>(
    scan: &mut TieScan,
    stop: usize,
    flags: &impl Fn(usize) -> Option<Flags>,
) {
    let (mut n, mut at, mut start, mut tp) = (scan.n, scan.at, scan.start, scan.tp);
    // 1 if the group has had positives so far.
    let mut carry = u32::from(tp > scan.tps[n]);
    let counting = _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8);
    // SAFETY: reads the eight bytes of the array.
    let bytes = |eight: &[u8; 8]| unsafe { _mm_loadu_si64(eight.as_ptr().cast()) };
    while n < MAX_GROUPS
        && at < stop.min(MAX_SCANNED)
        && let Some(Flags { last, labels }) = flags(at)
        && (THROUGH_TIES || last == u8::MAX)
        && let Some(tps) = scan.tps.get_mut(n + 1..n + 9)
        && let Some(starts) = scan.starts.get_mut(n..n + 8)
        && let Some(ends) = scan.ends.get_mut(n..n + 8)
    {
        let (tp_before, now) = (_mm256_set1_epi32(tp as i32), _mm256_set1_epi32(at as i32));
        let (noted, positions, new_tps, new_starts);
        if THROUGH_TIES {
            // A positive carries to the last sample of its group.
            let inside = u32::from(!last);
            let carried = (u32::from(labels) & inside) + inside + carry;
            carry = carried >> 8;
            noted = last & (carried as u8 | labels);
            positions = positions_of(noted);
            let tps = _mm256_cvtepu8_epi32(bytes(&POSITIVES_UP_TO[labels as usize]));
            new_tps = _mm256_add_epi32(_mm256_permutevar8x32_epi32(tps, positions), tp_before);
            let starts = _mm256_cvtepi8_epi32(bytes(&STARTS[last as usize]));
            let starts = _mm256_castps_si256(_mm256_blendv_ps(
                _mm256_castsi256_ps(_mm256_add_epi32(starts, now)),
                _mm256_castsi256_ps(_mm256_set1_epi32(start as i32)),
                _mm256_castsi256_ps(starts),
            ));
            new_starts = _mm256_permutevar8x32_epi32(starts, positions);
            if last != 0 {
                start = at + 8 - last.leading_zeros() as usize;
            }
        } else {
            noted = labels;
            positions = positions_of(noted);
            new_tps = _mm256_add_epi32(counting, tp_before);
            new_starts = _mm256_add_epi32(positions, now);
            start = at + 8;
        }
        let new_ends = _mm256_add_epi32(_mm256_add_epi32(positions, now), _mm256_set1_epi32(1));
        // SAFETY: there is room for eight 32-bit counts, 32 bytes, in each.
        unsafe {
            _mm256_storeu_si256(tps.as_mut_ptr().cast(), new_tps);
            _mm256_storeu_si256(starts.as_mut_ptr().cast(), new_starts);
            _mm256_storeu_si256(ends.as_mut_ptr().cast(), new_ends);
        }
        n += noted.count_ones() as usize;
        tp += labels.count_ones();
        at += 8;
    }
    scan.has_ties |= THROUGH_TIES && at > scan.at;
    (scan.n, scan.at, scan.start, scan.tp) = (n, at, start, tp);
}

/// Counts samples, sixteen at a time, by bucket and label; fewer than sixteen may be left. Returns the
/// number of counted samples, or `None` if one is invalid; some are counted then.
///
/// # Panics
/// Unless there are two counters for each bucket, and at most 2^15 buckets.
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
pub(crate) fn count_f32<C: Copy + AddAssign + One>(
    probabilities: &[f32],
    labels: &[u8],
    num_thresholds: usize,
    counts: &mut [C],
) -> Option<usize> {
    let scale = _mm256_set1_ps(num_thresholds as f32);
    let is_valid = |p| {
        let (zero, one) = (_mm256_setzero_ps(), _mm256_set1_ps(1.0));
        _mm256_and_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(zero, p), _mm256_cmp_ps::<_CMP_LE_OQ>(p, one))
    };
    let bucket = |p| {
        let nearly = _mm256_cvttps_epi32(_mm256_mul_ps(p, scale));
        // The sign is set if the exact product is below this number, to which it was rounded up.
        let above = _mm256_fmsub_ps(p, scale, _mm256_cvtepi32_ps(nearly));
        _mm256_add_epi32(nearly, _mm256_srai_epi32::<31>(_mm256_castps_si256(above)))
    };
    count(probabilities, labels, num_thresholds, counts, |sixteen: &[f32; 16]| {
        // SAFETY: eight floats are 32 bytes.
        let load = |first: usize| unsafe { _mm256_loadu_ps(sixteen[first..first + 8].as_ptr()) };
        let (low, high) = (load(0), load(8));
        let are_valid = _mm256_movemask_ps(_mm256_and_ps(is_valid(low), is_valid(high))) == 0xff;
        are_valid.then(|| [bucket(low), bucket(high)])
    })
}

/// [`count_f32`] of doubles.
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
pub(crate) fn count_f64<C: Copy + AddAssign + One>(
    probabilities: &[f64],
    labels: &[u8],
    num_thresholds: usize,
    counts: &mut [C],
) -> Option<usize> {
    let scale = _mm256_set1_pd(num_thresholds as f64);
    let is_valid = |p| {
        let (zero, one) = (_mm256_setzero_pd(), _mm256_set1_pd(1.0));
        _mm256_and_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(zero, p), _mm256_cmp_pd::<_CMP_LE_OQ>(p, one))
    };
    let bucket = |p| _mm256_cvttpd_epi32(_mm256_mul_pd(p, scale));
    count(probabilities, labels, num_thresholds, counts, |sixteen: &[f64; 16]| {
        // SAFETY: four floats are 32 bytes.
        let load = |first: usize| unsafe { _mm256_loadu_pd(sixteen[first..first + 4].as_ptr()) };
        let (a, b, c, d) = (load(0), load(4), load(8), load(12));
        let are_valid = _mm256_and_pd(
            _mm256_and_pd(is_valid(a), is_valid(b)),
            _mm256_and_pd(is_valid(c), is_valid(d)),
        );
        (_mm256_movemask_pd(are_valid) == 0xf).then(|| {
            [_mm256_set_m128i(bucket(b), bucket(a)), _mm256_set_m128i(bucket(d), bucket(c))]
        })
    })
}

/// Sixteen numbers of 16 bits, read with four loads.
type Numbers = [u64; 4];
/// Rounds by which counting lags behind numbering, so that it does not wait for it.
const LAG: usize = 2;

/// Counts samples by bucket and label; `buckets` returns `None` if one of the sixteen is invalid.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
fn count<P, C: Copy + AddAssign + One>(
    probabilities: &[P],
    labels: &[u8],
    num_thresholds: usize,
    counts: &mut [C],
    buckets: impl Fn(&[P; 16]) -> Option<[__m256i; 2]>,
) -> Option<usize> {
    assert!(counts.len() <= 1 << 16 && counts.len() == 2 * (num_thresholds + 1), "two a bucket");
    let last = _mm256_set1_epi16((counts.len() - 1) as i16);
    let mut count = |numbers: Numbers| {
        for four in numbers {
            for number in [four, four >> 16, four >> 32, four >> 48] {
                // SAFETY: numbers are at most `last`, the number of the last counter.
                unsafe { *counts.get_unchecked_mut(usize::from(number as u16)) += C::one() };
            }
        }
    };
    let mut latest = [Numbers::default(); LAG];
    let mut n = 0;
    let labels: &[[u8; 16]] = labels.as_chunks().0;
    for (probabilities, labels) in probabilities.as_chunks().0.iter().zip(labels) {
        let [low, high] = buckets(probabilities)?;
        // SAFETY: sixteen labels are 16 bytes.
        let labels = unsafe { _mm_loadu_si128(labels.as_ptr().cast()) };
        let are_labels = _mm_cmpeq_epi8(_mm_min_epu8(labels, _mm_set1_epi8(1)), labels);
        if _mm_movemask_epi8(are_labels) != 0xffff {
            return None;
        }
        // Packing interleaves the halves of the two: this restores their order.
        let buckets = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi32(low, high));
        let twice = _mm256_add_epi16(buckets, buckets);
        let numbers = _mm256_add_epi16(twice, _mm256_cvtepu8_epi16(labels));
        let slot = &mut latest[n % LAG];
        if n >= LAG {
            count(*slot);
        }
        // SAFETY: sixteen 16-bit numbers are 32 bytes.
        unsafe { _mm256_storeu_si256(slot.as_mut_ptr().cast(), _mm256_min_epu16(numbers, last)) };
        n += 1;
    }
    latest[..n.min(LAG)].iter().for_each(|&numbers| count(numbers));
    Some(16 * n)
}
