//! The console's files are carried inside the binary. A build before the first run of the asset pipeline must
//! work too (`cargo check`, tests), so the folder is made, and a new pipeline run makes the binary new.

use std::path::Path;

fn main() {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/site");
    if !site.join("manifest.json").exists() {
        std::fs::create_dir_all(&site).expect("target/ can be written");
        std::fs::write(site.join("manifest.json"), "{}\n").expect("target/ can be written");
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", site.join("manifest.json").display());
}
