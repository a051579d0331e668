//! Pictures of what happens and of what never should.

use super::*;
use crate::model::chart::{Mark, Number, Series, Threshold, Unit};
use proptest::prelude::*;
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};

const START: i64 = 1_767_261_600_000;
const MINUTE: i64 = 60_000;

/// Two hours of latency with a gap, an outage, a threshold and two deploys.
fn outage() -> Chart {
    let wave = |n: i64, base: f64| base + 20.0 * ((n as f64) / 7.0).sin() + 7.0 * ((n as f64) / 1.3).cos();
    let api = |n: i64| match n {
        40..=55 => None,
        70..=90 => Number::new(1_450.0 + wave(n, 300.0)),
        _ => Number::new(wave(n, 180.0)),
    };
    let points = |value: &dyn Fn(i64) -> Option<Number>| (0..=120).map(|n| (START + n * MINUTE, value(n))).collect();
    Chart {
        title: "Checkout latency, p95".to_owned(),
        unit: Unit::Milliseconds,
        series: vec![
            Series { name: "api".to_owned(), points: points(&api) },
            Series { name: "search".to_owned(), points: points(&|n| Number::new(wave(n, 620.0))) },
            Series { name: "login".to_owned(), points: points(&|n| Number::new(wave(n + 40, 90.0))) },
        ],
        thresholds: vec![Threshold { label: "objective".to_owned(), value: Number::new(1_000.0).unwrap() }],
        marks: vec![
            Mark { at_ms: START + 68 * MINUTE, label: "deploy v2.4.1".to_owned() },
            Mark { at_ms: START + 91 * MINUTE, label: "rolled back".to_owned() },
        ],
        ..Chart::default()
    }
}

fn small() -> Chart {
    let points = [(0, Some(1.0)), (1, Some(3.0)), (2, None), (3, Some(2.0))];
    let points = points.map(|(n, value)| (START + n * MINUTE, value.and_then(Number::new)));
    Chart {
        title: "Queue <b>&".to_owned(),
        series: vec![Series { name: "jobs".to_owned(), points: points.to_vec() }],
        thresholds: vec![Threshold { label: "full".to_owned(), value: Number::new(4.0).unwrap() }],
        marks: vec![Mark { at_ms: START + MINUTE, label: "</svg><script>".to_owned() }],
        ..Chart::default()
    }
}

fn picture(chart: &Chart, theme: Theme) -> Pixmap {
    Pixmap::decode_png(&png(chart, theme, 2.0).unwrap()).unwrap()
}

/// How many pixels of a picture, within columns, are of a colour.
fn count(picture: &Pixmap, columns: std::ops::Range<u32>, colour: (u8, u8, u8)) -> usize {
    let rows = 0..picture.height();
    let is = |pixel: PremultipliedColorU8| (pixel.red(), pixel.green(), pixel.blue()) == colour;
    rows.flat_map(|y| columns.clone().map(move |x| (x, y)))
        .filter(|(x, y)| picture.pixel(*x, *y).is_some_and(is))
        .count()
}

/// Without all but the first piece of each dashed line.
fn undashed(svg: &str) -> String {
    let dash = |line: &str| line.contains("stroke=\"#BE1E2D\"");
    let mut lines: Vec<_> = svg.lines().collect();
    lines.dedup_by(|later, first| dash(later) && dash(first));
    lines.join("\n")
}

#[test]
fn a_small_chart_as_svg() {
    insta::assert_snapshot!(undashed(&svg(&small(), Theme::Light).unwrap()), @r##"
    <svg xmlns="http://www.w3.org/2000/svg" width="800" height="400" viewBox="0 0 1600 800" role="img">
    <title>Queue &lt;b&gt;&amp;</title>
    <desc>Queue &lt;b&gt;&amp;
    jobs: 2 at the end, 1 to 3
    full 4
    2026-01-01T10:01:00.000Z &lt;/svg&gt;&lt;script&gt;</desc>
    <rect x="0" y="0" width="1600" height="800" opacity="1" fill="#FFFFFF" stroke="none"/>
    <text x="28" y="22" dy="0.76em" text-anchor="start" font-family="DejaVu Sans, Verdana, sans-serif" font-size="34" opacity="1" fill="#1F2328" font-weight="bold">
    Queue &lt;b&gt;&amp;
    </text>
    <text x="1572" y="28" dy="0.76em" text-anchor="end" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    1 Jan 2026, UTC
    </text>
    <polyline fill="none" opacity="1" stroke="#0072B2" stroke-width="8" points="28,90 72,90 "/>
    <text x="84" y="90" dy="0.5ex" text-anchor="start" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#1F2328">
    jobs
    </text>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="65" y1="741" x2="65" y2="198"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="311" y1="741" x2="311" y2="198"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="556" y1="741" x2="556" y2="198"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="802" y1="741" x2="802" y2="198"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="1048" y1="741" x2="1048" y2="198"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="1293" y1="741" x2="1293" y2="198"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="1539" y1="741" x2="1539" y2="198"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="65" y1="741" x2="1539" y2="741"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="65" y1="605" x2="1539" y2="605"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="65" y1="469" x2="1539" y2="469"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="65" y1="334" x2="1539" y2="334"/>
    <line opacity="1" stroke="#E4E7EB" stroke-width="2" x1="65" y1="198" x2="1539" y2="198"/>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="64,198 64,741 "/>
    <text x="55" y="741" dy="0.5ex" text-anchor="end" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    0
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="59,741 64,741 "/>
    <text x="55" y="605" dy="0.5ex" text-anchor="end" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    1
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="59,605 64,605 "/>
    <text x="55" y="469" dy="0.5ex" text-anchor="end" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    2
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="59,469 64,469 "/>
    <text x="55" y="334" dy="0.5ex" text-anchor="end" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    3
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="59,334 64,334 "/>
    <text x="55" y="198" dy="0.5ex" text-anchor="end" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    4
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="59,198 64,198 "/>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="65,742 1539,742 "/>
    <text x="65" y="752" dy="0.76em" text-anchor="middle" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    10:00:00
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="65,742 65,747 "/>
    <text x="311" y="752" dy="0.76em" text-anchor="middle" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    10:00:30
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="311,742 311,747 "/>
    <text x="556" y="752" dy="0.76em" text-anchor="middle" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    10:01:00
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="556,742 556,747 "/>
    <text x="802" y="752" dy="0.76em" text-anchor="middle" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    10:01:30
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="802,742 802,747 "/>
    <text x="1048" y="752" dy="0.76em" text-anchor="middle" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    10:02:00
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="1048,742 1048,747 "/>
    <text x="1293" y="752" dy="0.76em" text-anchor="middle" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    10:02:30
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="1293,742 1293,747 "/>
    <text x="1539" y="752" dy="0.76em" text-anchor="middle" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#59636E">
    10:03:00
    </text>
    <polyline fill="none" opacity="1" stroke="#59636E" stroke-width="2" points="1539,742 1539,747 "/>
    <polyline fill="none" opacity="1" stroke="#0072B2" stroke-width="4" points="65,605 556,334 "/>
    <circle cx="1539" cy="469" r="6" opacity="1" fill="#0072B2" stroke="none" stroke-width="1"/>
    <polyline fill="none" opacity="1" stroke="#BE1E2D" stroke-width="3" points="65,198 81,198 "/>
    <rect x="1443" y="165" width="92" height="27" opacity="0.8" fill="#FFFFFF" stroke="none"/>
    <text x="1531" y="192" dy="-0.5ex" text-anchor="end" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#BE1E2D">
    full 4
    </text>
    <polyline fill="none" opacity="1" stroke="#6E5494" stroke-width="3" points="556,741 556,198 "/>
    <polyline fill="none" opacity="1" stroke="#6E5494" stroke-width="3" points="556,198 556,169 "/>
    <text x="564" y="188" dy="-0.5ex" text-anchor="start" font-family="DejaVu Sans, Verdana, sans-serif" font-size="23" opacity="1" fill="#6E5494">
    &lt;/svg&gt;&lt;script&gt;
    </text>
    </svg>
    "##);
}

#[test]
fn hostile_labels_are_text_in_both_themes() {
    for theme in [Theme::Light, Theme::Dark] {
        let mut chart = small();
        chart.series[0].name = "\u{202e}<script>alert(1)</script>\u{0}\u{ffff}\"'".to_owned();
        let svg = svg(&chart, theme).unwrap();
        assert!(!svg.contains("<script") && !svg.contains('\u{202e}') && !svg.contains('\u{0}'), "{svg}");
        assert_eq!(svg.matches("</svg>").count(), 1);
        assert!(png(&chart, theme, 1.0).is_ok(), "and it is whole XML");
    }
}

#[test]
fn a_picture_has_its_size_its_ground_its_lines_and_its_marks() {
    for (theme, ground, api, mark) in [
        (Theme::Light, (255, 255, 255), (0, 114, 178), (110, 84, 148)),
        (Theme::Dark, (30, 31, 36), (86, 180, 233), (190, 165, 230)),
    ] {
        let picture = picture(&outage(), theme);
        assert_eq!((picture.width(), picture.height()), (1600, 800));
        let all = 0..1600;
        assert!(count(&picture, all.clone(), ground) > 900_000, "mostly ground");
        assert!(count(&picture, all.clone(), api) > 1_000, "a line");
        assert!(count(&picture, all, mark) > 800, "two vertical lines");
    }
}

#[test]
fn a_gap_is_a_gap() {
    let mut chart = outage();
    chart.thresholds.clear();
    chart.marks.clear();
    chart.series.truncate(1);
    let picture = picture(&chart, Theme::Light);
    // Minutes 40 to 55 of 120, well inside: nothing of the line's colour stands there but the legend far to the left.
    assert_eq!(count(&picture, 640..760, (0, 114, 178)), 0);
    assert!(count(&picture, 300..560, (0, 114, 178)) > 200 && count(&picture, 860..1500, (0, 114, 178)) > 200);
}

#[test]
fn every_line_that_is_drawn_is_named_and_the_others_are_counted() {
    let points = |n: i64| vec![(START, Number::new(n as f64)), (START + MINUTE, Number::new(n as f64))];
    let named = |n: i64| Series { name: format!("a replica with a long name, number {n}"), points: points(n) };
    let chart = Chart { series: (1..=11).map(named).collect(), ..Chart::default() };
    let svg = svg(&chart, Theme::Light).unwrap();
    assert_eq!(svg.matches("a replica with a lo…").count(), 8);
    assert!(svg.contains("3 more are not drawn"), "{svg}");
}

#[test]
fn an_empty_chart_says_so() {
    let empty = Chart { title: "Nothing".to_owned(), ..Chart::default() };
    let without = Chart {
        series: vec![Series { name: "api".to_owned(), points: vec![(START, None)] }],
        from_ms: Some(START),
        to_ms: Some(START + MINUTE),
        ..empty.clone()
    };
    for chart in [empty, without] {
        assert!(svg(&chart, Theme::Dark).unwrap().contains("no data"));
    }
}

#[test]
fn a_hundred_thousand_points_become_a_bounded_picture_with_every_extreme() {
    let points = (0..100_000).map(|n| (START + n * 1_000, Number::new(if n == 77_777 { 50.0 } else { 1.0 }))).collect();
    let chart = Chart { series: vec![Series { name: "x".to_owned(), points }], ..Chart::default() };
    let svg = svg(&chart, Theme::Light).unwrap();
    assert!(svg.len() < 60_000, "{}", svg.len());
    assert!(svg.contains("<desc>") && svg.contains("1 to 50"));
}

fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), Just(f64::MAX), Just(f64::MIN), Just(f64::MIN_POSITIVE), -1e3..1e3]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn no_data_makes_it_panic(
        points in proptest::collection::vec((any::<i64>(), numbers()), 0..40),
        near in proptest::collection::vec((START..START + 100, numbers()), 0..4),
        limits in proptest::collection::vec(numbers(), 0..3),
        marks in proptest::collection::vec((any::<i64>(), "\\PC{0,30}"), 0..4),
        from_ms: Option<i64>,
        to_ms: Option<i64>,
        title in "\\PC{0,80}|[\\x00-\\x1f<>&\"]{0,20}",
    ) {
        let number = |points: Vec<(i64, f64)>| points.into_iter().map(|(at, value)| (at, Number::new(value))).collect();
        for unit in [Unit::Count, Unit::Percent, Unit::Milliseconds, Unit::Seconds, Unit::Bytes] {
            let chart = Chart {
                title: title.clone(),
                unit,
                series: vec![
                    Series { name: title.clone(), points: number(points.clone()) },
                    Series { name: String::new(), points: number(near.clone()) },
                ],
                thresholds: limits.iter().filter_map(|value| {
                    Some(Threshold { label: title.clone(), value: Number::new(*value)? })
                }).collect(),
                marks: marks.iter().map(|(at_ms, label)| Mark { at_ms: *at_ms, label: label.clone() }).collect(),
                from_ms,
                to_ms,
            };
            let drawn = svg(&chart, Theme::Light).unwrap();
            prop_assert!(drawn.ends_with("</svg>\n") && !drawn.contains("NaN") && !drawn.contains("inf"), "{}", drawn);
        }
    }
}
