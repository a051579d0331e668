//! `[services.NAME.notice]`: what the public reads while the service is closed. Whoever writes it here has approved it, before anything
//! is broken; that is why it may be shown at once.

use crate::config::limits::{NOTICE_LASTS, NOTICE_LASTS_RANGE};
use crate::config::problem::{Refusal, did_you_mean};
use crate::config::section::Section;
use crate::config::status::{StatusPage, WORK_TITLE, some_line};
use crate::config::values;
use crate::model::public::NoticeWords;

/// Reads it. `page` is where it is shown.
pub(super) fn read(service: &mut Section<'_>, page: Option<&StatusPage>) -> Option<NoticeWords> {
    if !service.has("notice") {
        return None;
    }
    let mut section = service.child("notice");
    let names = page.map(StatusPage::names).unwrap_or_default();
    let title = section.read("title", some_line).unwrap_or_else(|| WORK_TITLE.to_owned());
    let text =
        section.required("text", "the sentence that everybody reads: text = \"We are repairing it.\"", some_line);
    let lasts = section.read("lasts", |node| values::duration(node, NOTICE_LASTS_RANGE)).unwrap_or(NOTICE_LASTS);
    let components = section.read_list("components", "a list of the status page's components", |node| {
        let name = values::text(node)?;
        let fix = || did_you_mean(name, names.iter().copied());
        match names.contains(&name) {
            true => Ok(name.to_owned()),
            false => Err(Refusal::expected("the name of a section of [status.components]").maybe_fix(fix())),
        }
    });
    if section.is_empty() {
        service.refuse("notice", Refusal::expected("`text` in it: what everybody reads"));
    }
    section.finish();
    if page.is_none() {
        service.refuse("notice", Refusal::expected("a [status] page beside it, where it is shown"));
    }
    Some(NoticeWords {
        title,
        text: text?,
        components: components.unwrap_or_default().into_iter().collect(),
        lasts_ms: i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX),
    })
}
