//! Code compiled with and without AVX2, chosen at run time.

#[cfg(target_arch = "x86_64")]
use std::sync::OnceLock;

/// The processor features of vector code: detection asks for all of them, and [`run`] compiles for all of
/// them. First the features that every `#[target_feature]` names, in this order; then those that the
/// compiler adds to them.
///
/// Detection and compilation once had separate lists, and detection's lacked `lzcnt`: a processor without
/// it runs the same bytes as another instruction, with another result.
#[cfg(target_arch = "x86_64")]
macro_rules! features {
    ([$($named:tt)+] [$($implied:tt)+]) => {
        #[cfg(test)]
        const NAMED: &[&str] = &[$($named),+];
        #[cfg(test)]
        const IMPLIED: &[&str] = &[$($implied),+];

        fn are_detected() -> bool {
            use std::arch::is_x86_feature_detected as has;
            $(has!($named) &&)+ $(has!($implied) &&)+ true
        }

        $(#[target_feature(enable = $named)])+
        fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
    };
}

#[cfg(target_arch = "x86_64")]
features! {
    ["avx2" "bmi1" "bmi2" "fma" "lzcnt" "popcnt"]
    ["avx" "fxsr" "sse" "sse2" "sse3" "sse4.1" "sse4.2" "ssse3"]
}

/// Calls `f`, compiled with AVX2 if the processor has it, else compiled like all other code.
///
/// Functions that `f` calls gain only if they are inlined into it.
#[inline]
pub(crate) fn run<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: `has_avx2` found all features that `with_avx2` is compiled for.
        #[allow(unsafe_code)]
        return unsafe { with_avx2(f) };
    }
    f()
}

/// Whether the processor has AVX2 and all other features that vector code is compiled for.
///
/// Always false when built with `--cfg tensor_metrics_portable`, to measure the speed of other processors.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn has_avx2() -> bool {
    static DETECTED: OnceLock<bool> = OnceLock::new();
    #[cfg(test)]
    if PORTABLE.get() {
        return false;
    }
    !cfg!(tensor_metrics_portable) && *DETECTED.get_or_init(are_detected)
}

/// For each set of flags, as bits, the positions of those that are set.
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

/// Calls `f` as if the processor had no AVX2; work on other threads is not affected.
#[cfg(test)]
pub(crate) fn without_avx2(f: impl FnOnce()) {
    PORTABLE.set(true);
    f();
    PORTABLE.set(false);
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::{env, fs};

    use super::{IMPLIED, NAMED, positions};

    #[test]
    fn positions_are_those_of_the_flags_that_are_set() {
        let table = positions::<8, 256>();
        assert_eq!(table[0b1010_0110], [1, 2, 5, 7, 0, 0, 0, 0]);
        assert_eq!((table[0], table[255]), ([0; 8], [0, 1, 2, 3, 4, 5, 6, 7]));
        assert_eq!(positions::<4, 16>()[0b1001], [0, 3, 0, 0]);
    }

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// Detection must not ask for less than what is compiled uses.
    #[test]
    fn vector_code_is_compiled_for_the_features_that_are_detected() {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        let (start, expected) =
            ("#[target_feature(", format!("enable = \"{}\")]", NAMED.join(",")));
        let mut n = 0;
        for file in files.iter().filter(|file| !file.ends_with("arith/simd.rs")) {
            for attribute in fs::read_to_string(file).unwrap().split(start).skip(1) {
                assert!(attribute.starts_with(&expected), "{file:?}: {start}{attribute}");
                n += 1;
            }
        }
        assert!(n > 10, "{n} attributes in {files:?}");
    }

    #[test]
    fn what_the_compiler_adds_to_the_features_is_detected_too() {
        let named: Vec<_> = NAMED.iter().map(|feature| format!("+{feature}")).collect();
        let output = Command::new(env::var("RUSTC").unwrap_or_else(|_| "rustc".into()))
            // It would name features that are not stable too, such as x87.
            .env_remove("RUSTC_BOOTSTRAP")
            .args(["--print", "cfg", "--target", "x86_64-unknown-linux-gnu", "-C"])
            .arg(format!("target-feature={}", named.join(",")))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let enabled: BTreeSet<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("target_feature=\"")?.strip_suffix('"'))
            .collect();
        assert!(enabled.contains("avx2"), "{text}");
        let detected: BTreeSet<_> = NAMED.iter().chain(IMPLIED).copied().collect();
        assert!(enabled.is_subset(&detected), "{enabled:?} and {detected:?}");
    }
}
