//! Drafts at their limits.

use super::super::fake::caller;
use super::wit::HostView;
use super::*;
use insta::assert_snapshot;

fn chart_of(points: usize) -> View {
    let (mut caller, mut table) = (caller(&[]), ResourceTable::new());
    let mut host = ViewHost { caller: &mut caller, table: &mut table };
    let draft = host.new(String::new()).unwrap();
    let point = |n: usize| wit::Point { at: u64::MAX - n as u64, value: Some([1.0, f64::NAN][n % 2]) };
    let series = vec![wit::Series { name: "api".into(), points: (0..points).map(point).collect() }];
    let limits = [2.0, f64::INFINITY].map(|value| wit::Threshold { label: "full".into(), value }).to_vec();
    let at = Resource::new_borrow(draft.rep());
    host.chart(at, "Queue".into(), wit::Unit::Count, series, limits, Vec::new(), Some(0), None).unwrap();
    finished(&mut caller, &table, &draft).unwrap().unwrap_or_default()
}

#[test]
fn a_chart_keeps_what_can_be_drawn_and_makes_gaps_of_the_rest() {
    let view = chart_of(4);
    let [Block::Chart(chart)] = &view.blocks[..] else { panic!("{view:?}") };
    let values: Vec<_> = chart.series[0].points.iter().map(|(_, value)| value.map(Number::get)).collect();
    assert_eq!(values, [Some(1.0), None, Some(1.0), None]);
    assert_eq!((chart.thresholds.len(), chart.from_ms, chart.to_ms), (1, Some(0), None));
    assert_eq!(chart.series[0].points[0].0, i64::MAX, "a moment beyond the range is far away");
}

#[test]
fn denies_a_chart_of_more_points_than_a_message_may_hold() {
    assert_eq!(chart_of(VIEW_BYTES / POINT_BYTES), View::default(), "it cannot be sent");
}

#[test]
fn blocks_appear_in_the_order_of_the_calls() {
    let (mut caller, mut table) = (caller(&[]), ResourceTable::new());
    let mut host = ViewHost { caller: &mut caller, table: &mut table };
    let draft = host.new("INC-1".into()).unwrap();
    let rep = || Resource::new_borrow(draft.rep());
    host.set_tone(rep(), wit::Tone::Critical).unwrap();
    host.text(rep(), "checkout is down".into()).unwrap();
    host.field(rep(), "Severity".into(), "sev1".into()).unwrap();
    host.time(rep(), "Declared".into(), 0).unwrap();
    host.divider(rep()).unwrap();
    host.button(rep(), "ack".into(), "Ack".into(), "1".into(), wit::ButtonStyle::Primary, wit::Once::User).unwrap();
    let view = finished(&mut caller, &table, &draft).unwrap().unwrap();
    assert_eq!((view.tone, view.blocks.len()), (Tone::Critical, 5));
    assert_eq!(view.buttons().next().map(|button| button.once), Some(Once::User));
    assert_snapshot!(view.to_plain(), @r"
    INC-1
    checkout is down
    Severity: sev1
    Declared: 1970-01-01T00:00:00.000Z
    ");
}

#[test]
fn denies_sending_a_message_that_outgrew_its_limit() {
    let (mut caller, mut table) = (caller(&[]), ResourceTable::new());
    let mut host = ViewHost { caller: &mut caller, table: &mut table };
    let draft = host.new(String::new()).unwrap();
    for _ in 0..3 {
        host.text(Resource::new_borrow(draft.rep()), "x".repeat(VIEW_BYTES / 2)).unwrap();
    }
    let kept = table.get(&draft).unwrap().view.blocks.len();
    assert_eq!(kept, 1);
    assert!(matches!(finished(&mut caller, &table, &draft).unwrap(), Err(HostError::TooLarge(_))));
}

#[test]
fn denies_sending_a_form_or_select_that_no_platform_could_show() {
    let option = || wit::Choice { value: "v".into(), label: "l".into() };
    let ask = |options: usize| wit::FormField {
        name: "name".into(),
        label: "Name".into(),
        hint: String::new(),
        required: true,
        input: wit::Input::Select,
        options: (0..options).map(|_| option()).collect(),
        initial: String::new(),
    };
    let form = |fields: usize, options: usize| wit::Form {
        title: "t".into(),
        submit: "s".into(),
        command: String::new(),
        fields: (0..fields).map(|_| ask(options)).collect(),
    };
    for (fields, options, chosen, good) in [
        (FORM_FIELDS, SELECT_OPTIONS, SELECT_OPTIONS, true),
        (FORM_FIELDS + 1, 1, 1, false),
        (1, SELECT_OPTIONS + 1, 1, false),
        (1, 1, SELECT_OPTIONS + 1, false),
    ] {
        let (mut caller, mut table) = (caller(&[]), ResourceTable::new());
        let mut host = ViewHost { caller: &mut caller, table: &mut table };
        let draft = host.new(String::new()).unwrap();
        let rep = || Resource::new_borrow(draft.rep());
        let (style, once) = (wit::ButtonStyle::Normal, wit::Once::Never);
        host.form(rep(), "a".into(), "l".into(), String::new(), style, once, form(fields, options)).unwrap();
        host.select(rep(), "b".into(), "l".into(), once, (0..chosen).map(|_| option()).collect()).unwrap();
        let sent = finished(&mut caller, &table, &draft).unwrap();
        assert_eq!(sent.is_ok(), good, "{fields} fields, {options} options, {chosen} to choose from");
    }
}

#[test]
fn denies_more_drafts_than_a_call_may_hold() {
    let (mut caller, mut table) = (caller(&[]), ResourceTable::new());
    table.set_max_capacity(2);
    let mut host = ViewHost { caller: &mut caller, table: &mut table };
    host.new("a".into()).unwrap();
    host.new("b".into()).unwrap();
    let refused = host.new("c".into()).unwrap_err();
    assert_eq!(refused.downcast_ref::<Exceeded>(), Some(&Exceeded::Handles));
}

#[test]
fn a_dropped_draft_gives_back_what_it_held() {
    let (mut caller, mut table) = (caller(&[]), ResourceTable::new());
    for _ in 0..100 {
        let mut host = ViewHost { caller: &mut caller, table: &mut table };
        let draft = host.new("x".repeat(VIEW_BYTES - BLOCK_BYTES)).unwrap();
        assert!(!host.table.get(&draft).unwrap().overfull);
        HostView::drop(&mut host, draft).unwrap();
    }
}
