//! `cargo xtask`: what a developer does by hand more than once.

mod api;
mod bench_gate;
mod bench_hostile;
mod bench_layouts;
mod bench_peers;
mod bench_waist;
mod candle;
mod ci;
mod coverage;
mod cuda;
mod cuda_emulate;
mod fuzz;
mod gpu_pack;
mod layers;
mod libtorch;
mod mutants;
mod peers;
mod processors;
mod readme;
mod run;
mod sanitize;
mod supply_chain;
mod tools;
mod wheels;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask TASK

  ci             what must hold before a commit: the project's test command, 12 minutes at most
                 --all: everything that must hold, on libtorch and for CUDA too; fetches 1.3 GB
                 --all --from STEP: from this step on, by the name that a run prints
  api            the public interface of the crates beside the listing in docs/api
                 --bless: write the listing
                 CRATE...: of these crates alone, which compiles less
  bench-gate     instructions of the engine beside those stored with the repository; needs valgrind
                 --store: store them
  bench-hostile  processor time of hostile scores over that of uniform ones, of merging and reading states
                 --n SAMPLES: of so many, 1000000 if nothing is said
  bench-layouts  time of AUPRC over transposed, reversed and other views, over that of rows
                 --n CELLS: of so many, 10000000 if nothing is said
  bench-waist    time of counts, curves, weighted areas, states and buckets, over that of AUPRC
                 --n SAMPLES: of so many, 1000, 1000000 and 10000000 if nothing is said
  bench-peers    time beside scikit-learn, torcheval, torchmetrics and Rust libraries, same data
  compare-peers  our values beside those of scikit-learn, torcheval and Paddle
                 --stored: with the peers' stored values, nothing is installed
                 --store:  measure the peers and store their values
  compare-candle time and memory of AUPRC on candle tensors, beside a composition of candle's own
                 operations and torcheval
  compare-tch    time of AUPRC on libtorch tensors, beside torcheval's algorithm in libtorch's operations
  cuda-check     compile and lint everything with the feature `cuda`, link its tests; no GPU needed
  cuda-emulate   the CUDA kernels, ours and CUB's, run without a GPU and checked at every access
                 --long: all sizes, on four devices; an hour
  cuda-machine-code
                 registers, spills and blocks of the kernels, beside a stored table
                 --bless: write the table
  cuda-mutants   whether the tests on that notice changes of the kernels, one at a time
  fuzz           the fuzz targets, a minute each, beside the corpus that is checked in
                 [--minutes N] [TARGET]: longer, or only one of states, api, csv, parquet
                 --minimise: make the corpus of what runs on this machine have found
  libtorch       fetch a libtorch for metrics-tch into target/, and tell cargo where it is
  coverage       how much of the core its tests run, and what they do not
  mutants        whether the tests notice changes in the core, one at a time: an hour or two
                 --file GLOB: in these files; --shard K/N: every Nth, from K on; both in this order
  processors     the engine's bits on processors that lack something, which QEMU plays
                 --aarch64: on an ARM processor
  supply-chain   licences, sources and unmaintained crates of what we build on
  loom           models of what threads share, in every order they may run in
  sanitize       AddressSanitizer, Valgrind's memcheck and loom over the tests; needs valgrind
  gpu-pack       the CUDA tests and benches in one folder, for a machine with a GPU and no Rust";

fn main() -> ExitCode {
    if let Some(code) = api::stand_in() {
        return code;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        ["api", "--bless", ref crates @ ..] => {
            api::list(api::Mode::Bless, crates).map(|what| println!("{what}"))
        }
        ["api", ref crates @ ..] => {
            api::list(api::Mode::Compare, crates).map(|what| println!("{what}"))
        }
        ["bench-gate"] => bench_gate::check(bench_gate::Mode::Compare),
        ["bench-gate", "--store"] => bench_gate::check(bench_gate::Mode::Store),
        ["bench-hostile", ref args @ ..] => bench_hostile::measure(args),
        ["bench-layouts", ref args @ ..] => bench_layouts::measure(args),
        ["bench-waist", ref args @ ..] => bench_waist::measure(args),
        ["bench-peers"] => bench_peers::compare(),
        ["ci"] => ci::run_steps(ci::Scope::Newcomer, None),
        ["ci", "--all"] => ci::run_steps(ci::Scope::All, None),
        ["ci", "--all", "--from", step] => ci::run_steps(ci::Scope::All, Some(step)),
        ["cuda-check"] => cuda::check().map(|what| println!("{what}")),
        ["cuda-emulate"] => cuda_emulate::step().map(|what| println!("{what}")),
        ["cuda-emulate", "--long"] => {
            cuda_emulate::run(cuda_emulate::Scope::Long).map(|what| println!("{what}"))
        }
        ["cuda-machine-code"] => {
            cuda_emulate::machine_code(cuda_emulate::Mode::Compare).map(|what| println!("{what}"))
        }
        ["cuda-machine-code", "--bless"] => {
            cuda_emulate::machine_code(cuda_emulate::Mode::Bless).map(|what| println!("{what}"))
        }
        ["cuda-mutants"] => cuda_emulate::check_mutants().map(|what| println!("{what}")),
        ["fuzz", "--minimise"] => fuzz::minimise().map(|what| println!("{what}")),
        ["fuzz"] => fuzz::check().map(|what| println!("{what}")),
        ["fuzz", ref rest @ ..] => fuzz::run_as(rest).map(|what| println!("{what}")),
        ["gpu-pack"] => gpu_pack::pack(),
        ["libtorch"] => libtorch::set_up(),
        ["coverage"] => coverage::check().map(|what| println!("{what}")),
        ["mutants"] => mutants::check(None, None).map(|what| println!("{what}")),
        ["mutants", "--file", file] => {
            mutants::check(Some(file), None).map(|what| println!("{what}"))
        }
        ["mutants", "--shard", shard] => {
            mutants::check(None, Some(shard)).map(|what| println!("{what}"))
        }
        ["mutants", "--file", file, "--shard", shard] => {
            mutants::check(Some(file), Some(shard)).map(|what| println!("{what}"))
        }
        ["processors"] => processors::check().map(|what| println!("{what}")),
        ["processors", "--aarch64"] => processors::aarch64().map(|what| println!("{what}")),
        ["supply-chain"] => supply_chain::check().map(|what| println!("{what}")),
        ["compare-tch"] => libtorch::compare(),
        ["compare-candle"] => candle::compare(),
        ["compare-peers"] => peers::compare(peers::Source::Measured),
        ["compare-peers", "--stored"] => peers::compare(peers::Source::Stored),
        ["compare-peers", "--store"] => peers::compare(peers::Source::MeasuredAndStored),
        ["loom"] => sanitize::loom().map(|what| println!("{what}")),
        ["sanitize"] => sanitize::check().map(|what| println!("{what}")),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
