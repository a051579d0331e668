//! The configuration that `drillbell demo` writes, as a text that people go on from.

use std::net::SocketAddr;

/// The text of the demo's `drillbell.toml`. It belongs into the demo's own folder, which it calls `.`, so that the folder
/// can be moved. `shop` is the port of the demo's shop.
pub fn demo(listen: SocketAddr, shop: u16) -> String {
    // A port that the system picks is known only when the bot runs, and another one each time.
    let public_url = match listen.port() {
        0 => String::new(),
        _ => format!("public_url = \"http://{listen}\"\n"),
    };
    format!(
        r##"# Written by `drillbell demo`. It is yours now: change it, and start again with
#   drillbell serve --config drillbell.toml
# Every key is explained in docs/config.md.

[server]
listen = "{listen}"
{public_url}data_dir = "."          # this folder

[database]
url = "sqlite:drillbell.db"

[artifacts]
store = "dir:artifacts"

[chat.console]
enabled = true
channels = ["#incidents", "#alerts", "#ops", "#backups"]

[channels]
incidents = "console:#incidents"
alerts = "console:#alerts"
ops = "console:#ops"
backups = "console:#backups"

[people.ana]
name = "Ana"
console = "ana"

[people.ben]
name = "Ben"
console = "ben"

# The public status page, at /status, for everybody. Nobody has said yet how the shop is; this proposes it:
#   /sev components shop=operational it runs
[status]
title = "Demo status"

[status.components.shop]
title = "Shop"

# A little shop that lies beside this file, to be backed up: every hour by itself, and now with
#   /backup run shop        then /backup verify shop, /backup status
# To try what happens when a copy is damaged, change a byte of a file below artifacts/backups/shop and verify it again.
[targets.shop]
kind = "sqlite"
path = "shop/shop.db"
service = "shop"
rpo = "1h"
owner = "Ana"
[targets.shop.backup]
schedule = "0 * * * *"

[targets.shop.drill]
schedule = "0 5 1 * *"

[targets.media]
kind = "files"
path = "shop/media"
exclude = ["*.tmp"]
rpo = "1d"
owner = "Ben"
[targets.media.backup]
schedule = "30 2 * * *"

# The shop itself is a process of its own, at http://127.0.0.1:{shop}/ with /healthz, /readyz and /metrics. `drillbell demo` keeps it running, as
# a service manager would (with `drillbell serve` nothing does: take what follows out then). The link shop/current says which of
# the releases in shop/releases it runs, from its next start on. /demo break breaks it, /demo heal mends it.
[services.shop]
health = "http://127.0.0.1:{shop}/readyz"
stop = "stop-shop"
start = "start-shop"
restart = "restart-shop"

# What everybody reads at /status when two rollbacks have failed, or after /rollback maintenance shop on
[services.shop.notice]
text = "The shop is closed while we repair it. We expect this to take about 30 minutes."
components = ["shop"]

# When it is rolled back, and how: /demo break, then /rollback check shop, /rollback plan shop, /rollback run shop
[services.shop.criteria.errors]
probe = "shop-errors"
when = "> 5%"
[services.shop.verify.errors]
probe = "shop"
[services.shop.rollback]
order = ["release"]
watch = "2m"
[services.shop.rollback.strategies.release]
kind = "release"
link = "shop/current"
releases = "shop/releases"

# /proc/self/exe is this very program, wherever it lies.
[commands.restart-shop]
argv = ["/proc/self/exe", "__shop", "restart", "shop"]
cwd = "."

[commands.stop-shop]
argv = ["/proc/self/exe", "__shop", "stop", "shop"]
cwd = "."

[commands.start-shop]
argv = ["/proc/self/exe", "__shop", "start", "shop"]
cwd = "."

# The bot's own eyes: whether the shop answers, how often it fails, how long it takes. Each has a card of its own in #alerts.
[probes.shop]
url = "http://127.0.0.1:{shop}/"
every = "5s"
timeout = "3s"
service = "shop"
component = "shop"
severity = "sev2"
runbook = "shop-looks-wrong"

[probes.shop-errors]
of = "shop"
measure = "error-rate"
every = "5s"
window = "30s"
above = "5%"
service = "shop"
component = "shop"
severity = "sev3"
runbook = "shop-looks-wrong"

[probes.shop-p95]
of = "shop"
measure = "p95"
every = "5s"
window = "30s"
above = "500ms"
service = "shop"
component = "shop"
severity = "sev3"
runbook = "shop-looks-wrong"

# What steps of runbooks may ask, and where your own runbooks are; to try one, /runbook start shop-looks-wrong
[databases.shop]
url = "sqlite:shop/shop.db"

[runbooks]
dir = "runbooks"
[runbooks.values]
shop_url = "http://127.0.0.1:{shop}"

# A plugin can do only what is granted here *and* asked for in its own manifest.
[plugins.sev-declare]
source = "builtin:sev-declare"
grants = ["kv", "timers", "escalation", "incidents:write", "status", "post:console:*", "conversations", "reactions", "backups"]

[plugins.backup]
source = "builtin:backup"
grants = ["backups", "jobs:backup", "jobs:backup-verify", "jobs:backup-prune", "jobs:backup-rebuild", "jobs:restore", "jobs:backup-adopt", "schedules", "timers", "kv", "post:console:*", "incidents:write", "escalation"]

[plugins.restore-drill]
source = "builtin:restore-drill"
grants = ["backups", "jobs:drill", "jobs:exercise", "runbooks", "conversations", "schedules", "timers", "kv", "post:console:*"]

# Rollbacks of [services.NAME]: /rollback status.
[plugins.rollback]
source = "builtin:rollback"
grants = ["services", "deploys", "jobs:assess", "jobs:rollback", "jobs:maintenance", "jobs:notice", "jobs:evidence", "approvals", "backups", "timers", "kv", "incidents:write", "escalation", "status", "post:console:*"]

# Runbooks: /runbook list. What a step of one may use (a command, an address, a database, a secret) is granted here too.
[plugins.runbook]
source = "builtin:runbook"
grants = ["alerts", "runbooks", "schedules", "kv", "timers", "incidents:write", "conversations", "approvals", "post:console:*", "jobs:steps", "jobs:backup", "jobs:backup-verify", "backups", "sql:shop", "command:restart-shop", "http-private:http://127.0.0.1:{shop}"]

# Alerts: one card a group, edited and not posted anew. /alert list.
[plugins.alerts]
source = "builtin:alerts"
grants = ["alerts", "kv", "timers", "incidents:write", "jobs:silence", "jobs:samples", "post:console:*"]

# Postmortems: /postmortem draft INC-1, once an incident is over; what is published is on /postmortems.
[plugins.postmortem]
source = "builtin:postmortem"
grants = ["incidents:write", "kv", "timers", "escalation", "jobs:document"]
"##
    )
}
