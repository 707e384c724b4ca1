//! Finds and reads the configuration: the named file, else the usual one, else what is built in.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::app::Failure;
use crate::cli::FileArgs;
use crate::config::{self, Mistake, PlantConfig, ServerConfig};

/// Where the plant is described if nothing else is said.
const PLANT: &str = "config/plant.toml";
/// Where the server is described.
const SERVER: &str = "config/server.toml";

/// Every mistake of the configuration.
#[derive(Debug)]
pub(super) struct Mistakes(pub(super) Vec<Mistake>);

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        write!(f, "{count} {noun} in the configuration")?;
        for mistake in &self.0 {
            write!(f, "\n  {mistake}")?;
        }
        Ok(())
    }
}

/// The file that counts; none if the built-in text does.
fn choose(named: Option<&Path>, usual: &str) -> Option<PathBuf> {
    let usual = Path::new(usual);
    named.map(Path::to_owned).or_else(|| usual.exists().then(|| usual.to_owned()))
}

/// The plant, and where it is described.
pub(super) fn plant(files: &FileArgs) -> Result<PlantConfig, Vec<Mistake>> {
    match choose(files.config.as_deref(), PLANT) {
        Some(path) => config::load_plant(&path),
        None => Ok(config::default_plant()),
    }
}

/// The server, and where it is described.
pub(super) fn server(files: &FileArgs) -> Result<ServerConfig, Vec<Mistake>> {
    match choose(files.server.as_deref(), SERVER) {
        Some(path) => config::load_server(&path),
        None => Ok(config::default_server()),
    }
}

/// Both, or every mistake of both.
pub(super) fn both(files: &FileArgs) -> Result<(PlantConfig, ServerConfig), Failure> {
    match (plant(files), server(files)) {
        (Ok(plant), Ok(server)) => Ok((plant, server)),
        (plant, server) => {
            let mut all = plant.err().unwrap_or_default();
            all.extend(server.err().unwrap_or_default());
            Err(Mistakes(all).into())
        }
    }
}

/// What the plant is read from, for a person.
pub(super) fn plant_name(files: &FileArgs) -> String {
    choose(files.config.as_deref(), PLANT)
        .map_or_else(|| "the built-in plant".to_owned(), |it| it.display().to_string())
}
