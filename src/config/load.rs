//! From files to checked structs.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::config::mistake::Mistake;
use crate::config::plant::PlantConfig;
use crate::config::plant_file;
use crate::config::section;
use crate::config::server::ServerConfig;
use crate::config::server_file;

/// The default plant: 8,000 t/y of rare-earth metals.
const PLANT: &str = include_str!("../../config/plant.toml");
/// The default server: this machine only, anybody reads.
const SERVER: &str = include_str!("../../config/server.toml");
/// Largest file that is read; ours have a few kB.
const FILE_BYTES: u64 = 1 << 20;

/// Reads a plant from a file, or says everything that is wrong with it.
pub fn load_plant(path: &Path) -> Result<PlantConfig, Vec<Mistake>> {
    let file = path.display().to_string();
    parse_plant(&file, &text_of(path, &file)?)
}

/// Reads the server's settings from a file, or says everything that is wrong with it.
pub fn load_server(path: &Path) -> Result<ServerConfig, Vec<Mistake>> {
    let file = path.display().to_string();
    parse_server(&file, &text_of(path, &file)?)
}

/// The plant that `text` describes; `file` is what mistakes call it.
pub fn parse_plant(file: &str, text: &str) -> Result<PlantConfig, Vec<Mistake>> {
    section::read(file, text, plant_file::plant)
}

/// The server that `text` describes; `file` is what mistakes call it.
pub fn parse_server(file: &str, text: &str) -> Result<ServerConfig, Vec<Mistake>> {
    section::read(file, text, server_file::server)
}

/// The plant that is built in: `config/plant.toml` as shipped.
#[expect(clippy::missing_panics_doc, reason = "a test reads the shipped file")]
pub fn default_plant() -> PlantConfig {
    parse_plant("config/plant.toml", PLANT).expect("the shipped file is tested")
}

/// The server that is built in: `config/server.toml` as shipped.
#[expect(clippy::missing_panics_doc, reason = "a test reads the shipped file")]
pub fn default_server() -> ServerConfig {
    parse_server("config/server.toml", SERVER).expect("the shipped file is tested")
}

fn text_of(path: &Path, file: &str) -> Result<String, Vec<Mistake>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|it| it.take(FILE_BYTES + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(whole(file, 0, &format!("cannot be read: {error}"), ""));
    }
    if bytes.len() as u64 > FILE_BYTES {
        return Err(whole(file, 0, "is too large", &format!("up to {FILE_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        whole(file, line, "is not UTF-8", "text saved as UTF-8")
    })
}

fn whole(file: &str, line: usize, what: &str, allowed: &str) -> Vec<Mistake> {
    vec![Mistake {
        file: file.to_owned(),
        line,
        key: String::new(),
        what: what.to_owned(),
        allowed: allowed.to_owned(),
    }]
}
