//! Tells the linker how to make the program.

// Cargo tells a build script what it asks for through variables.
#![expect(clippy::disallowed_methods)]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" && target("ARCH") == "x86_64" {
        // A program at a fixed address starts without tens of thousands of pointers being adjusted first.
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
