//! Whatever the secret, the text and the cuts: it does not survive, and what is no secret does.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

/// A secret that is not part of any marker and not part of the text around it.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Z0-9!#%/+=é\"]{8,40}", "[A-Z0-9]{6,12}\n[A-Z0-9 ]{3,20}(\n[A-Z]{1,9}){0,3}"]
}

/// Text around it: no capitals, so that it holds no part of a secret by chance.
fn around() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z ,\n]{0,60}", "[a-z\u{1F980}é\r\n\t]{0,40}", Just("x".repeat(40_000)), Just("\n".to_owned())]
}

fn pieces(bytes: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect()
}

fn streamed(scrub: &Scrub, bytes: &[u8], cuts: &[usize]) -> String {
    let mut stream = scrub.stream();
    let mut out: String = pieces(bytes, cuts).iter().map(|piece| stream.push(piece)).collect();
    out.push_str(&stream.finish());
    out
}

/// Runs a property with one set of shapes: making them anew for each case is what would take long.
fn holds<S: Strategy>(cases: S, property: impl Fn(&Scrub, S::Value) -> Result<(), TestCaseError>) {
    let shapes = Arc::new(Shapes::new());
    let outcome = TestRunner::default().run(&cases, |case| {
        let scrub = Scrub(Arc::new(Inner { shapes: shapes.clone(), known: RwLock::default() }));
        property(&scrub, case)
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(any::<usize>(), 0..20)
}

fn learn(scrub: &Scrub, name: &str, value: &str) -> bool {
    scrub.learn([(name.to_owned(), SecretString::from(value))]).is_empty()
}

#[test]
fn a_planted_secret_never_survives() {
    holds((secret(), around(), around(), cuts()), |scrub, (secret, before, after, cuts)| {
        prop_assume!(learn(scrub, "planted", &secret));
        let text = format!("{before}{secret}{after}");
        let clean = scrub.text(&text);
        prop_assert!(!clean.contains(&secret) && clean.contains("[secret planted]"), "{}", clean);
        let out = streamed(scrub, text.as_bytes(), &cuts);
        prop_assert!(!out.contains(&secret) && out.contains("[secret planted]"), "{}", out);
        Ok(())
    });
}

#[test]
fn a_token_never_survives_however_it_is_cut() {
    holds((0..tokens().len(), around(), cuts()), |scrub, (which, before, cuts)| {
        let text = format!("{before}\n{}\n", tokens()[which]);
        let whole = scrub.text(&text).into_owned();
        prop_assert!(whole.contains("[secret]"), "{}", whole);
        prop_assert_eq!(streamed(scrub, text.as_bytes(), &cuts), whole);
        Ok(())
    });
}

#[test]
fn ordinary_text_is_unchanged_in_any_pieces() {
    holds(("[a-z0-9 .,;:!?()@#\u{e9}\u{1F980}\n\t-]{0,400}", cuts()), |scrub, (text, cuts)| {
        prop_assert!(learn(scrub, "db", "CORRECT HORSE"));
        prop_assume!(matches!(scrub.text(&text), Cow::Borrowed(_)));
        prop_assert_eq!(streamed(scrub, text.as_bytes(), &cuts), text);
        Ok(())
    });
}

#[test]
fn scrubbing_twice_is_scrubbing_once() {
    let text = "(password|token|Bearer|://a:|[a-z=:\"' @A-Z0-9{}$]|\\[secret\\]|\n){0,60}";
    holds(text, |scrub, text| {
        prop_assert!(learn(scrub, "db", "CORRECT HORSE"));
        let once = scrub.text(&text).into_owned();
        prop_assert_eq!(scrub.text(&once), once.as_str());
        Ok(())
    });
}

#[test]
fn no_bytes_make_it_panic() {
    holds((prop::collection::vec(any::<u8>(), 0..300), cuts()), |scrub, (bytes, cuts)| {
        prop_assert!(learn(scrub, "db", "CORRECT HORSE"));
        let text = String::from_utf8_lossy(&bytes);
        prop_assert_eq!(streamed(scrub, &bytes, &cuts), scrub.text(&text));
        Ok(())
    });
}
