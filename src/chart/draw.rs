//! The drawing itself: title, legend, grid, lines, thresholds, marks. Sizes are in half pixels (see `super::svg`).

use super::ChartError;
use super::axis::{Axis, Moments, Values, days};
use super::data::{LINES, Line, clip, lines, plain, range, within};
use super::look::{Look, Theme};
use crate::model::chart::Chart;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use unicode_width::UnicodeWidthStr;

/// Width of the drawing.
pub(super) const W: u32 = 1600;
/// Its height.
pub(super) const H: u32 = 800;

/// What the text is set in; the first comes with the program, the others are for browsers without it.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// Space around everything.
const MARGIN: i32 = 28;
/// Heights of title, small text, and a line of the legend.
const TITLE: i32 = 34;
const SMALL: i32 = 23;
const LEGEND: i32 = 40;
/// Length of a line's sample in the legend, and characters of its name: so that eight fit in two rows.
const SWATCH: i32 = 44;
const NAME: usize = 20;
/// Room under the time axis.
const UNDER: u32 = 44;
/// Marks that are drawn, and lines of labels above the plot that they are spread over.
const MARKS: usize = 40;
const STOREYS: i32 = 2;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;
type Drawn = Result<(), ChartError>;

fn failed<E: std::error::Error>(error: E) -> ChartError {
    ChartError(error.to_string())
}

/// A font of so many half pixels; the library takes a size that its SVG divides by 1.24.
fn font(size: i32, colour: &RGBColor, style: FontStyle, pos: Pos) -> TextStyle<'static> {
    (FAMILY, f64::from(size) * 1.24, style).into_font().color(colour).pos(pos)
}

/// How wide a text is, about: DejaVu's letters are on average 0.6 of their size.
fn wide(text: &str, size: i32) -> i32 {
    i32::try_from(text.width()).unwrap_or(i32::MAX / 100).saturating_mul(size * 60) / 100
}

pub(super) fn draw(chart: &Chart, theme: Theme) -> Result<String, ChartError> {
    let mut out = String::new();
    {
        let look = theme.look();
        let root = SVGBackend::with_string(&mut out, (W, H)).into_drawing_area();
        root.fill(&look.ground).map_err(failed)?;
        heading(&root, chart, &look)?;
        match range(chart) {
            Some(range) => plot(&root, chart, range, &look)?,
            None => nothing(&root, (W as i32 / 2, H as i32 / 2), &look)?,
        }
        root.present().map_err(failed)?;
    }
    Ok(out)
}

fn text(area: &Area<'_>, text: &str, at: (i32, i32), style: &TextStyle<'_>) -> Drawn {
    area.draw_text(text, style, at).map_err(failed)
}

fn heading(root: &Area<'_>, chart: &Chart, look: &Look) -> Drawn {
    let title = clip(&plain(&chart.title), 60);
    let style = font(TITLE, &look.text, FontStyle::Bold, Pos::new(HPos::Left, VPos::Top));
    text(root, &title, (MARGIN, MARGIN - 6), &style)?;
    let Some(range) = range(chart) else { return Ok(()) };
    let style = font(SMALL, &look.faint, FontStyle::Normal, Pos::new(HPos::Right, VPos::Top));
    text(root, &days(range), (W as i32 - MARGIN, MARGIN), &style)
}

fn nothing(root: &Area<'_>, at: (i32, i32), look: &Look) -> Drawn {
    text(root, "no data", at, &font(TITLE, &look.faint, FontStyle::Normal, Pos::new(HPos::Center, VPos::Center)))
}

fn plot(root: &Area<'_>, chart: &Chart, range: (i64, i64), look: &Look) -> Drawn {
    let lines = lines(chart, range, look);
    let (values, moments) = (Values::of(chart, &lines), Moments::of(range));
    let under_legend = legend(root, chart, &lines, look)? + LEGEND / 2;
    let mut marks: Vec<_> =
        chart.marks.iter().filter(|mark| (range.0..=range.1).contains(&mark.at_ms)).take(MARKS).collect();
    marks.sort_by_key(|mark| mark.at_ms);
    let storeys = if marks.is_empty() { 0 } else { STOREYS };
    let top = under_legend + 22 + storeys * (SMALL + 10);
    let widest = values.ticks.iter().map(|tick| wide(&values.label(*tick), SMALL)).max().unwrap_or(0);
    let area = root.margin(top, MARGIN / 2, MARGIN, MARGIN + 32);
    let ticks = moments.ticks.iter().map(|at| *at as f64).collect();
    let x = Axis { low: range.0 as f64, high: range.1 as f64, ticks };
    let y = Axis { low: values.low, high: values.high, ticks: values.ticks.clone() };
    let mut plot = ChartBuilder::on(&area)
        .x_label_area_size(UNDER)
        .y_label_area_size(widest + 24)
        .build_cartesian_2d(x, y)
        .map_err(failed)?;
    plot.configure_mesh()
        .x_labels(moments.ticks.len().max(1))
        .y_labels(values.ticks.len().max(1))
        .x_label_formatter(&|at| moments.label(*at as i64))
        .y_label_formatter(&|value| values.label(*value))
        .bold_line_style(look.grid.stroke_width(2))
        .light_line_style(TRANSPARENT)
        .axis_style(look.faint.stroke_width(2))
        .label_style(font(SMALL, &look.faint, FontStyle::Normal, Pos::new(HPos::Center, VPos::Center)))
        .draw()
        .map_err(failed)?;
    for line in &lines {
        for run in &line.runs {
            let drawn = match run[..] {
                // A moment with nothing around it has no length, and would not be seen.
                [alone] => plot.draw_series([Circle::new(alone, 6, line.colour.filled())]).map(drop),
                _ => plot.draw_series(LineSeries::new(run.iter().copied(), line.colour.stroke_width(4))).map(drop),
            };
            drawn.map_err(failed)?;
        }
    }
    thresholds(root, &mut plot, chart, range, look)?;
    let labels: Vec<_> = marks.iter().map(|mark| clip(&plain(&mark.label), 24)).collect();
    let columns: Vec<_> = marks.iter().map(|mark| plot.backend_coord(&(mark.at_ms as f64, values.high))).collect();
    let spans: Vec<_> = columns.iter().zip(&labels).map(|((x, _), label)| (*x, wide(label, SMALL) + 20)).collect();
    for ((label, storey), (x, ceiling)) in labels.iter().zip(storeys_of(&spans)).zip(columns) {
        let floor = plot.backend_coord(&(range.0 as f64, values.low)).1;
        root.draw(&PathElement::new(vec![(x, floor), (x, ceiling)], look.mark.stroke_width(3))).map_err(failed)?;
        if let Some(storey) = storey {
            flag(root, label, storey, (x, ceiling), look)?;
        }
    }
    if lines.iter().all(|line| line.runs.is_empty()) {
        let middle = plot.backend_coord(&((range.0 as f64 + range.1 as f64) / 2.0, (values.low + values.high) / 2.0));
        nothing(root, middle, look)?;
    }
    Ok(())
}

/// On which storey above the plot each label stands, by where its mark is and how wide it is, from left to right; none where
/// it would lie over another or be struck through by the line of the next.
fn storeys_of(spans: &[(i32, i32)]) -> Vec<Option<i32>> {
    let (mut low, mut high) = (i32::MIN, i32::MIN);
    let storey = |(index, (x, width)): (usize, &(i32, i32))| {
        let alone = spans.get(index + 1).is_none_or(|(next, _)| *next >= x + width);
        if *x < low {
            return None;
        }
        if alone || *x < high {
            low = x + width;
            // Somebody whose line goes up to the next storey would cross this label.
            return Some(0);
        }
        high = x + width;
        Some(1)
    };
    spans.iter().enumerate().map(storey).collect()
}

/// A mark's label above the plot; at the right edge it stands to the left of its line.
fn flag(root: &Area<'_>, label: &str, storey: i32, (x, top): (i32, i32), look: &Look) -> Drawn {
    let y = top - 10 - storey * (SMALL + 10);
    let left = x + wide(label, SMALL) + MARGIN > W as i32;
    let (h, x_text) = if left { (HPos::Right, x - 8) } else { (HPos::Left, x + 8) };
    root.draw(&PathElement::new(vec![(x, top), (x, y - SMALL + 4)], look.mark.stroke_width(3))).map_err(failed)?;
    text(root, label, (x_text, y), &font(SMALL, &look.mark, FontStyle::Normal, Pos::new(h, VPos::Bottom)))
}

fn thresholds(root: &Area<'_>, plot: &mut Plot<'_, '_>, chart: &Chart, range: (i64, i64), look: &Look) -> Drawn {
    for threshold in chart.thresholds.iter().take(LINES) {
        let value = within(threshold.value.get());
        let ends = [(range.0 as f64, value), (range.1 as f64, value)];
        plot.draw_series(DashedLineSeries::new(ends, 16, 12, look.limit.stroke_width(3))).map_err(failed)?;
        let label = format!("{} {}", clip(&plain(&threshold.label), 30), chart.unit.show(value));
        let (x, y) = plot.backend_coord(&ends[1]);
        let width = wide(&label, SMALL);
        let ground = Rectangle::new([(x - width - 14, y - SMALL - 10), (x - 4, y - 6)], look.ground.mix(0.8).filled());
        root.draw(&ground).map_err(failed)?;
        let style = font(SMALL, &look.limit, FontStyle::Normal, Pos::new(HPos::Right, VPos::Bottom));
        text(root, &label, (x - 8, y - 6), &style)?;
    }
    Ok(())
}

/// The lines' names beneath the title; where the last row stands.
fn legend(root: &Area<'_>, chart: &Chart, lines: &[Line], look: &Look) -> Result<i32, ChartError> {
    let style = font(SMALL, &look.text, FontStyle::Normal, Pos::new(HPos::Left, VPos::Center));
    let (mut x, mut row) = (MARGIN, 0);
    let mut place = |width: i32| {
        if x > MARGIN && x + width > W as i32 - MARGIN {
            (x, row) = (MARGIN, row + 1);
        }
        let at = (x, MARGIN + TITLE + row * LEGEND + LEGEND / 2 + 8);
        x += width + 36;
        at
    };
    let mut last = MARGIN + TITLE + LEGEND;
    for line in lines {
        let name = clip(&line.name, NAME);
        let (x, y) = place(SWATCH + 12 + wide(&name, SMALL));
        root.draw(&PathElement::new(vec![(x, y), (x + SWATCH, y)], line.colour.stroke_width(8))).map_err(failed)?;
        text(root, &name, (x + SWATCH + 12, y), &style)?;
        last = y;
    }
    let more = chart.series.len().saturating_sub(lines.len());
    if more > 0 {
        let said = format!("{more} more are not drawn");
        let at = place(wide(&said, SMALL));
        text(root, &said, at, &style)?;
        last = at.1;
    }
    Ok(last)
}
