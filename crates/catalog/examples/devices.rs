//! Prints the page `docs/devices.md`.

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn main() {
    print!("{}", levator_catalog::devices::render());
}
