//! Points on two logarithmic axes, the straight line through them, and a drawing of both.

use std::fmt::Write as _;

/// A row of measurements.
pub(crate) struct Curve {
    pub(crate) title: &'static str,
    pub(crate) x: &'static str,
    pub(crate) y: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Width and height of a drawing, and the room around it.
const SIZE: (f64, f64) = (420.0, 260.0);
const MARGIN: f64 = 48.0;

impl Curve {
    /// Slope and intercept of the straight line through the logarithms (least squares): y = e^b · x^a.
    pub(crate) fn fit(&self) -> (f64, f64) {
        let count = self.points.len() as f64;
        let logs: Vec<(f64, f64)> = self.points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
        let mean_x = logs.iter().map(|it| it.0).sum::<f64>() / count;
        let mean_y = logs.iter().map(|it| it.1).sum::<f64>() / count;
        let both: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        let own: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let slope = if own > 0.0 { both / own } else { 0.0 };
        (slope, mean_y - slope * mean_x)
    }

    /// One line for each point.
    pub(crate) fn table(&self) -> String {
        let mut text = format!("| {} | {} |\n| --: | --: |\n", self.x, self.y);
        for (x, y) in &self.points {
            let _ = writeln!(text, "| {x} | {} |", round(*y));
        }
        text
    }

    /// The drawing, SVG.
    pub(crate) fn svg(&self) -> String {
        let (width, height) = SIZE;
        let bounds = |of: fn(&(f64, f64)) -> f64| {
            let all = self.points.iter().map(of);
            let low = all.clone().fold(f64::INFINITY, f64::min).log10().floor();
            (low, all.fold(0.0, f64::max).log10().ceil().max(low + 1.0))
        };
        let (xs, ys) = (bounds(|it| it.0), bounds(|it| it.1));
        let at_x = |x: f64| MARGIN + (x.log10() - xs.0) / (xs.1 - xs.0) * (width - 2.0 * MARGIN);
        let at_y =
            |y: f64| height - MARGIN - (y.log10() - ys.0) / (ys.1 - ys.0) * (height - 2.0 * MARGIN);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             font-family=\"sans-serif\" font-size=\"11\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        grid(&mut svg, (xs, ys), at_x, at_y);
        let (slope, intercept) = self.fit();
        let ends = [self.points.first(), self.points.last()].map(|it| it.map_or(1.0, |it| it.0));
        let [first, last] = ends.map(|x| (at_x(x), at_y((intercept + slope * x.ln()).exp())));
        let _ = writeln!(
            svg,
            "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"#888\" stroke-dasharray=\"4 3\"/>",
            first.0, first.1, last.0, last.1
        );
        for (x, y) in &self.points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"#06c\"/>",
                at_x(*x),
                at_y(*y)
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{MARGIN}\" y=\"18\" font-size=\"13\">{}, exponent {slope:.2}</text>",
            self.title
        );
        let _ = writeln!(svg, "<text x=\"{MARGIN}\" y=\"34\">{} over {}</text>", self.y, self.x);
        svg.push_str("</svg>\n");
        svg
    }
}

/// A line for each decade, and its number.
fn grid(
    svg: &mut String,
    (xs, ys): ((f64, f64), (f64, f64)),
    at_x: impl Fn(f64) -> f64,
    at_y: impl Fn(f64) -> f64,
) {
    let (width, height) = SIZE;
    for decade in xs.0 as i32..=xs.1 as i32 {
        let x = at_x(10_f64.powi(decade));
        let (top, bottom) = (MARGIN, height - MARGIN);
        let _ = writeln!(svg, "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#ddd\"/>");
        let label = label(decade);
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            bottom + 14.0
        );
    }
    for decade in ys.0 as i32..=ys.1 as i32 {
        let y = at_y(10_f64.powi(decade));
        let (left, right) = (MARGIN, width - MARGIN);
        let _ = writeln!(svg, "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#ddd\"/>");
        let label = label(decade);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            left - 4.0,
            y + 4.0
        );
    }
}

fn label(decade: i32) -> String {
    match decade {
        0..=3 => 10_i32.pow(decade as u32).to_string(),
        -3..=-1 => format!("{}", 10_f64.powi(decade)),
        _ => format!("1e{decade}"),
    }
}

/// Three digits that say something.
pub(crate) fn round(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = (2 - value.abs().log10().floor() as i32).max(0) as usize;
    format!("{value:.digits$}")
}
