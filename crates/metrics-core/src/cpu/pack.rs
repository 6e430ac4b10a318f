//! Packed samples: the distance of a key below the highest possible one, shifted up by one bit, with the
//! label in bit 0. This loses the top bit of the key, so samples with it lie apart from those without.

#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::word::Key;
#[cfg(target_arch = "x86_64")]
use crate::arith::simd;

/// Turns keys into packed samples.
#[inline(always)]
pub(crate) fn pack<K: Key>(keys: &mut [K], labels: &[u8]) {
    for (key, &label) in keys.iter_mut().zip(labels) {
        *key = packed(*key, label);
    }
}

/// The keys of packed samples, which all have this top bit.
#[inline(always)]
pub(crate) fn unpack<K: Key>(packed: &[K], top_bit: K, keys: &mut [K]) {
    for (key, &packed) in keys.iter_mut().zip(packed) {
        *key = unpacked(packed, top_bit);
    }
}

/// The key of a packed sample.
#[inline(always)]
pub(crate) fn unpacked<K: Key>(packed: K, top_bit: K) -> K {
    !(packed >> 1 | K::from_u64(K::TOP_BIT)) | top_bit
}

/// Packs samples, those with the top bit apart from those without; returns the number of those with it.
/// `high` and `low` must each have room for all.
pub(crate) fn pack_apart<K: Key>(
    keys: &[K],
    labels: &[u8],
    high: &mut [K],
    low: &mut [K],
) -> usize {
    let (done, mut n_high) = pack_most(keys, labels, high, low);
    for (i, (&key, &label)) in keys.iter().zip(labels).enumerate().skip(done) {
        // No branch: signs are hard to predict.
        (high[n_high], low[i - n_high]) = (packed(key, label), packed(key, label));
        n_high += key.top_bit() as usize;
    }
    n_high
}

/// [`pack_apart`] of the first samples, in vectors; returns how many, and how many of them have the top
/// bit.
fn pack_most<K: Key>(keys: &[K], labels: &[u8], high: &mut [K], low: &mut [K]) -> (usize, usize) {
    #[cfg(target_arch = "x86_64")]
    if let (Some(keys), Some(high), Some(low)) =
        (K::narrow(keys), K::narrow_mut(high), K::narrow_mut(low))
        && simd::has_avx2()
    {
        // SAFETY: the processor has what vector code is compiled for.
        #[allow(unsafe_code)]
        return unsafe { avx2::pack_apart(keys, labels, high, low) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (keys, labels, high, low);
    (0, 0)
}

/// A packed sample.
#[inline(always)]
pub(crate) fn packed<K: Key>(key: K, label: u8) -> K {
    !key << 1 | K::from_u64(label.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::simd::without_avx2;

    fn check<K: Key>() {
        for n in 0..40 {
            let mix = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - K::BITS);
            let keys: Vec<K> = (1..=n as u64).map(|i| K::from_u64(mix(i))).collect();
            let labels: Vec<u8> = (0..n).map(|i| (i % 3 == 0).into()).collect();
            let (mut high, mut low) = (vec![K::zero(); n], vec![K::zero(); n]);
            let n_high = pack_apart(&keys, &labels, &mut high, &mut low);
            let label = |packed: K| packed.low() as u8 & 1;
            let top_bit = K::from_u64(K::TOP_BIT);
            let samples = |packed: &[K], top_bit| {
                packed.iter().map(|&x| (unpacked(x, top_bit), label(x))).collect::<Vec<_>>()
            };
            let (expected_high, expected_low): (Vec<_>, Vec<_>) =
                keys.into_iter().zip(labels).partition(|(key, _)| key.top_bit() == 1);
            assert_eq!(samples(&high[..n_high], top_bit), expected_high, "{n}");
            assert_eq!(samples(&low[..n - n_high], K::zero()), expected_low, "{n}");
        }
    }

    #[test]
    fn what_is_packed_apart_comes_out() {
        for check in [check::<u32>, check::<u64>] {
            check();
            without_avx2(check);
        }
    }
}
