//! The program `tensor-metrics`: it reads a file of predictions, prints AUPRC, AUROC and bucketed
//! AUC as a table or JSON, and draws curves.
//!
//! ```text
//! file → input (checked batches) → evaluate (metrics for each model and group) → report, plot
//! ```
//! Each arrow is plain data: [`input::Batch`], then [`evaluate::Evaluation`]. `tensor_metrics`
//! computes the numbers. This crate reads and checks rows, names the place of an error, and prints.

pub mod args;
pub mod error;
pub mod evaluate;
mod files;
pub mod input;
mod manual;
pub mod plot;
pub mod progress;
pub mod report;
pub mod terminal;
mod text;

use std::io::Write;

pub use args::{Cli, Command, EvalArgs};
pub use error::{Error, Result};
use evaluate::EvaluateOptions;
use plot::Plots;
use progress::Progress;
use report::Report;

/// Runs the command in `cli` and writes its output to `out`, in lines of at most `width` columns if possible.
///
/// # Errors
/// Any [`Error`]; [`Error::exit_code`] is the exit code of the program.
pub fn run(cli: &Cli, width: Option<usize>, out: &mut impl Write) -> Result<()> {
    match &cli.command {
        Command::Eval(args) => eval(args, width, out),
        Command::Completions { shell } => manual::completions(*shell, out),
        Command::Man { command } => manual::man(command.as_deref(), out),
    }
}

/// Evaluates a file. It reads the whole file before it prints or draws anything, so a bad last row
/// leaves no partial report.
fn eval(args: &EvalArgs, width: Option<usize>, out: &mut impl Write) -> Result<()> {
    let columns = args.columns()?;
    let reading = args.read_options()?;
    let plot_target = args.plot_target()?;
    let file = args.file.display().to_string();
    let buckets = args.buckets.map(|n| n as usize);
    let options = EvaluateOptions { buckets, curves: plot_target.is_some() };
    let mut source = input::open(&args.file, &columns, &reading)?;
    let mut progress = Progress::new();
    let mut show = |step| progress.show(step);
    let evaluation = evaluate::evaluate(source.as_mut(), &file, &columns, options, &mut show)?;
    let plots = match &plot_target {
        Some(target) => {
            plot::write(&evaluation, &args.file, columns.weight.as_deref(), target, &mut show)?
        }
        None => Plots::default(),
    };
    drop(progress);
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        file,
        format: reading.format,
        weighted: columns.weight.is_some(),
        columns,
        buckets,
        rows: evaluation.rows,
        results: evaluation.results,
        not_probabilities: evaluation.not_probabilities,
        plots: plots.paths,
        names_without_font: plots.without_font,
    };
    if args.json { report::json(&report, out) } else { report::table(&report, width, out) }
}
