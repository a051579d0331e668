//! Any view at all: whatever a plugin may fill one with, and what would pass for something else on a platform.

use drillbell::model::chart::{Chart, Mark, Number, Series, Threshold};
use drillbell::model::form::{Choice, Form, FormField, Input, Select};
use drillbell::model::view::{Block, Button, ButtonStyle, Once, Tone, View};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z <>&!@#*_`|:\\n-]{0,60}",
        2 => "\\PC{0,80}",
        1 => Just("<!channel> <@U0123456789> &lt;!here&gt; <https://evil.example|https://good.example>".to_owned()),
        1 => (1_usize..9000).prop_map(|n| "lorem ipsum 🙂 ".repeat(n / 14 + 1)),
    ]
}

fn button() -> impl Strategy<Value = Button> {
    (text(), "[a-z]{1,20}|[a-z]{200,300}").prop_map(|(label, action)| Button {
        action,
        label,
        value: "v".repeat(3000),
        style: ButtonStyle::Danger,
        once: Once::Card,
    })
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    prop::collection::vec((text(), text()).prop_map(|(value, label)| Choice { value, label }), 0..30)
}

fn form() -> impl Strategy<Value = Form> {
    (text(), text(), choices()).prop_map(|(label, title, options)| Form {
        action: "form".to_owned(),
        label,
        value: String::new(),
        style: ButtonStyle::Primary,
        once: Once::Never,
        title: title.clone(),
        submit: title.clone(),
        command: String::new(),
        fields: vec![FormField {
            name: "f".to_owned(),
            label: title,
            hint: String::new(),
            required: true,
            input: Input::Select,
            options,
            initial: String::new(),
        }],
    })
}

/// Any chart. It is drawn, which takes long: nothing else that a view is made of does, so that it is in none of these.
pub fn chart() -> impl Strategy<Value = Chart> {
    let points = prop::collection::vec((any::<i64>(), any::<f64>()), 0..5);
    (text(), text(), points).prop_map(|(title, name, points)| Chart {
        title,
        series: vec![Series {
            name: name.clone(),
            points: points.iter().map(|(at_ms, value)| (*at_ms, Number::new(*value))).collect(),
        }],
        thresholds: Number::new(1.0).map(|value| Threshold { label: name.clone(), value }).into_iter().collect(),
        marks: points.iter().map(|(at_ms, _)| Mark { at_ms: *at_ms, label: name.clone() }).collect(),
        ..Chart::default()
    })
}

fn block() -> impl Strategy<Value = Block> {
    prop_oneof![
        text().prop_map(|text| Block::Text { text }),
        text().prop_map(|text| Block::Code { text }),
        text().prop_map(|text| Block::Context { text }),
        (text(), text()).prop_map(|(name, value)| Block::Field { name, value }),
        (text(), any::<i64>()).prop_map(|(name, at_ms)| Block::Time { name, at_ms }),
        (text(), any::<i64>()).prop_map(|(text, at_ms)| Block::Moment { at_ms, text }),
        (
            text(),
            prop_oneof![text(), Just("https://example.org/?a=b".to_owned()), Just("javascript:alert(1)".to_owned())]
        )
            .prop_map(|(label, url)| Block::Link { label, url }),
        (text(), any::<u64>(), any::<u64>()).prop_map(|(label, done, total)| Block::Progress { label, done, total }),
        Just(Block::Divider),
        button().prop_map(Block::Button),
        form().prop_map(Block::Form),
        (text(), choices()).prop_map(|(label, options)| Block::Select(Select {
            action: "select".to_owned(),
            label,
            once: Once::Never,
            options
        })),
    ]
}

/// Any view.
pub fn view() -> impl Strategy<Value = View> {
    (
        text(),
        0_u8..5,
        prop_oneof![4 => prop::collection::vec(block(), 0..20), 1 => prop::collection::vec(block(), 60..120)],
    )
        .prop_map(|(title, tone, blocks)| {
            let tones = [Tone::Neutral, Tone::Info, Tone::Good, Tone::Warning, Tone::Critical];
            View { title, tone: tones[usize::from(tone)], blocks }
        })
}
