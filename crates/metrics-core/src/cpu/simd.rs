//! The same code compiled for what the processor has.

/// Calls `f` compiled with AVX2 where the processor has it, else as everything else is compiled.
///
/// What `f` calls must be inlined into it to gain anything.
#[inline]
pub(crate) fn run<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        #[target_feature(enable = "avx2,bmi2")]
        fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: the processor has these features.
        #[allow(unsafe_code)]
        return unsafe { with_avx2(f) };
    }
    f()
}

/// Whether the processor has AVX2 and FMA, and what all processors with these have.
///
/// Built with `--cfg tensor_metrics_portable`, nobody asks it: that is how to measure what other
/// processors get.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn has_avx2() -> bool {
    use std::arch::is_x86_feature_detected as has;
    #[cfg(test)]
    if PORTABLE.get() {
        return false;
    }
    // Processors with these have the rest.
    !cfg!(tensor_metrics_portable) && has!("avx2") && has!("bmi2") && has!("fma")
}

/// For each set of flags, as bits, where those stand that are set.
#[cfg(target_arch = "x86_64")]
pub(crate) const fn positions<const FLAGS: usize, const SETS: usize>() -> [[u8; FLAGS]; SETS] {
    let mut table = [[0; FLAGS]; SETS];
    let mut flags = 0;
    while flags < SETS {
        let (mut position, mut n) = (0, 0);
        while position < FLAGS {
            if flags >> position & 1 == 1 {
                table[flags][n] = position as u8;
                n += 1;
            }
            position += 1;
        }
        flags += 1;
    }
    table
}

#[cfg(test)]
thread_local! {
    static PORTABLE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Calls `f` as if the processor had no AVX2, as far as it stays on this thread.
#[cfg(test)]
pub(crate) fn without_avx2(f: impl FnOnce()) {
    PORTABLE.set(true);
    f();
    PORTABLE.set(false);
}
