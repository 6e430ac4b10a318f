//! Terminals of any width: nothing is broken inside a number or a word.

use rstest::rstest;

use crate::program::{Dir, Outcome};

/// The longest line, in characters.
fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[track_caller]
fn assert_fits(outcome: &Outcome, columns: usize) {
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert!(widest(&outcome.stdout) <= columns, "{columns} columns:\n{}", outcome.stdout);
}

#[rstest]
fn reports_fit(#[values(157, 120, 80, 60, 40)] columns: usize) {
    let rows: String =
        (0..40).map(|i| format!("0.{i:02},{i},{},g{}\n", i % 3 / 2, i % 2)).collect();
    let dir = Dir::with("x.csv", format!("p,logit,y,group\n{rows}"));
    for arguments in ["-s p", "-s p -s logit -g group", "-s p -s logit --buckets 4096 -g group"] {
        let arguments = format!("x.csv -t y {arguments}");
        let outcome = dir.eval_in_columns(&arguments, columns);
        assert_fits(&outcome, columns);
        let sorted_words = |text: &str| {
            let words = text.split_whitespace().filter(|word| word.contains('.') || *word == "g1");
            let mut words: Vec<_> = words.map(str::to_owned).collect();
            words.sort_unstable();
            words
        };
        let whole = dir.eval(&arguments).stdout;
        assert_eq!(sorted_words(&outcome.stdout), sorted_words(&whole), "{}", outcome.stdout);
    }
}

#[test]
fn a_table_of_two_models_fits_80_columns_with_all_there_is() {
    let dir = Dir::with("x.csv", "logistic,y\n0.1,1\n0.5,0\n0.7,1\n");
    let outcome = dir.eval_in_columns("x.csv -s logistic -t y --buckets 4096", 80);
    assert_fits(&outcome, 80);
    assert!(outcome.stdout.contains("model"), "{}", outcome.stdout);
    assert_eq!(outcome.stdout.matches("logistic").count(), 1);
    assert!(outcome.stdout.contains('─'), "no list:\n{}", outcome.stdout);
}

#[test]
fn narrow_reports_are_lists() {
    let dir = Dir::with("x.csv", "s,y,g\n0.1,1,u\n0.5,0,u\n0.7,1,u\n");
    let outcome = dir.eval_in_columns("x.csv -s s -t y -g g", 30);
    let expected = "\
x.csv: 3 rows

g           (all rows)
model       s
samples     3
positives   2
prevalence  0.666667
AUPRC       0.833333
AUROC       0.500000

g           u
model       s
samples     3
positives   2
prevalence  0.666667
AUPRC       0.833333
AUROC       0.500000
";
    assert_eq!(outcome.stdout, expected);
}

/// A name is never broken: where it is too long for the table, there is a list.
#[test]
fn long_names_stay_whole() {
    let name = "a_model_of_a_name_that_is_rather_long_and_longer";
    let dir = Dir::with("x.csv", format!("{name},y\n0.1,1\n0.5,0\n"));
    for columns in [157, 80, 40] {
        let outcome = dir.eval_in_columns(&format!("x.csv -s {name} -t y"), columns);
        assert!(outcome.stdout.contains(name), "{}", outcome.stdout);
        assert_eq!(outcome.stdout.contains('─'), columns == 157, "{}", outcome.stdout);
    }
}

#[rstest]
fn help_fits(#[values(157, 80, 60, 40)] columns: usize, #[values("-h", "--help")] help: &str) {
    let dir = Dir::new();
    let outcome = dir.eval_in_columns(help, columns);
    assert_fits(&outcome, columns);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&outcome.stdout), words(&dir.eval_in_columns(help, 1000).stdout));
}
