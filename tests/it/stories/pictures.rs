//! A story drawn like the platform draws it, roughly, and photographed: enough for somebody to read it as people would.

use super::scene::{Told, text};
use super::way::{Part, Seen};
use crate::support::browser::{Browser, turn};
use std::path::Path;

/// How each platform looks, roughly.
const SLACK: &str = "body{background:#fff;color:#1d1c1d} .bot{background:#4a154b} .card{} button{border:1px solid #bbb;background:#fff;color:#1d1c1d} \
                     pre{background:#f8f8f8;border:1px solid #ddd} .small{color:#616061} .step{color:#1264a3} del{color:#a33} ins{color:#276749}";
const DISCORD: &str = "body{background:#313338;color:#dbdee1} .bot{background:#5865f2} .card{background:#2b2d31;border-left:4px solid #5865f2;padding:8px 12px;border-radius:4px} \
                       button{border:0;background:#4e5058;color:#fff} pre{background:#1e1f22} .small{color:#949ba4} .step{color:#00a8fc} del{color:#f38688} ins{color:#7bd88f}";
/// The rest, the same on both.
const STYLE: &str = "body{font:15px/1.46 'DejaVu Sans',sans-serif;max-width:760px;margin:16px} .one{display:flex;gap:10px;margin:14px 0} \
                     .bot{width:36px;height:36px;border-radius:6px;color:#fff;text-align:center;line-height:36px;flex:none} .what{flex:1;min-width:0} \
                     .name{font-weight:bold} p{margin:2px 0;white-space:pre-wrap} h3{margin:2px 0;font-size:16px} pre{padding:6px;font-size:12px;white-space:pre-wrap} \
                     .small{font-size:12.5px} button{border-radius:4px;padding:5px 10px;margin:4px 6px 0 0;font-weight:bold} .step{margin:20px 0 4px;font-weight:bold} \
                     ins,del{display:block;text-decoration:none;font-size:13px}";
/// Steps on one picture: more is not read.
const STEPS: usize = 7;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn part(part: &Part) -> String {
    match part {
        Part::Head(text) => format!("<h3>{}</h3>", escaped(text)),
        Part::Text(text) => format!("<p>{}</p>", escaped(text)),
        Part::Small(text) => format!("<p class=small>{}</p>", escaped(text)),
        Part::Code(text) => format!("<pre>{}</pre>", escaped(text)),
        Part::Rule => "<hr>".to_owned(),
        Part::Controls(labels) => labels.iter().map(|label| format!("<button>{}</button>", escaped(label))).collect(),
        Part::File(name) => format!("<p class=small>📎 {}</p>", escaped(name)),
    }
}

fn framed(name: &str, body: &str) -> String {
    format!(
        "<div class=one><div class=bot>D</div><div class=what><span class=name>Drillbell</span> <span class=small>{name}</span><div class=card>{body}</div></div></div>"
    )
}

fn message(seen: &Seen) -> String {
    let only = seen.only_for.map(|who| format!(", only {who} sees this")).unwrap_or_default();
    framed(&escaped(&format!("{}{only}", seen.place)), &seen.parts.iter().map(part).collect::<String>())
}

fn told(one: &Told) -> String {
    match one {
        Told::Step(what) => format!("<p class=step>{}</p>", escaped(what)),
        Told::New(seen) => message(seen),
        Told::Changed { place, head, lines } => {
            let line = |line: &str| match line.strip_prefix("- ") {
                Some(gone) => format!("<del>{}</del>", escaped(gone)),
                None => format!("<ins>{}</ins>", escaped(line.trim_start_matches("+ "))),
            };
            framed(&escaped(&format!("{place}, edited: {head}")), &lines.lines().map(line).collect::<String>())
        }
    }
}

/// Takes the pictures of a story, some steps on each: `target/screenshots/story-NAME-N.png`. How many.
pub async fn taken(name: &str, platform: &str, story: &[Told]) -> usize {
    let mut pages: Vec<Vec<&Told>> = vec![Vec::new()];
    let mut steps = 0;
    for one in story {
        if matches!(one, Told::Step(_)) {
            steps += 1;
            if steps > STEPS {
                steps = 1;
                pages.push(Vec::new());
            }
        }
        pages.last_mut().expect("a page").push(one);
    }
    let look = if platform == "slack" { SLACK } else { DISCORD };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    std::fs::write(folder.join(format!("story-{name}-{platform}.txt")), text(story)).expect("write the story");
    let _turn = turn().await;
    let browser = Browser::start().await;
    for (number, page) in pages.iter().enumerate() {
        browser.sized(800, 600).await;
        let body = page.iter().map(|one| told(one)).collect::<String>();
        let html = format!("<!doctype html><meta charset=utf-8><style>{STYLE}{look}</style>{body}");
        let file = folder.join(format!("story-{name}-{platform}-{}.html", number + 1));
        std::fs::write(&file, html).expect("write the page");
        browser.open(&format!("file://{}", file.display())).await;
        browser.whole_picture(&format!("story-{name}-{platform}-{}", number + 1)).await;
    }
    browser.closed().await;
    pages.len()
}
