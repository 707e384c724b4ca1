//! The CSV files of a simulation: one for electrolyzers, one for lines. Units stand in the header.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::app::simulate::{SimulateError, create, file_error};
use crate::control::{ElectrolyzerStatus, FeederStatus};
use crate::engine::Engine;
use crate::field::{ElectrolyzerInputs, FeederInputs, Reading};
use crate::plant::Plant;
use crate::production::ElectrolyzerTotals;
use crate::time::Timestamp;
use crate::units::HOUR_S;

/// What a row of one electrolyzer is made from.
struct Cell<'a> {
    index: usize,
    plant: &'a Plant,
    inputs: &'a ElectrolyzerInputs,
    hopper: &'a FeederInputs,
    status: &'a ElectrolyzerStatus,
    feeder: &'a FeederStatus,
    totals: &'a ElectrolyzerTotals,
}

/// Title with unit, decimals, and where the number comes from; NaN leaves the field empty.
type Column = (&'static str, usize, fn(&Cell<'_>) -> f64);

const ELECTROLYZER_COLUMNS: &[Column] = &[
    ("current [kA]", 4, |it| number(it.inputs.cell_current_a) / 1000.0),
    ("voltage [V]", 4, |it| number(it.inputs.cell_voltage_v)),
    ("bath temperature [°C]", 2, |it| number(it.inputs.bath_temp_c)),
    ("lining temperature [°C]", 2, |it| number(it.inputs.lining_temp_c[0])),
    ("oxide true [wt%]", 4, |it| it.plant.oxide_pct(it.index)),
    ("oxide estimate [wt%]", 4, |it| it.status.oxide_estimate_pct),
    ("undissolved true [kg]", 4, |it| {
        let (suspended_kg, settled_kg) = it.plant.undissolved_kg(it.index);
        suspended_kg + settled_kg
    }),
    ("feed rate [g/min]", 2, |it| it.feeder.flow_g_min),
    ("feed target [g/min]", 2, |it| it.feeder.target_g_min),
    ("feed phase [0 under 1 over 2 base 3 hold 4 quench]", 0, |it| {
        f64::from(it.status.feed_phase as u32)
    }),
    ("hopper [kg]", 3, |it| number(it.hopper.hopper_weight_kg)),
    ("resistance [µΩ]", 3, |it| it.status.pseudo_resistance_uohm),
    ("resistance slope [µΩ/min]", 4, |it| it.status.resistance_slope_uohm_min),
    ("anode effect risk [1]", 4, |it| it.status.anode_effect_risk),
    ("voltage noise [mV]", 2, |it| it.status.voltage_noise_mv),
    ("metal in cell [kg]", 3, |it| it.status.metal_estimate_kg),
    ("bath [kg]", 2, |it| it.status.bath_estimate_kg),
    ("oxide fed [kg]", 4, |it| it.totals.oxide_fed_kg),
    ("metal tapped [kg]", 3, |it| it.totals.metal_tapped_kg),
    ("energy DC [kWh]", 3, |it| it.totals.energy_j / 3.6e6),
    ("anode effects [1]", 0, |it| f64::from(it.status.anode_effects)),
];

const LINE_HEADER: &str = "time,line,running [1],in anode effect [1],metal today [kg],metal rate [kg/h],\
    power DC [kW],power AC [kW],demand 15 min [kW],energy AC today [kWh],oxide today [kg],CF4 today [g],\
    anode effects per electrolyzer and day [1]";

fn number(reading: Reading) -> f64 {
    if reading.quality.is_bad() { f64::NAN } else { reading.value }
}

/// The open files.
pub(super) struct CsvFiles {
    electrolyzers: Table,
    lines: Table,
}

impl CsvFiles {
    /// Creates both in `folder` and writes their headers.
    pub(super) fn create(folder: &Path) -> Result<Self, SimulateError> {
        let titles = ELECTROLYZER_COLUMNS.iter().map(|it| it.0).collect::<Vec<_>>().join(",");
        let header = format!("time,electrolyzer,phase,{titles}");
        Ok(Self {
            electrolyzers: Table::create(folder.join("electrolyzers.csv"), &header)?,
            lines: Table::create(folder.join("lines.csv"), LINE_HEADER)?,
        })
    }

    /// One row per electrolyzer and line.
    pub(super) fn write(&mut self, engine: &Engine) -> Result<(), SimulateError> {
        let time = engine.time();
        self.electrolyzers.rows(|file| write_electrolyzers(file, engine, time))?;
        self.lines.rows(|file| write_lines(file, engine, time))
    }

    /// Writes what is still in memory.
    pub(super) fn finish(mut self) -> Result<(), SimulateError> {
        self.electrolyzers.rows(Write::flush)?;
        self.lines.rows(Write::flush)
    }
}

struct Table {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Table {
    fn create(path: PathBuf, header: &str) -> Result<Self, SimulateError> {
        let file = create(&path)?;
        let mut table = Self { path, file };
        table.rows(|file| writeln!(file, "{header}"))?;
        Ok(table)
    }

    fn rows(
        &mut self,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), SimulateError> {
        write(&mut self.file).map_err(file_error(&self.path))
    }
}

fn write_electrolyzers(file: &mut impl Write, engine: &Engine, time: Timestamp) -> io::Result<()> {
    let seen = engine.observed();
    for (index, electrolyzer) in seen.config.electrolyzers.iter().enumerate() {
        let cell = Cell {
            index,
            plant: engine.plant(),
            inputs: &seen.inputs.electrolyzers[index],
            hopper: &seen.inputs.feeders[index],
            status: &seen.status.electrolyzers[index],
            feeder: &seen.status.feeders[index],
            totals: &seen.totals.electrolyzers[index],
        };
        let line = &seen.config.lines[electrolyzer.line].name;
        write!(file, "{time},{line}.{},{:?}", electrolyzer.name, cell.status.phase)?;
        for (_, decimals, of) in ELECTROLYZER_COLUMNS {
            let number = of(&cell);
            if number.is_finite() {
                write!(file, ",{number:.decimals$}")?;
            } else {
                write!(file, ",")?;
            }
        }
        writeln!(file)?;
    }
    Ok(())
}

fn write_lines(file: &mut impl Write, engine: &Engine, time: Timestamp) -> io::Result<()> {
    let seen = engine.observed();
    for (index, line) in seen.config.lines.iter().enumerate() {
        let status = &seen.status.lines[index];
        let totals = &seen.totals.lines[index];
        write!(file, "{time},{},{},{}", line.name, status.running, status.in_anode_effect)?;
        write!(file, ",{:.3}", totals.metal_today_kg)?;
        write!(file, ",{:.3}", totals.metal_rate_kg_s * HOUR_S)?;
        write!(file, ",{:.2}", totals.dc_power_w / 1000.0)?;
        write!(file, ",{:.2}", totals.ac_power_w / 1000.0)?;
        write!(file, ",{:.2}", totals.demand_15min_w / 1000.0)?;
        write!(file, ",{:.2}", totals.energy_today_j / 3.6e6)?;
        write!(file, ",{:.3}", totals.oxide_today_kg)?;
        write!(file, ",{:.3}", totals.cf4_today_kg * 1000.0)?;
        writeln!(file, ",{:.4}", totals.anode_effects_per_day)?;
    }
    Ok(())
}
