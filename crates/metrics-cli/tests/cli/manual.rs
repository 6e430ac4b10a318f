//! Shell completions and man pages.

use rstest::rstest;

use crate::program::{Dir, run};

#[rstest]
fn shells_complete_commands_and_options(
    #[values("bash", "elvish", "fish", "powershell", "zsh")] shell: &str,
) {
    let dir = Dir::new();
    let outcome = run(&dir.path(""), &["completions", shell], b"");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    for word in ["tensor-metrics", "eval", "buckets", "plot-format", "svg"] {
        assert!(outcome.stdout.contains(word), "{word} in {}", outcome.stdout);
    }
}

#[test]
fn man_pages_have_all_options() {
    let dir = Dir::new();
    let page = |arguments: &[&str]| {
        let outcome = run(&dir.path(""), arguments, b"");
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
        outcome.stdout
    };
    let program = page(&["man"]);
    assert!(program.contains(".TH tensor-metrics 1"), "{program}");
    assert!(program.contains("tensor\\-metrics\\-eval(1)"), "{program}");
    let eval = page(&["man", "eval"]);
    assert!(eval.contains(".TH tensor-metrics-eval 1"), "{eval}");
    for option in ["score", "target", "weight", "group", "plot", "buckets", "delimiter"] {
        assert!(eval.contains(&format!("\\-\\-{option}")), "{option} in {eval}");
    }
}

#[test]
fn unknown_shells_and_commands_are_refused() {
    let dir = Dir::new();
    let outcome = run(&dir.path(""), &["completions", "tcsh"], b"");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
    let text = "no command \"evil\"; the commands are eval, completions, man, help";
    run(&dir.path(""), &["man", "evil"], b"").fails(2, text);
}
