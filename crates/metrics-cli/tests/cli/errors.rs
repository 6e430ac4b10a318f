//! Every error: one line that names the place, and the exit code.

use rstest::rstest;

use crate::program::{Dir, FOUR_ROWS};

#[rstest]
#[case::text("s,y\n0.5,1\nabc,0\n", r#"x.csv:3: column "s": "abc" is not a number"#)]
#[case::decimal_comma("s,y\n\"0,5\",1\n", r#"x.csv:2: column "s": "0,5" is not a number"#)]
#[case::empty_cell("s,y\n0.5,1\n,0\n", r#"x.csv:3: column "s": empty cell"#)]
#[case::empty_target("s,y\n0.5,\n", r#"x.csv:2: column "y": empty cell"#)]
#[case::nan("s,y\n0.5,1\nNaN,0\n", r#"x.csv:3: column "s": "NaN" is not a score: NaN has no rank"#)]
#[case::too_large("s,y\n0.5,1\n1e400,0\n", r#"x.csv:3: column "s": "1e400" is beyond the range of 64-bit floats; an infinite score is inf or -inf"#)]
#[case::target_2("s,y\n0.5,2\n", r#"x.csv:2: column "y": "2" is not a target: neither 0 nor 1"#)]
#[case::target_text(
    "s,y\n0.5,yes\n",
    r#"x.csv:2: column "y": "yes" is not a target: neither 0 nor 1"#
)]
#[case::short_row("s,y\n0.5,1\n0.5\n", "x.csv:3: 1 field, but the header has 2")]
#[case::long_row("s,y\n0.5,1,7\n", "x.csv:2: 3 fields, but the header has 2")]
#[case::after_blank_lines(
    "s,y\n\n\n0.5,1\n\nabc,0\n",
    r#"x.csv:6: column "s": "abc" is not a number"#
)]
#[case::crlf("s,y\r\n0.5,1\r\n\r\nabc,0\r\n", r#"x.csv:4: column "s": "abc" is not a number"#)]
#[case::last_line("s,y\n0.5,1\nabc,0", r#"x.csv:3: column "s": "abc" is not a number"#)]
#[case::after_a_quoted_newline(
    "s,y\n0.5,\"1\n\"\nabc,0\n",
    r#"x.csv:4: column "s": "abc" is not a number"#
)]
#[case::in_a_quoted_newline(
    "s,y\n\n\"a\nb\",0\n",
    r#"x.csv:3: column "s": "a\nb" is not a number"#
)]
#[case::long_value(format!("s,y\n{},1\n", "x".repeat(500)), format!("x.csv:2: column \"s\": \"{}…\" is not a number", "x".repeat(60)))]
#[case::invalid_utf8(b"s,y\n0.5,1\na\xff,0\n", r#"x.csv:3: column "s": "a\xFF" is not UTF-8 text"#)]
#[case::empty_file("", "x.csv: is empty: not even a header")]
#[case::header_only("s,y\n", "x.csv: no rows to evaluate")]
#[case::header_only_without_newline("s,y", "x.csv: no rows to evaluate")]
#[case::unknown_column("p,y\n0.5,1\n", r#"x.csv: no column "s"; the columns are "p", "y""#)]
#[case::column_twice(
    "s,y,s\n0.5,1,0.5\n",
    r#"x.csv: column "s" appears 2 times; rename all but one"#
)]
#[case::parquet_inside("PAR1\x15\x00", "x.csv: is a Parquet file: pass --format parquet")]
#[case::gzip_inside(b"\x1f\x8b\x08\x00abc", "x.csv: is compressed (gzip): decompress it first")]
#[case::spreadsheet(
    b"PK\x03\x04abc",
    "x.csv: is a zip archive or a spreadsheet: export it as CSV first"
)]
#[case::utf16(b"\xff\xfes\x00,\x00y\x00", "x.csv: is UTF-16 text: save it as UTF-8 first")]
fn bad_csv(#[case] content: impl AsRef<[u8]>, #[case] text: impl AsRef<str>) {
    Dir::with("x.csv", content).eval("x.csv -s s -t y").fails(1, text.as_ref());
}

#[rstest]
#[case::negative("-1", r#""-1" is not a weight: a finite number of at least 0"#)]
#[case::infinite("inf", r#""inf" is not a weight: a finite number of at least 0"#)]
#[case::too_large(
    "1e400",
    r#""1e400" is beyond the range of 64-bit floats; an infinite score is inf or -inf"#
)]
#[case::text("x", r#""x" is not a number"#)]
#[case::empty("", "empty cell")]
fn bad_weights(#[case] weight: &str, #[case] text: &str) {
    let dir = Dir::with("x.csv", format!("s,y,w\n0.5,1,1\n0.5,0,{weight}\n"));
    dir.eval("x.csv -s s -t y -w w").fails(1, &format!("x.csv:3: column \"w\": {text}"));
}

#[test]
fn an_empty_group_is_an_error() {
    let dir = Dir::with("x.csv", "s,y,g\n0.5,1,a\n0.5,0,\n");
    dir.eval("x.csv -s s -t y -g g").fails(1, "x.csv:3: column \"g\": empty cell");
}

#[rstest]
#[case::score("-s p -t label", "p")]
#[case::target("-s score -t y", "y")]
#[case::weight("-s score -t label -w w", "w")]
#[case::group("-s score -t label -g g", "g")]
fn unknown_columns(#[case] arguments: &str, #[case] column: &str) {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    let text = format!("x.csv: no column {column:?}; the columns are \"score\", \"label\"");
    dir.eval(&format!("x.csv {arguments}")).fails(1, &text);
}

#[test]
fn a_missing_file() {
    for name in ["gone.csv", "gone.parquet", "gone"] {
        let outcome = Dir::new().eval(&format!("{name} -s s -t y"));
        assert!(outcome.stderr.starts_with(&format!("error: {name}: No such file")), "{outcome:?}");
        assert_eq!(outcome.code, Some(1));
    }
}

#[test]
fn a_directory() {
    let dir = Dir::new();
    for name in ["d", "d.csv", "d.parquet"] {
        std::fs::create_dir(dir.path(name)).unwrap();
        let text = format!("{name}: is a directory, not a file");
        dir.eval(&format!("{name} -s s -t y")).fails(1, &text);
    }
}

#[test]
fn a_quote_that_is_never_closed() {
    let endless = format!("s,y\n0.5,1\n\"0.5 1\n{}", "0.5 1\n".repeat(4_000_000));
    let text = "x.csv:3: a record takes 8.2 MiB or more, and a piece of a file may take 8 MiB \
                (--max-piece-mib): a quote that is never closed, or not CSV";
    let dir = Dir::with("x.csv", endless);
    dir.eval("x.csv -s s -t y --max-piece-mib 8").fails(1, text);
}

#[rstest]
#[case::no_columns("x.csv", "--score")]
#[case::no_score("x.csv -t label", "--score")]
#[case::no_target("x.csv -s score", "--target")]
#[case::unknown_option("x.csv -s score -t label --fast", "--fast")]
#[case::score_twice("x.csv -s score -s score -t label", "given twice")]
#[case::one_bucket("x.csv -s score -t label --buckets 1", "--buckets")]
#[case::many_buckets("x.csv -s score -t label --buckets 16777217", "--buckets")]
#[case::long_delimiter("x.csv -s score -t label --delimiter ab", "--delimiter")]
#[case::plot_format_alone("x.csv -s score -t label --plot-format png", "--plot")]
#[case::unknown_format("x.xyz -s score -t label", "pass --format csv or parquet")]
#[case::delimiter_for_parquet(
    "x.pq -s score -t label --delimiter ;",
    "--delimiter is for CSV files"
)]
fn usage_errors_have_code_2(#[case] arguments: &str, #[case] text: &str) {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    dir.write("x.xyz", FOUR_ROWS);
    let outcome = dir.eval(arguments);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
    assert!(outcome.stderr.contains(text), "{}", outcome.stderr);
}
