//! Tells the linker how to make the program: at a fixed address and, where the C library can be had
//! for that, in one piece.

// Cargo tells a build script what it asks for through variables.
#![expect(clippy::disallowed_methods)]

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The libraries that Rust's standard library asks for by name, and the archives that have the same.
const ARCHIVES: [(&str, &str); 7] = [
    ("gcc_s", "libgcc_eh.a"),
    ("c", "libc.a"),
    ("m", "libm.a"),
    ("dl", "libdl.a"),
    ("pthread", "libpthread.a"),
    ("rt", "librt.a"),
    ("util", "libutil.a"),
];

/// The names of functions as the linker knows them, one in a line.
const ORDER: &str = "scripts/function-order/functions";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |what: &str| variable(&format!("CARGO_CFG_TARGET_{what}"));
    if target("OS") != "linux" || target("ENV") != "gnu" || target("ARCH") != "x86_64" {
        return;
    }
    // A program at a fixed address starts without tens of thousands of pointers being adjusted first.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    order_functions();
    // A program with its libraries within runs on any machine, in an empty container too, and starts
    // sooner. `-C target-feature=+crt-static` does the same, but for a target that is named only, and
    // then Cargo puts the program elsewhere. Without the archives the program needs the machine's
    // libraries.
    if variable("HOST") != variable("TARGET") {
        return;
    }
    let folder = PathBuf::from(variable("OUT_DIR")).join("archives");
    if collect(&folder).is_ok() {
        println!("cargo:rustc-link-arg-bins=-static");
        // The linker takes what it finds in the first folder, be it called for as shared or not.
        println!("cargo:rustc-link-arg-bins=-L{}", folder.display());
    }
}

/// Lets the linker put those functions side by side that common commands run, as
/// `scripts/function-order/record` found them. A program is mapped in pieces of 64 KiB, of which half
/// would be needed otherwise: this halves the memory of most commands. Functions that are not there
/// any more do no harm.
fn order_functions() {
    println!("cargo:rerun-if-changed={ORDER}");
    if variable("OPT_LEVEL") == "0" || !is_own_linker() {
        return;
    }
    let path = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join(ORDER);
    println!("cargo:rustc-link-arg-bins=-Wl,--symbol-ordering-file={}", path.display());
    println!("cargo:rustc-link-arg-bins=-Wl,--no-warn-symbol-ordering");
}

/// Returns whether the linker is the one that comes with the compiler, which takes an order.
fn is_own_linker() -> bool {
    let flags = variable("CARGO_ENCODED_RUSTFLAGS");
    let is_named = flags.contains("linker") || flags.contains("fuse-ld");
    if is_named || !variable("RUSTC_LINKER").is_empty() || variable("HOST") != variable("TARGET") {
        return false;
    }
    let Ok(output) = Command::new(variable("RUSTC")).args(["--print", "sysroot"]).output() else {
        return false;
    };
    let root = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    root.join(format!("lib/rustlib/{}/bin/gcc-ld/ld.lld", variable("HOST"))).exists()
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Puts the archives into a folder, each by the name of what it stands for.
fn collect(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for (name, archive) in ARCHIVES {
        let output = Command::new("cc").arg(format!("-print-file-name={archive}")).output()?;
        let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        // What the compiler does not find, it prints as it was asked.
        if !path.is_absolute() || !path.exists() {
            return Err(io::ErrorKind::NotFound.into());
        }
        fs::copy(path, folder.join(format!("lib{name}.a")))?;
    }
    Ok(())
}
