//! Charts drawn on the server: SVG whose geometry stands in attributes, so that the policy needs no inline style. Each day
//! has a hint with its values, and a table with the exact ones stands behind.

use leptos::prelude::*;

use crate::message::figures as words;

const WIDTH: f64 = 570.0;
const HEIGHT: f64 = 190.0;
/// Where the plot stands within.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 566.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 166.0;

/// What a chart shows.
pub(super) struct Chart {
    pub(super) name: &'static str,
    /// Beside the name: what the dashed lines say.
    pub(super) note: &'static str,
    /// One word for each day.
    pub(super) days: Vec<String>,
    pub(super) series: Vec<Series>,
    pub(super) shape: Shape,
    /// Values at which a dashed line stands, if the scale reaches them.
    pub(super) marks: Vec<f64>,
    /// The scale's end is at least this.
    pub(super) at_least: f64,
    /// A value in words.
    pub(super) told: fn(f64) -> String,
    /// The table behind it: headings, and for each day its cells.
    pub(super) table: (Vec<&'static str>, Vec<Vec<AnyView>>),
}

/// One value for each day; `None` where there is nothing to say.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) values: Vec<Option<f64>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Bars on top of each other.
    Stacked,
    /// A line for each.
    Lines,
}

impl Chart {
    pub(super) fn view(self) -> AnyView {
        let label = words::chart(self.name, self.days.len());
        let plot = self.plot(label.clone());
        let legend = (self.series.len() > 1).then(|| self.legend());
        let (heads, rows) = self.table;
        let days = self.days;
        view! {
            <section class="card">
                <h2>{self.name} {legend} <small>{self.note}</small></h2>
                <div class="body">
                    {plot}
                    <details>
                        <summary class="more">{words::EXACT}</summary>
                        <div class="scroll" tabindex="0" role="region" aria-label=label>
                            <table class="table exact">
                                <thead>
                                    <tr>
                                        <th scope="col">{words::DAY}</th>
                                        {heads.into_iter().map(|head| view! { <th scope="col" class="num">{head}</th> }).collect_view()}
                                    </tr>
                                </thead>
                                <tbody>{days.into_iter().zip(rows).rev().map(|(day, cells)| exact(day, cells)).collect_view()}</tbody>
                            </table>
                        </div>
                    </details>
                </div>
            </section>
        }
        .into_any()
    }

    fn legend(&self) -> AnyView {
        let keys = self.series.iter().map(|series| {
            view! {
                <span class="key">
                    <svg viewBox="0 0 10 10" aria-hidden="true"><path class=series.class d="M0 5h10"/></svg>
                    {series.name}
                </span>
            }
        });
        keys.collect_view().into_any()
    }

    fn plot(&self, label: String) -> AnyView {
        let top = scale_end(self.highest().max(self.at_least));
        let grid = [0.0, top / 2.0, top].map(|value| self.grid_line(value, top)).collect_view();
        let marks = self.marks.iter().filter(|mark| **mark < top).map(|mark| {
            let y = number(height_of(*mark, top));
            view! { <line class="mark" x1=number(LEFT) x2=number(RIGHT) y1=y.clone() y2=y/> }
        });
        let drawn = match self.shape {
            Shape::Stacked => self.bars(top),
            Shape::Lines => self.lines(top),
        };
        let (first, last) = (self.days.first().cloned(), self.days.last().cloned().filter(|_| self.days.len() > 1));
        view! {
            <svg class="chart" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label>
                {grid}
                {drawn}
                {marks.collect_view()}
                <text x=number(LEFT) y="184">{first}</text>
                <text class="end" x=number(RIGHT) y="184">{last}</text>
                {(0..self.days.len()).map(|day| self.hint(day)).collect_view()}
            </svg>
        }
        .into_any()
    }

    fn grid_line(&self, value: f64, top: f64) -> AnyView {
        let y = height_of(value, top);
        view! {
            <line class="grid" x1=number(LEFT) x2=number(RIGHT) y1=number(y) y2=number(y)/>
            <text class="end" x=number(LEFT - 8.0) y=number(y + 3.5)>{(self.told)(value)}</text>
        }
        .into_any()
    }

    fn highest(&self) -> f64 {
        let of = |day: usize| self.series.iter().filter_map(move |series| series.values.get(day).copied().flatten());
        let value = |day| match self.shape {
            Shape::Stacked => of(day).sum(),
            Shape::Lines => of(day).fold(0.0, f64::max),
        };
        (0..self.days.len()).map(value).fold(0.0, f64::max)
    }

    fn bars(&self, top: f64) -> AnyView {
        let width = (self.slot() * 0.68).min(36.0);
        let bars = (0..self.days.len()).flat_map(|day| {
            let mut below = 0.0;
            self.series.iter().filter_map(move |series| {
                let value = series.values.get(day).copied().flatten().filter(|value| *value > 0.0)?;
                let (low, high) = (height_of(below, top), height_of(below + value, top));
                below += value;
                let x = number(self.middle(day) - width / 2.0);
                Some(view! { <rect class=series.class x=x y=number(high) width=number(width) height=number(low - high)/> })
            })
        });
        bars.collect_view().into_any()
    }

    fn lines(&self, top: f64) -> AnyView {
        let lines = self.series.iter().map(|series| {
            let mut path = String::new();
            let mut dots = Vec::new();
            let known = |day: usize| series.values.get(day).copied().flatten();
            for day in 0..self.days.len() {
                let Some(value) = known(day) else { continue };
                let (x, y) = (number(self.middle(day)), number(height_of(value, top)));
                let goes_on = day > 0 && known(day - 1).is_some();
                path.push_str(&format!("{}{x} {y}", if goes_on { "L" } else { "M" }));
                // A day alone would be a line of no length.
                if !goes_on && known(day + 1).is_none() {
                    dots.push(view! { <circle class=series.class cx=x cy=y r="2.5"/> });
                }
            }
            view! { <path class=series.class d=path/> {dots} }
        });
        lines.collect_view().into_any()
    }

    /// What the pointer is told of a day, wherever it stands above it.
    fn hint(&self, day: usize) -> AnyView {
        let told = self.series.iter().map(|series| {
            let value = series.values.get(day).copied().flatten().map_or_else(|| words::NONE.to_owned(), self.told);
            if self.series.len() > 1 { format!("{} {value}", series.name) } else { value }
        });
        let text = format!("{}: {}", self.days[day], told.collect::<Vec<_>>().join(", "));
        let x = number(self.middle(day) - self.slot() / 2.0);
        view! {
            <rect class="hint" x=x y=number(TOP) width=number(self.slot()) height=number(BOTTOM - TOP)>
                <title>{text}</title>
            </rect>
        }
        .into_any()
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 90 days")]
    fn slot(&self) -> f64 {
        (RIGHT - LEFT) / self.days.len().max(1) as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 90 days")]
    fn middle(&self, day: usize) -> f64 {
        LEFT + self.slot() * (day as f64 + 0.5)
    }
}

fn exact(day: String, cells: Vec<AnyView>) -> AnyView {
    view! {
        <tr>
            <th scope="row">{day}</th>
            {cells.into_iter().map(|cell| view! { <td class="num">{cell}</td> }).collect_view()}
        </tr>
    }
    .into_any()
}

fn height_of(value: f64, top: f64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * (value / top).clamp(0.0, 1.0)
}

/// A round number at or above the highest value, which halves well.
fn scale_end(highest: f64) -> f64 {
    let power = 10_f64.powf(highest.max(1e-9).log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|end| *end >= highest - 1e-12).unwrap_or(10.0 * power)
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_a_round_number() {
        for (highest, end) in [(0.0, 1e-9), (1.0, 1.0), (37.0, 40.0), (81.0, 100.0), (0.13, 0.2), (5.1, 6.0)] {
            assert!((scale_end(highest) - end).abs() < 1e-9, "{highest}: {}", scale_end(highest));
        }
    }

    #[test]
    fn a_value_beyond_the_scale_stays_within_the_plot() {
        assert!((height_of(2.0, 1.0) - TOP).abs() < 1e-9);
        assert!((height_of(0.0, 1.0) - BOTTOM).abs() < 1e-9);
    }
}
