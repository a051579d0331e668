//! What is said comes out whole, bounded and counted, in whichever order it is said and shown.

use super::*;
use proptest::prelude::*;

fn says(output: &mut Output, lines: std::ops::Range<usize>) {
    lines.for_each(|n| drop(output.push(&format!("line {n}\r\n"))));
}

#[test]
fn a_last_message_keeps_the_last_lines_and_counts_the_others() {
    let mut output = Output::default();
    says(&mut output, 0..JOB_OUTPUT_LINES);
    assert!(output.fill(true));
    says(&mut output, JOB_OUTPUT_LINES..JOB_OUTPUT_LINES + 3);
    assert!(output.fill(true) && !output.waits());
    let shown = output.view("Output of backup".to_owned()).to_plain();
    assert!(shown.starts_with("Output of backup\n3 earlier lines are not shown.\nline 3\n"), "{shown}");
    assert!(shown.ends_with(&format!("line {}", JOB_OUTPUT_LINES + 2)), "{shown}");
}

#[test]
fn a_full_message_is_left_alone_and_the_next_goes_on_from_it() {
    let mut output = Output::default();
    says(&mut output, 0..JOB_OUTPUT_LINES + 2);
    assert!(output.fill(false) && output.waits() && output.is_first());
    assert!(!output.fill(false), "it is full");
    output.turn();
    assert!(output.fill(false) && !output.waits() && !output.is_first());
    let (first, second) = (JOB_OUTPUT_LINES, JOB_OUTPUT_LINES + 1);
    assert_eq!(output.view(String::new()).to_plain(), format!("line {first}\nline {second}"));
    says(&mut output, 100..101);
    assert!(output.fill(false));
    assert_eq!(output.view(String::new()).to_plain(), format!("line {first}\nline {second}\nline 100"));
}

#[test]
fn what_is_said_too_fast_is_counted_where_it_is_missing() {
    let mut output = Output::default();
    says(&mut output, 0..2);
    assert!(output.fill(false));
    let room = JOB_OUTPUT_LINES * JOB_OUTPUT_WAITING;
    says(&mut output, 2..room + 12);
    assert!(!output.fill(false), "nothing goes on below a gap as if there were none");
    assert_eq!(output.view(String::new()).to_plain(), "line 0\nline 1");
    output.turn();
    assert!(output.fill(false));
    let shown = output.view(String::new()).to_plain();
    assert!(shown.starts_with("10 earlier lines are not shown.\nline 12\nline 13\n"), "{shown}");
}

#[test]
fn control_characters_cannot_act_and_long_lines_are_cut() {
    let mut output = Output::default();
    let kept = output.push("a\u{1b}[31mred\u{7}\tb\nsecond");
    assert_eq!(kept, ["a [31mred  b", "second"]);
    output.push(&"x".repeat(JOB_LINE_CHARS + 1));
    output.fill(true);
    let shown = output.view("t".to_owned()).to_plain();
    assert!(shown.contains("a [31mred  b\nsecond\n") && shown.ends_with("x…"), "{shown}");
}

#[test]
fn a_card_has_the_last_lines() {
    let mut shown = Shown::default();
    shown.says(vec!["1".to_owned()]);
    assert_eq!(shown.last, ["1"]);
    shown.says((2..10).map(|n| n.to_string()).collect());
    assert_eq!(shown.last, ["7", "8", "9"]);
}

/// What may happen to an output.
#[derive(Clone, Debug)]
enum Act {
    Says(String),
    Publishes,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => any::<String>().prop_map(Act::Says),
        2 => (0..400_usize).prop_map(|length| Act::Says("é".repeat(length))),
        1 => Just(Act::Publishes),
    ]
}

proptest! {
    #[test]
    fn whatever_is_said_messages_are_bounded_and_every_line_is_shown_once_or_counted(
        acts in prop::collection::vec(act(), 0..300),
    ) {
        let mut output = Output::default();
        let (mut said, mut read, mut gone) = (Vec::new(), Vec::new(), 0);
        let close = |output: &Output, read: &mut Vec<String>, gone: &mut u64| {
            prop_assert!(output.page.lines.len() <= JOB_OUTPUT_LINES);
            prop_assert!(output.page.bytes <= JOB_OUTPUT_BYTES);
            prop_assert!(output.page.lines.iter().all(|line| !line.chars().any(char::is_control)));
            let skipped = usize::try_from(output.page.left_out).unwrap();
            read.extend(std::iter::repeat_n("(left out)".to_owned(), skipped));
            *gone += output.page.left_out;
            read.extend(output.page.lines.iter().cloned());
            Ok(())
        };
        for act in acts.into_iter().chain(std::iter::repeat_n(Act::Publishes, JOB_OUTPUT_WAITING + 2)) {
            match act {
                Act::Says(text) => said.extend(output.push(&text)),
                Act::Publishes => {
                    output.fill(false);
                    if output.waits() {
                        close(&output, &mut read, &mut gone)?;
                        output.turn();
                        output.fill(false);
                    }
                }
            }
            prop_assert!(output.waiting.lines.len() <= JOB_OUTPUT_LINES * JOB_OUTPUT_WAITING);
            prop_assert!(output.waiting.bytes <= JOB_OUTPUT_BYTES * JOB_OUTPUT_WAITING);
        }
        close(&output, &mut read, &mut gone)?;
        prop_assert!(!output.waits());
        prop_assert_eq!(read.len(), said.len(), "{} left out", gone);
        let same = read.iter().zip(&said).filter(|(read, said)| read == said).count();
        prop_assert_eq!(u64::try_from(said.len() - same).unwrap(), gone, "the others stand where they were said");
    }
}
