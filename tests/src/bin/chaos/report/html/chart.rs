//! The parts of pictures: a frame with a time axis, areas, lines, bands, all in plain SVG.

use std::fmt::Write as _;

use super::markup::escaped;

/// Where one panel of a picture lies, and what its axes mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    /// The left end of the plot, right of its labels.
    pub(super) left: f64,
    /// The upper end of the plot.
    pub(super) top: f64,
    /// The width of the plot.
    pub(super) width: f64,
    /// The height of the plot.
    pub(super) height: f64,
    /// How long the run takes, in seconds.
    pub(super) end_s: f64,
    /// How values become heights.
    pub(super) scale: Scale,
}

/// How values become heights.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scale {
    /// From nought to this.
    Linear(f64),
    /// By powers of ten from the first to the second.
    Log(f64, f64),
}

impl Scale {
    /// From nought to a round number that holds all values.
    pub(super) fn linear(values: impl Iterator<Item = f64>) -> Self {
        let most = values.fold(0.0, f64::max);
        Self::Linear(round_up(most))
    }

    /// Powers of ten that hold all values above nought.
    pub(super) fn log(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|value| *value > 0.0) {
            least = least.min(value);
            most = most.max(value);
        }
        if most == 0.0 {
            return Self::Log(100.0, 1_000.0);
        }
        let floor = 10_f64.powf(least.log10().floor());
        let ceiling = 10_f64.powf(most.log10().ceil()).max(floor * 10.0);
        Self::Log(floor, ceiling)
    }

    /// How far up a value lies, from 0 to 1.
    fn share(self, value: f64) -> f64 {
        let share = match self {
            Self::Linear(most) => value / most,
            Self::Log(least, most) => {
                (value.max(least).log10() - least.log10()) / (most.log10() - least.log10())
            }
        };
        share.clamp(0.0, 1.0)
    }

    fn ticks(self) -> Vec<f64> {
        match self {
            Self::Linear(most) => vec![0.0, most / 2.0, most],
            Self::Log(least, most) => {
                let powers = (most / least).log10().round().clamp(1.0, 12.0) as u32;
                (0..=powers)
                    .map(|power| least * 10_f64.powi(power.cast_signed()))
                    .collect()
            }
        }
    }
}

/// The next number whose half is easy to read.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 1.2, 1.6, 2.0, 2.4, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * power >= value * 0.999);
    step.unwrap_or(10.0) * power
}

impl Panel {
    /// Where a second lies.
    pub(super) fn x(&self, second: f64) -> f64 {
        self.left + (second / self.end_s).clamp(0.0, 1.0) * self.width
    }

    /// Where a value lies.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.top + self.height * (1.0 - self.scale.share(value))
    }

    /// The lower end of the plot.
    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The title above the plot.
    pub(super) fn title(&self, out: &mut String, text: &str) {
        let _ = write!(
            out,
            "<text class=\"panel-title\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            self.left,
            self.top - 8.0,
            escaped(text)
        );
    }

    /// Lines across the plot with their values at the left.
    pub(super) fn value_axis(&self, out: &mut String, label: fn(f64) -> String) {
        for tick in self.scale.ticks() {
            let y = self.y(tick);
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                self.left,
                self.left + self.width,
                self.left - 6.0,
                y + 3.5,
                escaped(&label(tick))
            );
        }
    }

    /// The times beneath the plot.
    pub(super) fn time_axis(&self, out: &mut String) {
        let is_day = self.end_s > 7_200.0;
        let step = if is_day {
            10_800.0
        } else {
            [5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0]
                .into_iter()
                .find(|step| self.end_s / step <= 8.0)
                .unwrap_or(1_200.0)
        };
        let mut second = 0.0;
        while second <= self.end_s + 0.01 {
            let x = self.x(second);
            let label = if is_day {
                format!("{:02.0}:00", second / 3_600.0)
            } else {
                format!("{second:.0} s")
            };
            let anchor = if second == 0.0 {
                "start"
            } else if second >= self.end_s {
                "end"
            } else {
                "middle"
            };
            let _ = write!(
                out,
                "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{label}</text>",
                self.bottom(),
                self.bottom() + 4.0,
                self.bottom() + 15.0,
            );
            second += step;
        }
        let _ = write!(
            out,
            "<line class=\"axis\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
            self.left,
            self.left + self.width,
            self.bottom(),
            self.bottom()
        );
    }

    /// Shades times from top to bottom.
    pub(super) fn shade(&self, out: &mut String, spans: &[(f64, f64)]) {
        for (from, until) in spans {
            let x = self.x(*from);
            let _ = write!(
                out,
                "<rect class=\"storm\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                self.top,
                (self.x(*until) - x).max(0.8),
                self.height
            );
        }
    }

    /// The area between two columns of values, both in steps of so many seconds.
    pub(super) fn area(&self, out: &mut String, class: &str, step: f64, low: &[f64], high: &[f64]) {
        let mut path = String::new();
        for (place, value) in high.iter().enumerate() {
            let command = if place == 0 { 'M' } else { 'L' };
            let x = self.x((place as f64 + 0.5) * step);
            let _ = write!(path, "{command}{x:.1} {:.1}", self.y(*value));
        }
        for (place, value) in low.iter().enumerate().rev() {
            let x = self.x((place as f64 + 0.5) * step);
            let _ = write!(path, "L{x:.1} {:.1}", self.y(*value));
        }
        if !path.is_empty() {
            let _ = write!(out, "<path class=\"{class}\" d=\"{path}Z\"/>");
        }
    }

    /// A line through values in steps of so many seconds; it breaks where `is_known` says that there is none.
    pub(super) fn line(
        &self,
        out: &mut String,
        class: &str,
        step: f64,
        values: &[f64],
        is_known: fn(f64) -> bool,
    ) {
        let mut path = String::new();
        let mut is_open = false;
        for (place, value) in values.iter().enumerate() {
            if !is_known(*value) {
                is_open = false;
                continue;
            }
            let command = if is_open { 'L' } else { 'M' };
            let x = self.x((place as f64 + 0.5) * step);
            let _ = write!(path, "{command}{x:.1} {:.1}", self.y(*value));
            is_open = true;
        }
        if !path.is_empty() {
            let _ = write!(out, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }

    /// A bar of one row of a panel of rows, with words for who points at it.
    pub(super) fn bar(
        &self,
        out: &mut String,
        class: &str,
        (from, until): (f64, f64),
        (top, height): (f64, f64),
        words: &str,
    ) {
        let x = self.x(from);
        let _ = write!(
            out,
            "<rect class=\"{}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{}</title></rect>",
            escaped(class),
            (self.x(until) - x).max(1.0),
            escaped(words)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, expected: f64) {
        let rounded = round_up(value);
        assert!((rounded - expected).abs() < 1e-9 * expected, "{rounded}");
    }

    #[test]
    fn scales_end_at_round_numbers_that_hold_all_values() {
        check(0.0, 1.0);
        check(7.0, 8.0);
        check(231.0, 240.0);
        check(1_000.0, 1_000.0);
    }

    #[test]
    fn a_value_beyond_its_scale_stays_within_the_plot() {
        assert_eq!(Scale::Linear(10.0).share(20.0), 1.0);
        assert_eq!(Scale::Log(1.0, 10.0).share(0.0), 0.0);
    }
}
