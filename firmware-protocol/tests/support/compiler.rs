//! Compiles the C files beside the crate with the machine's compiler and talks to what comes out.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const STRICT: [&str; 9] = [
    "-std=c99",
    "-pedantic",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wshadow",
    "-Wcast-qual",
    "-Wundef",
    "-O2",
];

/// The folder with the C files.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c")
}

/// Says that a part of a test could not run; a failure where CI=true.
#[expect(clippy::disallowed_methods, reason = "only the environment knows where this runs")]
#[expect(clippy::print_stderr, reason = "a test that is skipped must say so")]
pub(crate) fn skip(reason: &str) {
    let is_ci = std::env::var("CI").as_deref() == Ok("true");
    assert!(!is_ci, "{reason}: a skipped test counts as failed where CI=true");
    eprintln!("skipped: {reason}");
}

/// Runs the compiler; `None` if there is none.
pub(crate) fn compile(name: &str, arguments: &[&str]) -> Option<PathBuf> {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut command = Command::new("cc");
    command.current_dir(folder()).args(STRICT).args(arguments).arg("-o").arg(&out);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skip("there is no C compiler called cc");
            return None;
        }
        Err(error) => panic!("cc: {error}"),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(out)
}

/// Writes `lines` to the program and reads one answer for each.
pub(crate) fn ask(program: &Path, lines: &[String]) -> Vec<String> {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it was just compiled");
    let mut input = child.stdin.take().expect("it is piped");
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // Beside the reading: a pipe holds less than this.
    let writer = std::thread::spawn(move || {
        // A program that has ended says why on its standard error.
        let _ = input.write_all(text.as_bytes());
    });
    let output = child.wait_with_output().expect("it runs");
    writer.join().expect("the writer does not panic");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{}: {complaints}", output.status);
    let answers: Vec<_> =
        String::from_utf8(output.stdout).expect("ASCII").lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), lines.len());
    answers
}
