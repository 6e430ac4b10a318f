//! The default floating-point mode, which all arithmetic here needs: rounding to the nearest, with
//! subnormals.
//!
//! Rounding mode, flush-to-zero and denormals-are-zero are in a register of each thread, and other
//! libraries of the process may set them: a C library compiled for speed does so when it is loaded, and
//! threads that start later inherit it. Results must not depend on that. So every public function that
//! computes with floats does it within [`in_default_mode`], and so does all work on other threads.
//!
//! | processor | the mode |
//! |---|---|
//! | x86-64, 32-bit x86 with SSE2 | the control bits of MXCSR; that of the x87 unit is left alone |
//! | AArch64 | FPCR |
//! | others | assumed to be the default |

use std::cell::Cell;

use register::Register;

/// Calls `f` in the default mode, and restores the mode of the caller, after a panic too.
///
/// If the thread is in the default mode already, this costs a read of the register and a comparison.
#[inline]
pub(crate) fn in_default_mode<R>(f: impl FnOnce() -> R) -> R {
    let register = register::read();
    let default = register::in_default_mode(register);
    if register == default {
        return f();
    }
    call_in(default, Some(register), f)
}

/// Calls `f` in the mode that this thread had outside of [`in_default_mode`].
///
/// A thread that waits for its pool may run work of other libraries meanwhile, which must see their mode.
#[inline]
#[cfg_attr(not(feature = "parallel"), allow(dead_code))]
pub(crate) fn in_callers_mode<R>(f: impl FnOnce() -> R) -> R {
    match CALLERS.get() {
        None => f(),
        Some(register) => call_in(register, None, f),
    }
}

#[cold]
fn call_in<R>(register: Register, callers: Option<Register>, f: impl FnOnce() -> R) -> R {
    let (mut f, mut result) = (Some(f), None);
    call(register, callers, &mut || result = f.take().map(|f| f()));
    result.unwrap_or_else(|| unreachable!("called once"))
}

/// Calls `f` in another mode.
///
/// The compiler ignores modes and could move arithmetic past a change of the mode. It cannot here: this
/// function is never inlined and calls `f` through a pointer, and as far as the compiler knows, the
/// assembly may read and write all memory that `f` uses.
#[inline(never)]
fn call(register: Register, callers: Option<Register>, f: &mut dyn FnMut()) {
    let _entered = Entered::new(register, callers);
    f();
}

thread_local! {
    /// The mode of the caller, within an [`in_default_mode`] that changed it.
    static CALLERS: Cell<Option<Register>> = const { Cell::new(None) };
}

/// A changed mode; dropping it restores the mode before.
struct Entered {
    /// The register before.
    register: Register,
    /// [`CALLERS`] before.
    callers: Option<Register>,
}

impl Entered {
    fn new(register: Register, callers: Option<Register>) -> Self {
        let before = Self { register: register::read(), callers: CALLERS.replace(callers) };
        register::write(register);
        before
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        register::write(self.register);
        CALLERS.set(self.callers);
    }
}

#[cfg(any(target_arch = "x86_64", all(target_arch = "x86", target_feature = "sse2")))]
#[allow(unsafe_code)]
mod register {
    use std::arch::asm;

    /// MXCSR.
    pub(super) type Register = u32;

    /// No flags, all exceptions masked, rounding to the nearest, subnormals unchanged.
    const DEFAULT: Register = 0x1f80;
    /// The exceptions so far, which are not part of the mode.
    const FLAGS: Register = 0x3f;

    pub(super) fn read() -> Register {
        let mut register = 0;
        // SAFETY: writes the four bytes of the register to `register`, and nothing else.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut register, options(nostack, preserves_flags)) };
        register
    }

    pub(super) fn write(register: Register) {
        // SAFETY: the value was read from the register, or is the default mode, so no reserved bit
        // is set. Rust requires that assembly leaves the register unchanged, since its floats work as
        // documented in the default mode only. This sets the default mode, or restores the mode
        // that the caller's code had before.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &register, options(nostack, preserves_flags)) };
    }

    pub(super) fn in_default_mode(register: Register) -> Register {
        DEFAULT | register & FLAGS
    }
}

#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code)]
mod register {
    use std::arch::asm;

    /// FPCR. Flags are in another register.
    pub(super) type Register = u64;

    pub(super) fn read() -> Register {
        let register;
        // SAFETY: reads a register that every thread may read.
        unsafe { asm!("mrs {}, fpcr", out(reg) register, options(nostack, preserves_flags)) };
        register
    }

    pub(super) fn write(register: Register) {
        // SAFETY: the value was read from the register, or is 0, the default mode, so no reserved bit
        // is set. Rust requires that assembly leaves the register unchanged, since its floats work as
        // documented in the default mode only. This sets the default mode, or restores the mode
        // that the caller's code had before.
        unsafe { asm!("msr fpcr, {}", in(reg) register, options(nostack, preserves_flags)) };
    }

    pub(super) fn in_default_mode(_register: Register) -> Register {
        0
    }
}

#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "x86", target_feature = "sse2"),
    target_arch = "aarch64"
)))]
mod register {
    pub(super) type Register = ();

    pub(super) fn read() -> Register {}

    pub(super) fn write(_register: Register) {}

    pub(super) fn in_default_mode(register: Register) -> Register {
        register
    }
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use std::hint::black_box;
    use std::panic::catch_unwind;

    use super::*;

    /// Flushing, and the three other rounding modes.
    #[cfg(target_arch = "x86_64")]
    const MODES: [Register; 4] = [0x9fc0, 0x3f80, 0x5f80, 0x7f80];
    #[cfg(target_arch = "aarch64")]
    const MODES: [Register; 4] = [1 << 24, 1 << 22, 2 << 22, 3 << 22];

    /// The mode of this thread, without flags.
    fn mode_now() -> Register {
        #[cfg(target_arch = "x86_64")]
        return register::read() & !0x3f;
        #[cfg(target_arch = "aarch64")]
        return register::read();
    }

    /// Calls `f` in a mode, which must be left as it is.
    fn within(mode_within: Register, f: impl Fn()) {
        call(mode_within, None, &mut || {
            f();
            let after = mode_now();
            assert_eq!(after, mode_within, "{after:x}");
        });
    }

    /// What each mode changes: to the nearest, a tenth is rounded away from zero.
    fn sums() -> [u64; 4] {
        let x = black_box([5e-324, 2e-308, 1.0, -1.0]);
        [x[0] * 2.0, x[1] / 4.0, x[2] / 10.0, x[3] / 10.0].map(f64::to_bits)
    }

    #[test]
    fn arithmetic_within_is_that_of_the_default_mode() {
        let expected = sums();
        for mode in MODES {
            within(mode, || {
                assert_ne!(sums(), expected, "{mode:x} changes nothing");
                assert_eq!(in_default_mode(sums), expected, "{mode:x}");
                assert_eq!(in_default_mode(|| in_default_mode(sums)), expected, "{mode:x}");
                assert_ne!(sums(), expected, "{mode:x} is not back");
            });
        }
    }

    #[test]
    fn the_mode_is_back_after_a_panic() {
        for mode in MODES {
            within(mode, || {
                assert!(catch_unwind(|| in_default_mode(|| panic!("on purpose"))).is_err());
                assert_eq!(CALLERS.get(), None);
            });
        }
    }

    #[test]
    fn work_of_others_has_their_mode() {
        let expected = sums();
        for mode in MODES {
            within(mode, || {
                let theirs = sums();
                in_default_mode(|| {
                    assert_eq!(in_callers_mode(sums), theirs, "{mode:x}");
                    let ours_within = || in_default_mode(sums);
                    assert_eq!(in_callers_mode(ours_within), expected, "{mode:x}");
                    assert_eq!(in_callers_mode(|| in_callers_mode(sums)), theirs, "{mode:x}");
                    assert_eq!(sums(), expected, "{mode:x}");
                });
            });
        }
        assert_eq!(in_default_mode(|| in_callers_mode(sums)), expected);
    }
}
