//! The program as a file.

use std::fs;

/// The kind of a program header that names the loader of shared libraries.
const PT_INTERP: u32 = 3;

#[test]
fn the_program_needs_no_library_of_the_machine() {
    let bytes = fs::read(env!("CARGO_BIN_EXE_rhumb")).unwrap();
    let number = |at: usize, size: usize| {
        bytes[at..at + size].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    assert_eq!(&bytes[..5], b"\x7fELF\x02", "an ELF file of 64 bits");
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    let kinds: Vec<u32> = (0..count).map(|i| number(table + i * size, 4) as u32).collect();
    assert!(!kinds.is_empty());
    assert!(
        !kinds.contains(&PT_INTERP),
        "linked with shared libraries: build.rs found no libc.a (Debian's libc6-dev has it)"
    );
}
