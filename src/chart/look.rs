//! Colours, light and dark. Those of lines are Okabe and Ito's, which people with any colour vision tell apart; on dark ground
//! the two darkest are lightened.

use plotters::style::RGBColor;

/// On what ground a chart stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// A theme's colours.
pub(super) struct Look {
    pub(super) ground: RGBColor,
    pub(super) text: RGBColor,
    pub(super) faint: RGBColor,
    pub(super) grid: RGBColor,
    pub(super) limit: RGBColor,
    pub(super) mark: RGBColor,
    pub(super) lines: [RGBColor; 8],
}

impl Theme {
    pub(super) fn look(self) -> Look {
        match self {
            Self::Light => Look {
                ground: RGBColor(255, 255, 255),
                text: RGBColor(31, 35, 40),
                faint: RGBColor(89, 99, 110),
                grid: RGBColor(228, 231, 235),
                limit: RGBColor(190, 30, 45),
                mark: RGBColor(110, 84, 148),
                lines: [
                    RGBColor(0, 114, 178),
                    RGBColor(213, 94, 0),
                    RGBColor(0, 158, 115),
                    RGBColor(204, 121, 167),
                    RGBColor(230, 159, 0),
                    RGBColor(86, 180, 233),
                    RGBColor(90, 90, 90),
                    RGBColor(160, 140, 0),
                ],
            },
            Self::Dark => Look {
                ground: RGBColor(30, 31, 36),
                text: RGBColor(230, 230, 230),
                faint: RGBColor(160, 166, 175),
                grid: RGBColor(55, 58, 66),
                limit: RGBColor(255, 110, 110),
                mark: RGBColor(190, 165, 230),
                lines: [
                    RGBColor(86, 180, 233),
                    RGBColor(230, 159, 0),
                    RGBColor(0, 190, 140),
                    RGBColor(224, 145, 190),
                    RGBColor(240, 228, 66),
                    RGBColor(255, 130, 60),
                    RGBColor(190, 190, 190),
                    RGBColor(70, 140, 220),
                ],
            },
        }
    }
}
