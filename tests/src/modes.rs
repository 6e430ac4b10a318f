//! Floating-point modes that another library may set in a process, and calls under them.

use std::fmt;

/// A floating-point mode of a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    name: &'static str,
    register: Register,
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)
    }
}

impl Mode {
    /// What every program starts with, and Rust takes for granted.
    pub const DEFAULT: Self = Self::new("to the nearest, subnormals as they are", DEFAULT);
    /// Subnormals count as zero, and become zero.
    pub const FLUSH: Self = Self::new("subnormals flushed to zero", FLUSH);
    /// Rounding down.
    pub const DOWN: Self = Self::new("rounding down", DOWN);
    /// Rounding up.
    pub const UP: Self = Self::new("rounding up", UP);
    /// Rounding towards zero, and subnormals flushed.
    pub const CUT: Self = Self::new("rounding towards zero, subnormals flushed", TO_ZERO | FLUSH);

    const fn new(name: &'static str, register: Register) -> Self {
        Self { name, register }
    }

    /// Sets the mode of this thread for good.
    pub fn set(self) {
        write(self.register);
    }

    /// Whether this is the mode of this thread.
    pub fn is_set(self) -> bool {
        read() & !FLAGS == self.register
    }

    /// Calls `f` under this mode, which must be left as it is.
    #[track_caller]
    pub fn call<R>(self, f: impl FnOnce() -> R) -> R {
        let before = read();
        let (mut f, mut result) = (Some(f), None);
        let is_left = call(self, &mut || result = f.take().map(|f| f()));
        write(before);
        assert!(is_left, "{self:?} is not the mode any more");
        result.expect("called once")
    }
}

/// In a function of its own and through a pointer, so that the compiler moves no arithmetic out of it.
#[inline(never)]
fn call(mode: Mode, f: &mut dyn FnMut()) -> bool {
    mode.set();
    f();
    mode.is_set()
}

#[cfg(target_arch = "x86_64")]
mod register {
    use std::arch::asm;

    /// MXCSR.
    pub(super) type Register = u32;

    pub(super) const DEFAULT: Register = 0x1f80;
    pub(super) const FLUSH: Register = DEFAULT | 1 << 15 | 1 << 6;
    pub(super) const DOWN: Register = DEFAULT | 1 << 13;
    pub(super) const UP: Register = DEFAULT | 2 << 13;
    pub(super) const TO_ZERO: Register = DEFAULT | 3 << 13;
    /// Exceptions there were.
    pub(super) const FLAGS: Register = 0x3f;

    #[allow(unsafe_code)]
    pub(super) fn read() -> Register {
        let mut register = 0;
        // SAFETY: writes four bytes to where it is told.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut register, options(nostack)) };
        register
    }

    #[allow(unsafe_code)]
    pub(super) fn write(register: Register) {
        // SAFETY: a mode that other libraries set too; it is the test's business to be right in it.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &register, options(nostack)) };
    }
}

#[cfg(target_arch = "aarch64")]
mod register {
    use std::arch::asm;

    /// FPCR.
    pub(super) type Register = u64;

    pub(super) const DEFAULT: Register = 0;
    pub(super) const FLUSH: Register = 1 << 24;
    pub(super) const DOWN: Register = 2 << 22;
    pub(super) const UP: Register = 1 << 22;
    pub(super) const TO_ZERO: Register = 3 << 22;
    pub(super) const FLAGS: Register = 0;

    #[allow(unsafe_code)]
    pub(super) fn read() -> Register {
        let register;
        // SAFETY: reads a register that every thread may read.
        unsafe { asm!("mrs {}, fpcr", out(reg) register, options(nostack)) };
        register
    }

    #[allow(unsafe_code)]
    pub(super) fn write(register: Register) {
        // SAFETY: a mode that other libraries set too; it is the test's business to be right in it.
        unsafe { asm!("msr fpcr, {}", in(reg) register, options(nostack)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("which floating-point modes has this processor?");

use register::{DEFAULT, DOWN, FLAGS, FLUSH, Register, TO_ZERO, UP, read, write};

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::Mode;

    #[test]
    fn every_mode_is_another() {
        let results = [Mode::DEFAULT, Mode::FLUSH, Mode::DOWN, Mode::UP, Mode::CUT].map(|mode| {
            let x = black_box([5e-324, 1.0, -1.0]);
            mode.call(|| [x[0] * 2.0, x[1] / 10.0, x[2] / 10.0].map(f64::to_bits))
        });
        for (i, result) in results.iter().enumerate() {
            assert!(!results[..i].contains(result), "{results:x?}");
        }
        assert!(Mode::DEFAULT.is_set());
    }
}
