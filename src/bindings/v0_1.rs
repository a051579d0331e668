//! Bindings of WIT 0.1, generated from `wit/` at compile time. Host functions may trap and are async where they may have
//! to wait for the database; the others answer at once.
#![expect(missing_docs, reason = "generated; each item is documented in its WIT file")]

wasmtime::component::bindgen!({
    path: "wit",
    world: "everything",
    imports: {
        "drillbell:view": trappable,
        "drillbell:settings": trappable,
        "drillbell:clock": trappable,
        "drillbell:log": trappable,
        "drillbell:timers": trappable,
        "drillbell:jobs/jobs.[constructor]request": trappable,
        "drillbell:jobs/jobs.[method]request.set-on-lost": trappable,
        "drillbell:jobs/jobs.[method]request.set-key": trappable,
        "drillbell:jobs/jobs.[method]request.set-attempts": trappable,
        "drillbell:jobs/jobs.[method]request.set-run-limit": trappable,
        "drillbell:jobs/jobs.[method]request.set-conversation": trappable,
        "drillbell:jobs/jobs.[method]request.set-approval": trappable,
        "drillbell:jobs/jobs.[drop]request": trappable,
        "drillbell:incidents/incidents.severities": trappable,
        "drillbell:incidents/incidents.clocks-of": trappable,
        "drillbell:incidents/incidents.words-of": trappable,
        "drillbell:incidents/incidents.digest": trappable,
        "drillbell:conversations/conversations.home-of": trappable,
        "drillbell:status/status.rule-of": trappable,
        "drillbell:effects/effects.reply": trappable,
        "drillbell:effects/effects.page": trappable,
        "drillbell:effects/effects.set-data": trappable,
        "drillbell:kv/kv.set": trappable,
        "drillbell:kv/kv.delete": trappable,
        default: async | trappable,
    },
    exports: { default: async },
    with: {
        "drillbell:view/view.view": super::draft::ViewDraft,
        "drillbell:jobs/jobs.request": super::draft::JobDraft,
    },
});
