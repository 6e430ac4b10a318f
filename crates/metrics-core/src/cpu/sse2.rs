//! Steps of the engine on four 32-bit keys at a time, on every x86-64 processor.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::tie_scan::{MAX_GROUPS, MAX_SCANNED, TieScan};
use crate::arith::simd::positions;

/// Puts the first two keys in order, the next two, and so on.
pub(crate) fn sort_neighbours(keys: &mut [u32]) {
    let (fours, rest) = keys.as_chunks_mut::<4>();
    for four in fours {
        let address: *mut __m128i = four.as_mut_ptr().cast();
        // SAFETY: four 32-bit keys are 16 bytes; every x86-64 processor has SSE2.
        unsafe {
            let keys = _mm_loadu_si128(address);
            let swapped = _mm_shuffle_epi32::<0b10_11_00_01>(keys);
            let is_above = _mm_cmpgt_epi32(signed(keys), signed(swapped));
            let is_swapped = _mm_shuffle_epi32::<0b10_10_00_00>(is_above);
            let change = _mm_and_si128(_mm_xor_si128(keys, swapped), is_swapped);
            _mm_storeu_si128(address, _mm_xor_si128(keys, change));
        }
    }
    for pair in rest.as_chunks_mut::<2>().0 {
        *pair = [pair[0].min(pair[1]), pair[0].max(pair[1])];
    }
}

/// Numbers whose signed order is the unsigned order of these.
fn signed(keys: __m128i) -> __m128i {
    // SAFETY: every x86-64 processor has SSE2.
    unsafe { _mm_xor_si128(keys, _mm_set1_epi32(i32::MIN)) }
}

/// Four keys from `at` on, and four from the next position on, if there are as many.
fn neighbours(keys: &[u32], at: usize) -> Option<(__m128i, __m128i)> {
    let five = keys.get(at..at + 5)?;
    // SAFETY: four 32-bit keys from the first and from the second are 16 bytes each; every x86-64
    // processor has SSE2.
    Some(unsafe {
        (_mm_loadu_si128(five.as_ptr().cast()), _mm_loadu_si128(five[1..].as_ptr().cast()))
    })
}

/// The first place from `start` on where a key is larger than the next by more than the label, or
/// where fewer than five keys are left.
pub(crate) fn first_descent(keys: &[u32], start: usize) -> usize {
    let mut at = start;
    while let Some((four, next)) = neighbours(keys, at) {
        // SAFETY: every x86-64 processor has SSE2.
        let descents = unsafe {
            let next = _mm_or_si128(next, _mm_set1_epi32(1));
            _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpgt_epi32(signed(four), signed(next))))
        };
        if descents != 0 {
            return at + descents.trailing_zeros() as usize;
        }
        at += 4;
    }
    at
}

/// For each set of four labels, the positions of the positives.
static POSITIVES: [[u8; 4]; 16] = positions();

/// Scans four samples at a time, as long as five are left without a tie and there is room.
pub(crate) fn scan_untied(packed: &[u32], scan: &mut TieScan) {
    let (mut at, mut n, mut tp) = (scan.at, scan.n, scan.tp);
    if at > scan.start {
        return;
    }
    while n < MAX_GROUPS
        && at < MAX_SCANNED
        && let Some((keys, next)) = neighbours(packed, at)
        && let Some(tps) = scan.tps.get_mut(n + 1..n + 5)
        && let Some(starts) = scan.starts.get_mut(n..n + 4)
        && let Some(ends) = scan.ends.get_mut(n..n + 4)
    {
        // SAFETY: there is room for four 32-bit counts, 16 bytes, in each; every x86-64 processor has
        // SSE2.
        let labels = unsafe {
            let label = _mm_set1_epi32(1);
            let is_tied = _mm_cmpeq_epi32(_mm_or_si128(keys, label), _mm_or_si128(next, label));
            if _mm_movemask_epi8(is_tied) != 0 {
                break;
            }
            let labels = _mm_movemask_ps(_mm_castsi128_ps(_mm_slli_epi32::<31>(keys)));
            let positions = i32::from_ne_bytes(POSITIVES[labels as usize & 15]);
            let zero = _mm_setzero_si128();
            let positions = _mm_unpacklo_epi8(_mm_cvtsi32_si128(positions), zero);
            let positions = _mm_unpacklo_epi16(positions, zero);
            let counting = _mm_setr_epi32(1, 2, 3, 4);
            let new_starts = _mm_add_epi32(positions, _mm_set1_epi32(at as i32));
            let new_tps = _mm_add_epi32(counting, _mm_set1_epi32(tp as i32));
            _mm_storeu_si128(tps.as_mut_ptr().cast(), new_tps);
            _mm_storeu_si128(starts.as_mut_ptr().cast(), new_starts);
            _mm_storeu_si128(ends.as_mut_ptr().cast(), _mm_add_epi32(new_starts, label));
            labels
        };
        let n_positives = (POPULATION >> (4 * labels) & 15) as u32;
        n += n_positives as usize;
        tp += n_positives;
        at += 4;
    }
    (scan.at, scan.start, scan.n, scan.tp) = (at, at, n, tp);
}

/// How many bits each number of four bits has, four bits each.
const POPULATION: u64 = 0x4332_3221_3221_2110;
