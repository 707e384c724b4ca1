//! Reads the lines of `plant.toml` and makes rows of devices out of "35 electrolyzers, at most 5 on a rectifier".

use crate::config::plant::{CellModel, ElectrolyzerConfig, LineConfig, Product, RectifierConfig};
use crate::config::plant_file::{NAME, is_name, is_title};
use crate::config::section::{Section, shown};

/// Most electrolyzers on one line.
const LINE_MAX: u64 = 300;
/// Most electrolyzers in series on one rectifier.
const GROUP_MAX: u64 = 20;
/// Names that the address space already has beside the lines.
const TAKEN: [&str; 5] = ["Plant", "FumeTreatment", "Utilities", "Production", "Server"];

/// What the names of numbered devices may be.
const FIRST: &str =
    "a letter, then letters, digits and underscores, with a number of 1 to 6 digits at the end";

/// All lines together.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// Lines in the order of the file.
    pub lines: Vec<LineConfig>,
    /// Every rectifier, line by line.
    pub rectifiers: Vec<RectifierConfig>,
    /// Every electrolyzer, line by line.
    pub electrolyzers: Vec<ElectrolyzerConfig>,
}

/// Every `[[line]]`.
pub(super) fn site(file: &Section<'_>, products: &[Product], models: &[CellModel]) -> Site {
    let mut site = Site::default();
    let codes: Vec<&str> = products.iter().map(|it| it.code.as_str()).collect();
    file.tables("line", 1, |s| {
        let line = LineConfig {
            name: line_name(s, &site),
            display_name: s.text("display_name", "a text of 1 to 100 characters", None, is_title),
            product: s.reference("product", &codes).unwrap_or(0),
        };
        let draft = Draft::read(s, models);
        site.lines.push(line);
        draft.build(s, models, &mut site);
    });
    site
}

fn line_name(s: &Section<'_>, site: &Site) -> String {
    let name = s.text("name", NAME, None, is_name);
    if site.lines.iter().any(|it| it.name == name && !name.is_empty()) {
        s.mistake("name", format!("\"{name}\" is there already"), "each name once");
    }
    if TAKEN.contains(&name.as_str()) {
        s.mistake("name", format!("\"{name}\" is taken by the server"), "another name");
    }
    name
}

/// One line as it is written.
#[derive(Debug)]
struct Draft {
    electrolyzers: Numbered,
    model: Option<usize>,
    rectifiers: Numbered,
    nominal_a: Option<f64>,
    efficiency_frac: f64,
    overrides: Vec<Override>,
}

/// Devices that are named by counting on from the first.
#[derive(Debug)]
struct Numbered {
    /// Nothing was wrong with it.
    is_known: bool,
    prefix: String,
    first: u64,
    width: usize,
    count: u64,
}

/// What is special about one electrolyzer.
#[derive(Debug)]
struct Override {
    electrolyzer: Option<usize>,
    model: Option<usize>,
    rectifier: Option<usize>,
}

impl Numbered {
    /// Reads the name of the first, and `count`; notes if either is wrong.
    fn read(s: &Section<'_>, count: impl FnOnce(&Section<'_>) -> u64) -> Self {
        let before = s.found();
        let first = s.text("first", FIRST, None, Self::is_first);
        let count = count(s);
        let is_known = before.is_some() && s.found() == before;
        Self { is_known, ..Self::new(&first, count) }
    }

    fn new(first: &str, count: u64) -> Self {
        let prefix = first.trim_end_matches(|it: char| it.is_ascii_digit());
        let digits = &first[prefix.len()..];
        let number = digits.parse::<u32>().unwrap_or(0);
        let width = digits.len();
        Self { is_known: true, prefix: prefix.to_owned(), first: number.into(), width, count }
    }

    fn is_first(name: &str) -> bool {
        let prefix = name.trim_end_matches(|it: char| it.is_ascii_digit());
        is_name(name) && (1..=6).contains(&(name.len() - prefix.len()))
    }

    /// Every name; empty if they are not known.
    fn names(&self) -> Vec<String> {
        let count = if self.is_known { self.count } else { 0 };
        let numbers = self.first..self.first + count;
        numbers.map(|it| format!("{}{it:0width$}", self.prefix, width = self.width)).collect()
    }
}

impl Draft {
    fn read(s: &Section<'_>, models: &[CellModel]) -> Self {
        let names: Vec<&str> = models.iter().map(|it| it.name.as_str()).collect();
        let (electrolyzers, model) = s.required_table("electrolyzer", |s| {
            let electrolyzers = Numbered::read(s, |s| s.count("count", 1..=LINE_MAX, None));
            (electrolyzers, s.reference("model", &names))
        });
        let (rectifiers, efficiency_frac, nominal_a) = s.required_table("rectifier", |s| {
            let group = |s: &Section<'_>| s.count("group", 1..=GROUP_MAX, Some(1));
            let mut rectifiers = Numbered::read(s, |s| electrolyzers.count.div_ceil(group(s)));
            rectifiers.is_known &= electrolyzers.is_known;
            let nominal_a =
                s.has("nominal_a").then(|| s.number("nominal_a", 500.0..=150_000.0, None));
            let efficiency_frac = s.number("efficiency_frac", 0.5..=1.0, Some(0.93));
            (rectifiers, efficiency_frac, nominal_a)
        });
        let places = (electrolyzers.names(), rectifiers.names());
        let mut seen = Vec::new();
        let overrides = s.tables("override", 0, |s| {
            let read = Override {
                electrolyzer: s.reference("electrolyzer", &places.0),
                model: if s.has("model") { s.reference("model", &names) } else { None },
                rectifier: if s.has("rectifier") {
                    s.reference("rectifier", &places.1)
                } else {
                    None
                },
            };
            if read.electrolyzer.is_some_and(|it| seen.contains(&it)) {
                s.mistake("electrolyzer", "has an override already", "one override for each");
            }
            seen.extend(read.electrolyzer);
            read
        });
        Self { electrolyzers, model, rectifiers, nominal_a, efficiency_frac, overrides }
    }

    /// Adds the devices of this line to `site`, whose last line it is.
    fn build(&self, s: &Section<'_>, models: &[CellModel], site: &mut Site) {
        let line = site.lines.len() - 1;
        let names = self.electrolyzers.names();
        let supplies = self.rectifiers.names();
        let Some(model) = self.model else { return };
        if names.is_empty() || supplies.is_empty() {
            return;
        }
        duplicates(s, "electrolyzer", &names, site);
        duplicates(s, "rectifier", &supplies, site);
        let mut rows: Vec<(usize, usize)> =
            spread(names.len(), supplies.len()).map(|rectifier| (model, rectifier)).collect();
        for special in &self.overrides {
            let Some(row) = special.electrolyzer.and_then(|it| rows.get_mut(it)) else { continue };
            *row = (special.model.unwrap_or(row.0), special.rectifier.unwrap_or(row.1));
        }
        let first_rectifier = site.rectifiers.len();
        for (rectifier, name) in supplies.iter().enumerate() {
            let fed = rows.iter().filter(|it| it.1 == rectifier).map(|it| &models[it.0]);
            let nominal_a = self.rating(s, name, &fed.collect::<Vec<_>>());
            let efficiency_frac = self.efficiency_frac;
            site.rectifiers.push(RectifierConfig {
                name: name.clone(),
                line,
                nominal_a,
                efficiency_frac,
            });
        }
        site.electrolyzers.extend(names.into_iter().zip(rows).map(|(name, (model, rectifier))| {
            ElectrolyzerConfig { name, line, model, rectifier: first_rectifier + rectifier }
        }));
    }

    /// Nominal current of the rectifier `name`, after a look at what it feeds in series.
    fn rating(&self, s: &Section<'_>, name: &str, fed: &[&CellModel]) -> f64 {
        let Some(first) = fed.first() else {
            s.mistake("override", format!("leaves rectifier {name} without an electrolyzer"), "");
            return f64::NAN;
        };
        let differs = |it: &&&CellModel| (it.nominal_a - first.nominal_a).abs() > 0.001;
        if let Some(other) = fed.iter().find(differs) {
            let (one, two) = (shown(first.nominal_a), shown(other.nominal_a));
            let what = format!("puts electrolyzers of {one} A and {two} A in series on {name}");
            s.mistake("override", what, "one nominal current on each rectifier");
        }
        let rating = self.nominal_a.unwrap_or(first.nominal_a);
        if rating < first.nominal_a {
            let what = format!("nominal_a {} is less than its electrolyzers need", shown(rating));
            s.mistake("rectifier", what, format!("at least {}", shown(first.nominal_a)));
        }
        rating
    }
}

/// Rectifier of each of `count` electrolyzers: neighbours together, groups as even as they can be.
fn spread(count: usize, groups: usize) -> impl Iterator<Item = usize> {
    let (each, more) = (count / groups, count % groups);
    (0..groups).flat_map(move |group| std::iter::repeat_n(group, each + usize::from(group < more)))
}

/// A device is called by its name on the radio: one name, one device in the whole plant.
fn duplicates(s: &Section<'_>, key: &'static str, names: &[String], site: &Site) {
    let electrolyzers = site.electrolyzers.iter().map(|it| (&it.name, it.line));
    let rectifiers = site.rectifiers.iter().map(|it| (&it.name, it.line));
    let used: Vec<(&String, usize)> = electrolyzers.chain(rectifiers).collect();
    let twice = names.iter().filter_map(|name| used.iter().find(|it| it.0 == name));
    let twice: Vec<&(&String, usize)> = twice.collect();
    if let Some((name, line)) = twice.first() {
        let more = match twice.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let line = &site.lines[*line].name;
        s.mistake(key, format!("{name}{more} is there already, on {line}"), "each name once");
    }
}

#[cfg(test)]
mod tests {
    use super::{Numbered, spread};

    #[test]
    fn groups_are_as_even_as_they_can_be() {
        let groups: Vec<usize> = spread(31, 7).collect();
        let sizes: Vec<usize> =
            (0..7).map(|it| groups.iter().filter(|group| **group == it).count()).collect();
        assert_eq!(sizes, [5, 5, 5, 4, 4, 4, 4]);
        assert!(groups.is_sorted());
    }

    #[test]
    fn names_count_on_from_the_first() {
        assert_eq!(Numbered::new("EL099", 3).names(), ["EL099", "EL100", "EL101"]);
        let unknown = Numbered { is_known: false, ..Numbered::new("EL1", 3) };
        assert_eq!(unknown.names(), [""; 0]);
    }
}
