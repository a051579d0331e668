//! Any bytes as a schedule's expression and zone: reading never panics, and whatever is read yields moments that go forward, on
//! whole minutes, and the same ones backwards.

#![no_main]

use drillbell::recurrence::Recurrence;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, i64)| {
    let (expression, zone, at_ms) = input;
    match Recurrence::parse(expression, zone) {
        Err(error) => assert!(error.to_string().len() < 1000, "an error stays short"),
        Ok(recurrence) => {
            let again =
                Recurrence::parse(recurrence.expression(), recurrence.zone()).expect("what was read reads again");
            let next = recurrence.next(at_ms);
            assert_eq!(next, again.next(at_ms));
            if let Some(next) = next {
                assert!(next > at_ms && next % 60_000 == 0);
                assert_eq!(recurrence.previous(next), Some(next));
            }
            let _ = recurrence.previous(at_ms);
        }
    }
});
