//! What a plugin can do: one file for each interface of `wit/`, the grants asked beneath them, and the state of one call.
//! Nothing here runs a guest (that is `plugin`) and nothing writes (that is the store, at the commit).

pub mod approvals;
pub mod backups;
pub mod caller;
pub mod clock;
pub mod conversations;
pub mod deadline;
pub mod effects;
pub mod escalation;
pub mod exceeded;
pub mod grants;
pub mod incidents;
pub mod jobs;
pub mod kv;
pub mod log;
pub mod memory;
pub mod meter;
pub mod operations;
pub mod reads;
pub mod runbooks;
pub mod schedules;
pub mod services;
pub mod settings;
pub mod status;
pub mod timers;
pub mod view;

#[cfg(test)]
mod fake;

use crate::bindings::latest::drillbell;
use crate::config::limits::HANDLES;
use crate::incident::SeverityTable;
use crate::model::changes::Changes;
use crate::model::ids::ConversationId;
use crate::model::manifest::ReplyMode;
use crate::model::page::Routes;
use crate::model::receipt::Receipt;
use approvals::{ApprovalsCall, ApprovalsHost, HasApprovals, RoleNames};
use backups::{BackupsCall, BackupsHost, BackupsSetup, HasBackups};
use caller::{Caller, CallerSetup};
use clock::{ClockHost, HasClock};
use conversations::{ConversationsCall, ConversationsHost, HasConversations, Places};
use effects::{EffectsCall, EffectsHost, HasEffects};
use escalation::{EscalationHost, EscalationSetup, HasEscalation};
use incidents::{HasIncidents, IncidentsCall, IncidentsHost, NumberGuard, NumberLane};
use jobs::{CheckJob, HasJobs, JobsCall, JobsHost};
use kv::{HasKv, KvCall, KvHost};
use log::{HasLog, LogCall, LogHost};
use memory::MemoryCeiling;
use reads::ReadError;
use runbooks::{HasRunbooks, RunbooksHost, RunbooksSetup};
use schedules::{HasSchedules, SchedulesCall, SchedulesHost};
use services::{HasServices, ServicesHost, ServicesSetup};
use settings::{HasSettings, Settings, SettingsHost};
use status::{HasStatus, PublicPage, StatusHost};
use std::sync::Arc;
use timers::{HasTimers, TimersCall, TimersHost};
use view::{HasView, ViewHost};
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// The state of one call: a field for each capability, all of it gone when the call is over.
pub struct CallState {
    caller: Caller,
    approvals: ApprovalsCall,
    backups: BackupsCall,
    conversations: ConversationsCall,
    effects: EffectsCall,
    escalation: EscalationSetup,
    incidents: IncidentsCall,
    jobs: JobsCall,
    kv: KvCall,
    log: LogCall,
    schedules: SchedulesCall,
    page: PublicPage,
    settings: Settings,
    backups_setup: Arc<BackupsSetup>,
    runbooks: Arc<RunbooksSetup>,
    services: Arc<ServicesSetup>,
    timers: TimersCall,
    table: ResourceTable,
    wasi: WasiCtx,
    /// The memory of the guest, asked by the sandbox whenever it grows.
    pub memory: MemoryCeiling,
}

/// What a call's state is made of.
pub struct CallSetup {
    /// Who calls, for whom, with what rights.
    pub caller: CallerSetup,
    /// Who sees replies.
    pub reply: ReplyMode,
    /// The configured severities.
    pub severities: Arc<SeverityTable>,
    /// Where incidents are told besides their own conversation.
    pub digest: Option<ConversationId>,
    /// The configured roles.
    pub roles: RoleNames,
    /// The public status page, if there is one.
    pub page: PublicPage,
    /// The lane that numbers incidents.
    pub lane: NumberLane,
    /// What the operator says about conversations.
    pub places: Arc<Places>,
    /// Where the configured notifiers' pages go.
    pub notifiers: Arc<Routes>,
    /// Who is to be told when something is wrong.
    pub escalation: EscalationSetup,
    /// Which jobs make sense.
    pub check_job: CheckJob,
    /// What is backed up.
    pub backups: Arc<BackupsSetup>,
    /// The runbooks there are.
    pub runbooks: Arc<RunbooksSetup>,
    /// What runs.
    pub services: Arc<ServicesSetup>,
    /// What the operator wrote for this plugin.
    pub settings: Settings,
    /// The empty WASI world with its bounded stderr.
    pub wasi: WasiCtx,
    /// Bytes of memory that the guest may have.
    pub memory_bytes: u64,
}

/// What is left when a call is over.
pub struct Remains {
    /// What it read and wants.
    pub changes: Changes,
    /// What it asked of the host.
    pub receipt: Receipt,
    /// The first read that failed: the call cannot count.
    pub failure: Option<ReadError>,
    /// The first refusal for want of a grant.
    pub denial: Option<String>,
    /// Its place in the number lane, if it declared an incident.
    pub number_guard: Option<NumberGuard>,
}

impl CallState {
    /// The state of a call that has not begun.
    pub fn new(setup: CallSetup) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        Self {
            caller: Caller::new(setup.caller),
            approvals: ApprovalsCall::new(setup.roles),
            backups: BackupsCall::default(),
            conversations: ConversationsCall::new(setup.places),
            effects: EffectsCall::new(setup.reply, setup.notifiers),
            escalation: setup.escalation,
            incidents: IncidentsCall::new(setup.severities, setup.digest, setup.lane),
            jobs: JobsCall::new(setup.check_job),
            kv: KvCall::default(),
            log: LogCall::default(),
            page: setup.page,
            settings: setup.settings,
            schedules: SchedulesCall::default(),
            backups_setup: setup.backups,
            runbooks: setup.runbooks,
            services: setup.services,
            timers: TimersCall::default(),
            table,
            wasi: setup.wasi,
            memory: MemoryCeiling::new(setup.memory_bytes),
        }
    }

    /// Takes the state apart when the call is over.
    pub fn into_remains(self) -> Remains {
        let Self { mut caller, approvals, backups, effects, incidents, jobs, kv, log, schedules, timers, .. } = self;
        let mut changes = Changes::default();
        kv.into_changes(&caller, &mut changes);
        timers.into_changes(&caller, &mut changes);
        schedules.into_changes(&caller, &mut changes);
        jobs.into_changes(&mut changes);
        backups.into_changes(&mut changes);
        effects.into_changes(&mut changes);
        approvals.into_changes(&mut changes);
        let number_guard = incidents.into_changes(&mut changes);
        log.close(&caller);
        Remains {
            changes,
            failure: caller.failure.take(),
            denial: caller.denial.take(),
            receipt: caller.meter.into_receipt(),
            number_guard,
        }
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// The interfaces that hold nothing but types need no host, only a name.
struct TypesOnly;

impl HasData for TypesOnly {
    type Data<'a> = TypesHost;
}

struct TypesHost;

impl drillbell::types::types::Host for TypesHost {}
impl drillbell::plugin::events::Host for TypesHost {}

/// Links every capability; which of them a plugin may use is asked at each call.
pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    drillbell::types::types::add_to_linker::<_, TypesOnly>(linker, |_| TypesHost)?;
    drillbell::plugin::events::add_to_linker::<_, TypesOnly>(linker, |_| TypesHost)?;
    drillbell::view::view::add_to_linker::<_, HasView>(linker, |state| ViewHost {
        caller: &mut state.caller,
        table: &mut state.table,
    })?;
    drillbell::effects::effects::add_to_linker::<_, HasEffects>(linker, |state| EffectsHost {
        caller: &mut state.caller,
        effects: &mut state.effects,
        table: &mut state.table,
    })?;
    drillbell::escalation::escalation::add_to_linker::<_, HasEscalation>(linker, |state| EscalationHost {
        caller: &mut state.caller,
        setup: &state.escalation,
        effects: &mut state.effects,
        incidents: &mut state.incidents,
        table: &mut state.table,
    })?;
    drillbell::kv::kv::add_to_linker::<_, HasKv>(linker, |state| KvHost {
        caller: &mut state.caller,
        kv: &mut state.kv,
    })?;
    drillbell::incidents::incidents::add_to_linker::<_, HasIncidents>(linker, |state| IncidentsHost {
        caller: &mut state.caller,
        incidents: &mut state.incidents,
        effects: &state.effects,
    })?;
    drillbell::approvals::approvals::add_to_linker::<_, HasApprovals>(linker, |state| ApprovalsHost {
        caller: &mut state.caller,
        approvals: &mut state.approvals,
        table: &mut state.table,
    })?;
    drillbell::conversations::conversations::add_to_linker::<_, HasConversations>(linker, |state| ConversationsHost {
        caller: &mut state.caller,
        conversations: &mut state.conversations,
        effects: &mut state.effects,
        incidents: &mut state.incidents,
    })?;
    drillbell::status::status::add_to_linker::<_, HasStatus>(linker, |state| StatusHost {
        caller: &mut state.caller,
        approvals: &mut state.approvals,
        incidents: &mut state.incidents,
        page: &state.page,
    })?;
    drillbell::timers::timers::add_to_linker::<_, HasTimers>(linker, |state| TimersHost {
        caller: &mut state.caller,
        timers: &mut state.timers,
    })?;
    drillbell::jobs::jobs::add_to_linker::<_, HasJobs>(linker, |state| JobsHost {
        caller: &mut state.caller,
        jobs: &mut state.jobs,
        approvals: &mut state.approvals,
        table: &mut state.table,
    })?;
    drillbell::schedules::schedules::add_to_linker::<_, HasSchedules>(linker, |state| SchedulesHost {
        caller: &mut state.caller,
        schedules: &mut state.schedules,
    })?;
    drillbell::backups::backups::add_to_linker::<_, HasBackups>(linker, |state| BackupsHost {
        caller: &mut state.caller,
        backups: &mut state.backups,
        setup: &state.backups_setup,
    })?;
    drillbell::runbooks::runbooks::add_to_linker::<_, HasRunbooks>(linker, |state| RunbooksHost {
        caller: &mut state.caller,
        setup: &state.runbooks,
    })?;
    drillbell::services::services::add_to_linker::<_, HasServices>(linker, |state| ServicesHost {
        caller: &mut state.caller,
        setup: &state.services,
    })?;
    drillbell::settings::settings::add_to_linker::<_, HasSettings>(linker, |state| SettingsHost {
        caller: &mut state.caller,
        settings: &state.settings,
    })?;
    drillbell::clock::clock::add_to_linker::<_, HasClock>(linker, |state| ClockHost { caller: &mut state.caller })?;
    drillbell::log::log::add_to_linker::<_, HasLog>(linker, |state| LogHost {
        caller: &mut state.caller,
        log: &mut state.log,
    })
}
