//! The README must be true: its program compiles in an empty project and prints what it says, and
//! its commands print what stands below them.

use std::fs;

use crate::run::{Result, cargo, command, root, stdout};

/// The command that is being run right now: it cannot run itself.
const THIS_COMMAND: &str = "cargo xtask ci";

/// A fenced block: its language and its lines.
struct Block<'a> {
    language: &'a str,
    lines: Vec<&'a str>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                blocks.push(Block { language, lines: Vec::new() });
            }
        } else if let Some(block) = blocks.last_mut().filter(|_| inside) {
            block.lines.push(line);
        }
    }
    blocks
}

/// Types the README's Cargo.toml and each program into an empty project outside the workspace.
pub(crate) fn newcomer() -> Result<String> {
    let text = fs::read_to_string(root().join("README.md"))?;
    let blocks = blocks(&text);
    let block = |language: &str| {
        let block = blocks.iter().find(|block| block.language == language);
        block.ok_or_else(|| format!("README.md has no block of {language}"))
    };
    let manifest = block("toml")?;
    let project = root().join("target/newcomer");
    fs::create_dir_all(project.join("src"))?;
    let package = "[package]\nname = \"newcomer\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                   [workspace]\n\n";
    let facade = root().join("crates/tensor-metrics");
    let manifest = manifest.lines.join("\n").replace(
        "path/to/tensor-metrics/crates/tensor-metrics",
        &facade.to_string_lossy().replace('\\', "/"),
    );
    fs::write(project.join("Cargo.toml"), format!("{package}{manifest}\n"))?;
    let of = |language| blocks.iter().filter(move |block| block.language == language);
    let (programs, outputs): (Vec<_>, Vec<_>) = (of("rust").collect(), of("text").collect());
    if programs.is_empty() || programs.len() != outputs.len() {
        let text = format!("{} programs and {} outputs", programs.len(), outputs.len());
        return Err(format!("README.md has {text}").into());
    }
    for (program, printed) in programs.iter().zip(outputs) {
        fs::write(project.join("src/main.rs"), program.lines.join("\n") + "\n")?;
        let output = stdout(cargo(&["run", "--quiet"]).current_dir(&project))?;
        compare("the program", &printed.lines.join("\n"), &output)?;
    }
    let n_lines: usize = programs.iter().map(|program| program.lines.len()).sum();
    Ok(format!("{} programs, {n_lines} lines, print what they should", programs.len()))
}

/// Runs every `$ command` of the README's console blocks and compares what it prints.
pub(crate) fn commands() -> Result<String> {
    run_commands(str::to_owned)
}

/// The same with debug builds, which the tests have made already: a release build of the program takes
/// five minutes.
pub(crate) fn commands_in_debug() -> Result<String> {
    run_commands(|command| command.replace(" --release", ""))
}

fn run_commands(adapt: impl Fn(&str) -> String) -> Result<String> {
    let text = fs::read_to_string(root().join("README.md"))?;
    let mut n_commands = 0;
    for block in blocks(&text).iter().filter(|block| block.language == "console") {
        let mut lines = block.lines.iter().peekable();
        while let Some(line) = lines.next() {
            let Some(command_line) = line.strip_prefix("$ ") else {
                return Err(format!("README.md: {line:?} stands below no command").into());
            };
            let mut expected = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                expected.push(*line);
            }
            if command_line == THIS_COMMAND {
                continue;
            }
            let command_line = adapt(command_line);
            println!("$ {command_line}");
            let output = stdout(&mut command("sh", &["-c", &command_line]))?;
            compare(&command_line, &expected.join("\n"), &output)?;
            n_commands += 1;
        }
    }
    if !text.contains(&format!("$ {THIS_COMMAND}\n")) {
        return Err(format!("README.md does not name {THIS_COMMAND}").into());
    }
    pictures(&text)?;
    Ok(format!("{n_commands} commands print what stands below them"))
}

/// The pictures in `docs` are those the commands just drew.
fn pictures(text: &str) -> Result<()> {
    for name in ["precision_recall.svg", "roc.svg"] {
        if !text.contains(&format!("docs/{name}")) {
            return Err(format!("README.md does not show docs/{name}").into());
        }
        let drawn = fs::read_to_string(root().join("target/plots").join(name))?;
        let shown = fs::read_to_string(root().join("docs").join(name))?;
        compare(&format!("docs/{name}"), &shown, &drawn)?;
    }
    Ok(())
}

fn compare(what: &str, expected: &str, output: &str) -> Result<()> {
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    if trimmed(expected).trim_end() == trimmed(output).trim_end() {
        return Ok(());
    }
    Err(format!("{what}: README.md says\n{expected}\nbut it prints\n{output}").into())
}
