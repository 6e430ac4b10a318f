//! The command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::error::{Error, Result};
use crate::input::{Columns, Format, ReadOptions, is_stdin};
use crate::plot::Target;
use crate::text::MEBIBYTE;

/// Extensions of picture formats that this program cannot write. Whoever asks for one wants a picture,
/// not a folder of that name.
const OTHER_PICTURES: [&str; 8] = ["bmp", "eps", "gif", "jpeg", "jpg", "pdf", "tiff", "webp"];

const AFTER_HELP: &str = "\
Exit codes:
  0  the report was written
  1  the data is at fault: a file that
     cannot be read, a missing column, a
     bad row
  2  the command line is at fault";

// Clap does not wrap the usage, so its lines are broken by hand.
const EVAL_USAGE: &str = "\
tensor-metrics eval [OPTIONS]
       --score <COLUMN>
       --target <COLUMN> <FILE>";

// Lines broken by hand fit 40 columns. Clap wraps the others at the width of the terminal.
const EVAL_AFTER_HELP: &str = "\
Examples:
  tensor-metrics eval predictions.csv \\
    --score model_a --score model_b \\
    --target label
  tensor-metrics eval predictions.parquet \\
    --score p --target y --group country
  tensor-metrics eval predictions.csv \\
    --score logit --target y \\
    --plot curves.png

Exit codes:
  0  the report was written
  1  the data is at fault: a file that
     cannot be read, a missing column, a
     bad row
  2  the command line is at fault

Numbers in CSV are read as the nearest 64-bit float: 1e-400 becomes 0. A number beyond the range of these \
floats, such as 1e400, is an error; an infinite score is written inf or -inf.

Checksums of Parquet pages are verified. Many writers leave checksums out by default. Without them, damage \
that can still be decoded is not found, and the report has the numbers of the damaged file.

An error is one line that names the file, the line (CSV) or row (Parquet), the column and the value: \
error: predictions.csv:17: column \"score\": \"abc\" is not a number";

/// Exact AUPRC and AUROC of the predictions in a file.
#[derive(Debug, Parser)]
#[command(name = "tensor-metrics", version, about, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Evaluate the scores in a CSV or Parquet file against 0/1 targets
    Eval(EvalArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page of the program or of a command
    Man {
        /// The command, `eval` for instance
        command: Option<String>,
    },
}

/// The arguments of `eval`.
#[derive(Debug, Args)]
#[command(override_usage = EVAL_USAGE, after_help = EVAL_AFTER_HELP)]
pub struct EvalArgs {
    /// Prediction file: CSV with a header line, or Parquet; `-` reads CSV from standard input
    pub file: PathBuf,

    /// Column with a model's scores, any real numbers; repeat to compare models on the same rows
    #[arg(short, long = "score", value_name = "COLUMN", required = true)]
    pub scores: Vec<String>,

    /// Column with the truth: 0 or 1, false or true
    #[arg(short, long, value_name = "COLUMN")]
    pub target: String,

    /// Column with sample weights, finite and at least 0
    #[arg(short, long, value_name = "COLUMN")]
    pub weight: Option<String>,

    /// Column of groups: the report has a line for all rows, then one for each value of this column
    #[arg(short, long, value_name = "COLUMN")]
    pub group: Option<String>,

    /// The most groups allowed
    #[arg(long, value_name = "N", default_value_t = ReadOptions::MAX_GROUPS, requires = "group")]
    pub max_groups: usize,

    /// The most memory one piece of the file may take, in MiB: a record of CSV, a page of Parquet or
    /// its index, the labels of all groups
    #[arg(
        long,
        value_name = "MIB",
        default_value_t = ReadOptions::MAX_PIECE_MIB,
        value_parser = clap::value_parser!(u32).range(1..=1 << 20)
    )]
    pub max_piece_mib: u32,

    /// Print one JSON document at full precision instead of a table
    #[arg(long)]
    pub json: bool,

    /// Folder for precision_recall.svg and roc.svg, made if missing, or a file .svg or .png for both side
    /// by side; the curves are those of all rows
    #[arg(long, value_name = "PATH")]
    pub plot: Option<PathBuf>,

    /// Format of the plots in a folder [default: svg]
    #[arg(long, value_enum, requires = "plot")]
    pub plot_format: Option<PlotFormat>,

    /// Count and report invalid rows instead of failing on the first one
    #[arg(long)]
    pub skip_invalid: bool,

    /// Also compute AUROC from counts of the scores in N buckets, 4096 for instance, and report how far
    /// this value can be from the exact one; for scores from 0 to 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1 << 24))]
    pub buckets: Option<u32>,

    /// Format of the file [default: by its extension: csv, tsv, txt, or parquet, pq]
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// Field delimiter of CSV, one ASCII character or `tab` [default: tab for .tsv, else a comma]
    #[arg(long, value_name = "CHAR", value_parser = parse_delimiter)]
    pub delimiter: Option<u8>,
}

/// The format of a plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlotFormat {
    /// Vector graphics.
    Svg,
    /// Pixels, sharp on dense screens and in print.
    Png,
}

impl PlotFormat {
    /// The extension of its files.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }

    fn of_extension(extension: &str) -> Option<Self> {
        Self::value_variants().iter().copied().find(|format| format.extension() == extension)
    }
}

impl EvalArgs {
    /// The columns to read.
    ///
    /// # Errors
    /// [`Error::Usage`] when a score column is named twice.
    pub fn columns(&self) -> Result<Columns> {
        for (index, score) in self.scores.iter().enumerate() {
            if self.scores[..index].contains(score) {
                return Err(Error::Usage(format!("--score {score:?} is given twice")));
            }
        }
        Ok(Columns {
            scores: self.scores.clone(),
            target: self.target.clone(),
            weight: self.weight.clone(),
            group: self.group.clone(),
        })
    }

    /// How to read the file.
    ///
    /// # Errors
    /// [`Error::Usage`] when the format of the file is unknown, or the options do not fit the format.
    pub fn read_options(&self) -> Result<ReadOptions> {
        let format = self.file_format()?;
        if format == Format::Parquet && self.delimiter.is_some() {
            return Err(Error::Usage("--delimiter is for CSV files".to_owned()));
        }
        if format == Format::Parquet && is_stdin(&self.file) {
            let text =
                "Parquet cannot be read from standard input: its index is at the end of the file";
            return Err(Error::Usage(text.to_owned()));
        }
        let by_name =
            if matches!(extension(&self.file).as_str(), "tsv" | "tab") { b'\t' } else { b',' };
        Ok(ReadOptions {
            delimiter: self.delimiter.unwrap_or(by_name),
            skip_invalid: self.skip_invalid,
            max_groups: self.max_groups,
            max_piece_bytes: u64::from(self.max_piece_mib) * MEBIBYTE,
            ..ReadOptions::new(format)
        })
    }

    /// Where plots go; `None` without `--plot`.
    ///
    /// # Errors
    /// [`Error::Usage`] when the path looks like a picture of another format.
    pub fn plot_target(&self) -> Result<Option<Target>> {
        let Some(path) = self.plot.clone() else { return Ok(None) };
        let usage = |text: String| Error::Usage(format!("--plot {}: {text}", path.display()));
        let is_folder = path.is_dir() || ends_with_separator(&path);
        let extension = if is_folder { String::new() } else { extension(&path) };
        if OTHER_PICTURES.contains(&extension.as_str()) {
            return Err(usage("a picture is an SVG or a PNG".to_owned()));
        }
        let of_file = PlotFormat::of_extension(&extension);
        match (of_file, self.plot_format) {
            (Some(of_file), Some(format)) if format != of_file => {
                let format = format.extension();
                Err(usage(format!("--plot-format {format} asks for another format")))
            }
            (of_file, format) => {
                let format = of_file.or(format).unwrap_or(PlotFormat::Svg);
                Ok(Some(Target { path, is_file: of_file.is_some(), format }))
            }
        }
    }

    fn file_format(&self) -> Result<Format> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        match extension(&self.file).as_str() {
            "csv" | "tsv" | "tab" | "txt" => Ok(Format::Csv),
            "parquet" | "pq" => Ok(Format::Parquet),
            _ if is_stdin(&self.file) => Ok(Format::Csv),
            // Opening the path gives the better error: the file is missing, or a directory.
            _ if !self.file.is_file() => Ok(Format::Csv),
            _ => {
                let file = self.file.display();
                let text = format!(
                    "{file}: the extension names no known format; pass --format csv or parquet"
                );
                Err(Error::Usage(text))
            }
        }
    }
}

fn ends_with_separator(path: &Path) -> bool {
    path.to_string_lossy().ends_with(std::path::is_separator)
}

/// The extension of a path in lower case.
fn extension(path: &Path) -> String {
    path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase()
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [b'\n' | b'\r' | b'"'] => Err("this character has another meaning in CSV".to_owned()),
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err("expected one ASCII character or `tab`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use rstest::rstest;

    use super::*;

    fn parse(arguments: &str) -> EvalArgs {
        let words = ["tensor-metrics", "eval"].into_iter().chain(arguments.split(' '));
        match Cli::try_parse_from(words).unwrap().command {
            Command::Eval(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[rstest]
    #[case::csv("a.csv -s p -t y", Format::Csv, b',')]
    #[case::tsv("a.TSV -s p -t y", Format::Csv, b'\t')]
    #[case::parquet("a.parquet -s p -t y", Format::Parquet, b',')]
    #[case::format_wins("a.parquet -s p -t y --format csv", Format::Csv, b',')]
    #[case::delimiter("a.csv -s p -t y --delimiter ;", Format::Csv, b';')]
    #[case::tab("a.csv -s p -t y --delimiter tab", Format::Csv, b'\t')]
    #[case::stdin("- -s p -t y", Format::Csv, b',')]
    fn formats_and_delimiters(
        #[case] arguments: &str,
        #[case] format: Format,
        #[case] delimiter: u8,
    ) {
        let options = parse(arguments).read_options().unwrap();
        assert_eq!((options.format, options.delimiter), (format, delimiter));
    }

    #[rstest]
    #[case::score_twice("a.csv -s p -s p -t y", "--score \"p\" is given twice")]
    #[case::delimiter_of_parquet("a.pq -s p -t y --delimiter ;", "--delimiter is for CSV files")]
    #[case::piped_parquet(
        "- -s p -t y --format parquet",
        "Parquet cannot be read from standard input"
    )]
    #[case::other_picture(
        "a.csv -s p -t y --plot x.PDF",
        "--plot x.PDF: a picture is an SVG or a PNG"
    )]
    #[case::two_formats(
        "a.csv -s p -t y --plot x.png --plot-format svg",
        "--plot x.png: --plot-format svg asks for another format"
    )]
    #[case::unknown_extension("Cargo.toml -s p -t y", "pass --format csv or parquet")]
    fn contradictions_are_usage_errors(#[case] arguments: &str, #[case] text: &str) {
        let args = parse(arguments);
        let error = args.columns().err().or_else(|| args.read_options().err());
        let error = error.or_else(|| args.plot_target().err()).unwrap();
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
}
