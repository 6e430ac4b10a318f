//! Files the program writes are whole or as they were; output that is not taken is an error.

use std::fs;

use rstest::rstest;

use crate::program::{Dir, FOUR_ROWS};

/// The files in folder `p`, with what they hold.
fn files(dir: &Dir) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(dir.path("p")).unwrap().map(Result::unwrap);
    let mut files: Vec<_> = entries
        .map(|entry| {
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap_or_default())
        })
        .collect();
    files.sort();
    files
}

/// Files of at most 8 × 512 bytes, as on a disk that is full.
const SMALL_DISK: &str = "trap '' XFSZ; ulimit -f 8; exec";

#[rstest]
fn a_full_disk_leaves_the_former_files(#[values("svg", "png")] format: &str) {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    let eval = format!("eval x.csv -s score -t label --plot p --plot-format {format}");
    let outcome = dir.shell(&format!("{SMALL_DISK} \"$PROGRAM\" {eval}"));
    let text = format!("p/precision_recall.{format}: File too large (os error 27)");
    outcome.fails(1, &text);
    assert_eq!(files(&dir), []);

    assert_eq!(dir.eval(&eval["eval ".len()..]).code, Some(0));
    let before = files(&dir);
    assert_eq!(before.len(), 2);
    dir.write("x.csv", format!("{FOUR_ROWS}0.3,0\n"));
    dir.shell(&format!("{SMALL_DISK} \"$PROGRAM\" {eval}")).fails(1, &text);
    assert!(files(&dir) == before);
}

#[test]
fn a_second_plot_that_cannot_be_written_leaves_no_temporary_file() {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    fs::create_dir_all(dir.path("p/roc.svg")).unwrap();
    let outcome = dir.eval("x.csv -s score -t label --plot p");
    outcome.fails(1, "p/roc.svg: Is a directory (os error 21)");
    let names: Vec<_> = files(&dir).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["precision_recall.svg", "roc.svg"]);
}

/// A folder in which nobody, not even root, makes files.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_files() {
    let outcome = Dir::with("x.csv", FOUR_ROWS).eval("x.csv -s score -t label --plot /proc/self");
    assert!(outcome.stderr.starts_with("error: /proc/self/precision_recall.svg: "), "{outcome:?}");
    assert_eq!((outcome.code, outcome.stderr.lines().count()), (Some(1), 1));
}

#[cfg(target_os = "linux")]
#[rstest]
#[case::table("eval x.csv -s score -t label")]
#[case::json("eval x.csv -s score -t label --json")]
#[case::help("--help")]
#[case::version("--version")]
fn output_that_is_not_taken(#[case] arguments: &str) {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    let outcome = dir.shell(&format!("exec \"$PROGRAM\" {arguments} >/dev/full"));
    outcome.fails(1, "standard output: No space left on device (os error 28)");
}

/// The exit code is left to tell.
#[cfg(target_os = "linux")]
#[test]
fn errors_that_are_not_taken() {
    let dir = Dir::with("x.csv", "score,label\n0.5,2\n");
    for (arguments, code) in [("x.csv -s score -t label", 1), ("x.csv", 2)] {
        let outcome = dir.shell(&format!("exec \"$PROGRAM\" eval {arguments} 2>/dev/full"));
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
    }
}

#[test]
fn a_pipe_that_is_closed_is_no_error() {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    for arguments in ["eval x.csv -s score -t label", "--help"] {
        let outcome = dir.shell(&format!("{{ \"$PROGRAM\" {arguments}; echo $? >&2; }} | true"));
        assert_eq!(outcome.stderr, "0\n");
    }
}
