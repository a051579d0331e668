//! Charts as pictures: SVG for the web, PNG for chat. Pure: data in, picture out. What a chart holds is `model::chart`; what is
//! hostile in it is made harmless here.

mod axis;
mod data;
mod draw;
mod look;
mod png;

pub use look::Theme;

use crate::model::chart::Chart;

/// Width of a picture at scale 1, pixels: what chats show without shrinking it.
pub const WIDTH: u32 = 800;
/// Its height.
pub const HEIGHT: u32 = 400;

/// A picture could not be made; a bug of ours or of a library's, and the chart's words stand for it.
#[derive(Debug, thiserror::Error)]
#[error("the chart cannot be drawn: {0}")]
pub struct ChartError(String);

/// The chart as SVG, with a title and a description for whoever does not see it.
///
/// # Errors
/// The drawing library failed.
pub fn svg(chart: &Chart, theme: Theme) -> Result<String, ChartError> {
    let drawn = draw::draw(chart, theme)?;
    // Drawn at twice the size, because the library knows whole pixels only.
    let inside = drawn.split_once('>').map_or("", |(_, inside)| inside);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {} {}\" role=\"img\">\n\
         <title>{}</title>\n<desc>{}</desc>{inside}",
        draw::W,
        draw::H,
        data::escaped(&chart.title),
        data::escaped(&chart.to_string()),
    ))
}

/// The chart as PNG, `scale` (0.5 to 4) times 800 × 400 pixels; 2 is right for today's screens.
///
/// # Errors
/// A drawing library failed.
pub fn png(chart: &Chart, theme: Theme, scale: f32) -> Result<Vec<u8>, ChartError> {
    png::png(&svg(chart, theme)?, scale)
}

#[cfg(test)]
mod tests;
