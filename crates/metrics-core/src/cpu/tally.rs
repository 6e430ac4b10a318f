//! Counting how often each number occurs.

use num_traits::One;
use std::ops::AddAssign;

use crate::arith::simd;

/// Adds to the counts how often each number occurs.
///
/// # Panics
/// When a number has no count; the counts are unchanged then.
#[inline(never)]
pub(crate) fn tally<C: Copy + AddAssign + One>(numbers: &[u32], counts: &mut [C]) {
    check(numbers, counts.len());
    each(numbers, |_, &number| {
        // SAFETY: every number was checked.
        #[allow(unsafe_code)]
        let count = unsafe { counts.get_unchecked_mut(number as usize) };
        *count += C::one();
    });
}

/// Adds an amount to the count of each number.
///
/// # Panics
/// As [`tally`], and unless there is one amount for each number.
#[inline(never)]
pub(crate) fn tally_amounts<A: Copy + AddAssign>(numbers: &[u32], amounts: &[A], sums: &mut [A]) {
    check(numbers, sums.len());
    let amounts = &amounts[..numbers.len()];
    each(numbers, |i, &number| {
        // SAFETY: every number was checked.
        #[allow(unsafe_code)]
        let sum = unsafe { sums.get_unchecked_mut(number as usize) };
        *sum += amounts[i];
    });
}

/// Checks that all numbers are below a limit: one vectorised pass, much faster than a check in a loop.
///
/// # Panics
/// When a number is not below the limit.
#[inline]
pub(crate) fn check(numbers: &[u32], limit: usize) {
    let max = simd::run(|| numbers.iter().fold(0, |max: u32, &number| max.max(number)));
    assert!(numbers.is_empty() || (max as usize) < limit, "{max} is not below {limit}");
}

/// Calls `f` with each position and element, four calls per iteration: for bodies as short as the loop's
/// own instructions.
#[inline(always)]
pub(crate) fn each<T>(all: &[T], mut f: impl FnMut(usize, &T)) {
    let (fours, rest) = all.as_chunks::<4>();
    for (i, four) in fours.iter().enumerate() {
        (0..4).for_each(|j| f(4 * i + j, &four[j]));
    }
    rest.iter().enumerate().for_each(|(j, x)| f(4 * fours.len() + j, x));
}

#[cfg(test)]
mod tests {
    use super::tally;

    #[test]
    fn each_number_is_counted() {
        for n in 0..20 {
            let numbers: Vec<u32> = (0..n).map(|i| i * i % 5).collect();
            let mut counts = [0u16; 5];
            tally(&numbers, &mut counts);
            for (number, count) in (0..).zip(counts) {
                let expected = numbers.iter().filter(|&&other| other == number).count();
                assert_eq!(usize::from(count), expected, "{number} in {numbers:?}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "5 is not below 5")]
    fn a_number_without_a_count_is_refused() {
        tally(&[0, 5, 1], &mut [0u32; 5]);
    }
}
