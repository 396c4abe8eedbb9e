//! The migrations are embedded when the engine is compiled: a new one must compile it anew.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
