//! `cargo xtask compare-candle`: time and memory of average precision on candle tensors, beside a
//! composition of candle's own operations and torcheval.

use crate::peers;
use crate::run::{Result, cargo, command, root, run};

const SIZES: [usize; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Memory limit of a measurement; the table says which ones exceed it.
const LIMIT_KIB: usize = 20 << 20;

struct Measured {
    seconds: f64,
    bytes: f64,
}

/// Prints the table as Markdown.
pub(crate) fn compare() -> Result<()> {
    run(&mut cargo(&["build", "--release", "-p", "metrics-benches", "--features", "candle"]))?;
    let python = peers::set_up()?;
    let python = python.to_string_lossy();
    let script = root().join("xtask/peers/time_torcheval.py");
    println!(
        "| samples | ours | candle's operations | torcheval | ours, memory | candle's | torcheval's |"
    );
    println!("|---|---|---|---|---|---|---|");
    for n in SIZES {
        let n = n.to_string();
        let ours = measure("target/release/beside-candle", &["ours", &n]);
        let candle = measure("target/release/beside-candle", &["candle", &n]);
        let torcheval = measure(&python, &[&script.to_string_lossy(), &n]);
        let times = [&ours, &candle, &torcheval].map(|m| time(m.as_ref(), ours.as_ref()));
        let bytes = [&ours, &candle, &torcheval].map(|m| memory(m.as_ref()));
        println!("| {n} | {} | {} |", times.join(" | "), bytes.join(" | "));
    }
    println!(
        "\nMedian time of a call, and in brackets as a multiple of ours; peak memory beyond the input. \
         \"dies\": more than {} GiB.",
        LIMIT_KIB >> 20
    );
    Ok(())
}

/// Runs a measurement in its own process; `None` if it was killed.
fn measure(program: &str, args: &[&str]) -> Option<Measured> {
    let limited = format!("ulimit -v {LIMIT_KIB}; exec \"$0\" \"$@\"");
    let output = command("sh", &["-c", &limited, program]).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let measured = Measured { seconds: numbers.next()?.ok()?, bytes: numbers.next()?.ok()? };
    output.status.success().then_some(measured)
}

fn time(measured: Option<&Measured>, ours: Option<&Measured>) -> String {
    let Some(measured) = measured else { return "dies".into() };
    let micros = measured.seconds * 1e6;
    let text =
        if micros < 1e4 { format!("{micros:.0} µs") } else { format!("{:.0} ms", micros / 1e3) };
    match ours {
        Some(ours) if ours.seconds != measured.seconds => {
            format!("{text} ({:.0}×)", measured.seconds / ours.seconds)
        }
        _ => text,
    }
}

fn memory(measured: Option<&Measured>) -> String {
    match measured {
        None => "dies".into(),
        Some(measured) => format!("{:.1} MB", measured.bytes / 1e6),
    }
}
