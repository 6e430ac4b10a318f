//! Radix sort, least significant digit first: for keys of any distribution.

use std::ops::Range;

/// Unsigned integers that a radix sort can sort.
pub(crate) trait Digits: Copy + Ord {
    /// The bits from `shift` on, under a mask.
    fn digit(self, shift: u32, mask: usize) -> usize;
}

macro_rules! digits {
    ($($ty:ty)*) => {$(
        impl Digits for $ty {
            #[inline]
            fn digit(self, shift: u32, mask: usize) -> usize {
                (self >> shift) as usize & mask
            }
        }
    )*};
}

digits!(u32 u64 u128);

/// Up to this length 8-bit digits, whose counters are cheaper to clear, beat 11-bit digits.
const MEDIUM: usize = 4096;

/// Sorts by some of the bits; keys with the same bits keep their order.
///
/// Bits above these must be the same in all keys. `scratch` must be as long as the keys.
pub(crate) fn sort<K: Digits>(keys: &mut [K], bits: Range<u32>, scratch: &mut [K]) {
    let widest = if keys.len() < MEDIUM { 8 } else { 11 };
    let n_digits = (bits.end - bits.start).div_ceil(widest);
    if n_digits == 0 {
        return;
    }
    let width = (bits.end - bits.start).div_ceil(n_digits);
    let scratch = &mut scratch[..keys.len()];
    let mut counts = count_digits(keys, bits.start, n_digits, width);
    let mut in_scratch = false;
    for (digit, counts) in counts.chunks_exact_mut(1 << width).enumerate() {
        if counts.contains(&keys.len()) {
            continue; // All keys share this digit.
        }
        let shift = bits.start + digit as u32 * width;
        if in_scratch {
            distribute(scratch, keys, shift, counts);
        } else {
            distribute(keys, scratch, shift, counts);
        }
        in_scratch = !in_scratch;
    }
    if in_scratch {
        keys.copy_from_slice(scratch);
    }
}

/// How often each value of each digit occurs: all digits in one read of the keys.
fn count_digits<K: Digits>(keys: &[K], start: u32, n_digits: u32, width: u32) -> Vec<usize> {
    let n_values = 1 << width;
    let mut counts = vec![0; n_values * n_digits as usize];
    for &key in keys {
        for (digit, counts) in counts.chunks_exact_mut(n_values).enumerate() {
            counts[key.digit(start + digit as u32 * width, n_values - 1)] += 1;
        }
    }
    counts
}

fn distribute<K: Digits>(from: &[K], to: &mut [K], shift: u32, counts: &mut [usize]) {
    let mask = counts.len() - 1;
    let mut next = 0;
    for count in counts.iter_mut() {
        next += std::mem::replace(count, next);
    }
    for &key in from {
        let slot = &mut counts[key.digit(shift, mask)];
        to[*slot] = key;
        *slot += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::sort;

    fn keys(n: u64, n_bits: u32) -> Vec<u64> {
        let mask = (2u64 << n_bits) - 1;
        (0..n).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23) & mask).collect()
    }

    #[test]
    fn sorts_every_size_around_the_cliffs() {
        for n in [0, 1, 2, 47, 48, 49, 4095, 4096, 4097, 16_384, 16_385, 30_000] {
            for n_bits in [1, 7, 8, 9, 11, 12, 22, 23, 40, 61] {
                let mut sorted = keys(n, n_bits);
                sort(&mut sorted, 1..n_bits + 1, &mut [0; 30_000]);
                let mut expected = keys(n, n_bits);
                expected.sort_unstable();
                let without_label = |keys: &[u64]| keys.iter().map(|k| k >> 1).collect::<Vec<_>>();
                assert_eq!(without_label(&sorted), without_label(&expected), "{n} {n_bits}");
                sorted.sort_unstable();
                assert_eq!(sorted, expected, "the same keys, {n} {n_bits}");
            }
        }
    }

    #[test]
    fn constant_digits_are_skipped() {
        let mut keys: Vec<u32> = (0..5000).map(|i| (i % 7) << 20).collect();
        sort(&mut keys, 1..31, &mut [0; 30_000]);
        assert!(keys.is_sorted());
    }

    #[test]
    fn no_bits_to_sort_by_change_nothing() {
        let mut keys = [3u64, 1, 2];
        sort(&mut keys, 5..5, &mut [0; 3]);
        assert_eq!(keys, [3, 1, 2]);
    }
}
