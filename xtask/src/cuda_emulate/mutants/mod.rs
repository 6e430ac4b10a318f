//! `cargo xtask cuda-mutants`: whether the tests on the emulator notice when one thing in the kernels is changed, one
//! after another. All changes are compiled at once, and each is chosen in turn when the tests start.

mod list;
mod weave;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use self::list::{MUTANTS, Mutant};
use super::library::{KERNELS, Library, in_parallel};
use super::tests::{Outcome, Tests};
use super::{ARCHITECTURE, Scope};
use crate::run::{Result, root};

/// Whether the code of a change runs, on the device and on the host. `%envreg0` is a register that the runtime fills
/// with the number of the change.
const PRELUDE: &str = r#"#pragma once
extern "C" int emulator_mutant();
__host__ __device__ __forceinline__ bool tm_is_mutant(int number) {
#ifdef __CUDA_ARCH__
    int chosen;
    asm("mov.u32 %0, %%envreg0;" : "=r"(chosen));
    return chosen == number;
#else
    return emulator_mutant() == number;
#endif
}
"#;

/// Makes every change; fails if one is not noticed.
pub(crate) fn check() -> Result<String> {
    let kernels = woven()?;
    let library = Library::of(&kernels, "mutants", ARCHITECTURE, Some("mutant.h"))?;
    let tests = Tests::build(&library)?;
    let of_none = in_parallel(&starts(), |start| tests.run(start, &[], Scope::Step))?;
    if let Some(Outcome::Failed(text)) = of_none.into_iter().find(|one| !one.is_passed()) {
        return Err(format!("without a change: {text}").into());
    }
    let numbered: Vec<(usize, &Mutant)> = (1..).zip(&MUTANTS).collect();
    let outcomes = in_parallel(&numbered, |(number, mutant)| {
        let chosen = number.to_string();
        let outcome = tests.run(mutant.tests, &[("EMULATOR_MUTANT", &chosen)], Scope::Step)?;
        println!("{number:3}  {:60} {}", mutant.what, outcome.in_short());
        Ok(outcome)
    })?;
    let n_noticed = outcomes.iter().filter(|outcome| !outcome.is_passed()).count();
    let text = format!("{n_noticed} of {} changes of the kernels noticed", MUTANTS.len());
    if n_noticed < MUTANTS.len() { Err(text.into()) } else { Ok(text) }
}

/// The tests that some change needs.
fn starts() -> Vec<&'static str> {
    let starts: BTreeSet<_> = MUTANTS.iter().map(|mutant| mutant.tests).collect();
    starts.into_iter().collect()
}

/// A copy of the kernels with all changes in it.
fn woven() -> Result<PathBuf> {
    let folder = root().join("target/cuda-emulate/woven");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(root().join(KERNELS))? {
        let source = entry?;
        let name = source.file_name().to_string_lossy().into_owned();
        let text = weave::weave(&fs::read_to_string(source.path())?, &name)?;
        fs::write(folder.join(&name), text)?;
    }
    fs::write(folder.join("mutant.h"), PRELUDE)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_has_one_place() {
        let n_changes = |text: &str| text.matches("tm_is_mutant(").count();
        let entries = fs::read_dir(root().join(KERNELS)).unwrap();
        let woven = entries.map(|entry| {
            let source = entry.unwrap();
            let text = fs::read_to_string(source.path()).unwrap();
            n_changes(&weave::weave(&text, &source.file_name().to_string_lossy()).unwrap())
        });
        assert_eq!(woven.sum::<usize>(), MUTANTS.len());
    }
}
