//! From SVG to PNG, with fonts that come with the program: a server has none that could be relied on.

use super::{ChartError, HEIGHT, WIDTH};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};
use std::sync::Arc;

/// Regular and bold; their licence lies beside them.
const FONTS: [&[u8]; 2] =
    [include_bytes!("../../assets/fonts/DejaVuSans.ttf"), include_bytes!("../../assets/fonts/DejaVuSans-Bold.ttf")];

pub(super) fn png(svg: &str, scale: f32) -> Result<Vec<u8>, ChartError> {
    let scale = if scale.is_finite() { scale.clamp(0.5, 4.0) } else { 1.0 };
    let mut fonts = Database::new();
    for font in FONTS {
        fonts.load_font_data(font.to_vec());
    }
    fonts.set_sans_serif_family("DejaVu Sans");
    let options = Options { fontdb: Arc::new(fonts), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| ChartError(error.to_string()))?;
    let pixels = |length: u32| (length as f32 * scale).round() as u32;
    let mut picture =
        Pixmap::new(pixels(WIDTH), pixels(HEIGHT)).ok_or_else(|| ChartError("no room for it".to_owned()))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut picture.as_mut());
    picture.encode_png().map_err(|error| ChartError(error.to_string()))
}
