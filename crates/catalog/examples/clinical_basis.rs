//! Prints the page `docs/clinical-basis.md`.

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn main() {
    print!("{}", levator_catalog::clinical_basis::render());
}
