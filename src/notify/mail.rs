//! E-mail over SMTP. Each recipient gets a message of their own, so that one bad address keeps a page from nobody else; its
//! `Message-ID` follows from the outbox row, so that a mail program can tell a repeat.

use super::NotifyError;
use super::html::html;
use super::page::{Page, said};
use crate::config::smtp::{Smtp, Tls as Privacy};
use crate::platform::DeliverError;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

/// Characters of a subject; longer ones are cut by the programs that show them.
const SUBJECT_CHARS: usize = 150;
/// Rows whose accepted recipients are remembered between attempts; beyond it all are forgotten, and some get a repeat.
const REMEMBERED: usize = 1000;

/// The server of `[smtp]`.
pub(super) struct Server {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// `smtp.example.org:587 (starttls)`.
    shown: String,
    timeout: Duration,
    user: Option<String>,
    password: Option<String>,
}

/// One notifier.
pub(super) struct Mail {
    server: Arc<Server>,
    to: Vec<Address>,
    /// Who has taken a page that others have yet to take.
    taken: Mutex<HashMap<String, BTreeSet<Address>>>,
}

impl Server {
    pub(super) fn new(smtp: &Smtp) -> Result<Self, NotifyError> {
        let bad = |what: &str, error: &dyn std::fmt::Display| NotifyError(format!("smtp.{what}: {error}"));
        let from: Mailbox = smtp.from.parse().map_err(|error| bad("from", &error))?;
        let mut tls = TlsParameters::builder(smtp.host.clone());
        if let Some(path) = &smtp.ca {
            let shown = path.display();
            let pem = std::fs::read(path).map_err(|error| bad("ca", &format!("cannot read {shown}: {error}")))?;
            let ca = Certificate::from_pem(&pem).map_err(|_| bad("ca", &format!("{shown} is no PEM certificate")))?;
            tls = tls.add_root_certificate(ca);
        }
        let tls = tls.build().map_err(|error| bad("tls", &error))?;
        let tls = match smtp.tls {
            Privacy::Starttls => Tls::Required(tls),
            Privacy::Tls => Tls::Wrapper(tls),
            Privacy::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .tls(tls)
            .timeout(Some(smtp.timeout));
        if let Some((user, password)) = &smtp.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        Ok(Self {
            transport: builder.build(),
            from,
            shown: format!("{}:{} ({})", smtp.host, smtp.port, smtp.tls.as_str()),
            timeout: smtp.timeout,
            user: smtp.login.as_ref().map(|(user, _)| user.clone()),
            password: smtp.login.as_ref().map(|(_, password)| password.expose().to_owned()),
        })
    }

    /// One conversation with the server, within its time.
    async fn within<T>(
        &self,
        talk: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
    ) -> Result<T, DeliverError> {
        match tokio::time::timeout(self.timeout, talk).await {
            Ok(answer) => answer.map_err(|error| self.failed(&error)),
            Err(_) => {
                let reason = format!("{} did not finish within {} s", self.shown, self.timeout.as_secs());
                Err(DeliverError::Later { reason, after: None })
            }
        }
    }

    /// Only a 5xx of the server's means never; everything else may be better in a moment.
    fn failed(&self, error: &lettre::transport::smtp::Error) -> DeliverError {
        let words = said(&error.to_string(), self.password.as_deref().as_slice());
        let reason = format!("{}: {words}", self.shown);
        match error.is_permanent() {
            true => DeliverError::Never { reason },
            false => DeliverError::Later { reason, after: None },
        }
    }
}

impl Mail {
    pub(super) fn new(server: Arc<Server>, to: &[String]) -> Result<Self, NotifyError> {
        let parse = |text: &String| text.parse().map_err(|error| NotifyError(format!("the address {text}: {error}")));
        let to = to.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { server, to, taken: Mutex::default() })
    }

    /// Sends a mail to everybody who has not had it yet. It is sent when nobody is left to try and at least one has it.
    pub(super) async fn send(&self, page: &Page<'_>) -> Result<String, DeliverError> {
        let (mut later, mut never) = (None, Vec::new());
        for to in &self.to {
            if self.has(page.id, to) {
                continue;
            }
            let message = message(page, &self.server.from, to).map_err(|reason| DeliverError::Never { reason })?;
            match self.server.within(self.server.transport.send(message)).await {
                Ok(_) => self.took(page.id, to),
                Err(DeliverError::Never { reason }) => never.push(format!("{to} refused: {reason}")),
                Err(error) => later = later.or(Some(error)),
            }
        }
        if let Some(error) = later {
            return Err(error);
        }
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(page.id).unwrap_or_default();
        if taken.is_empty() {
            return Err(DeliverError::Never { reason: said(&never.join("; "), &[]) });
        }
        let all = taken.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let but = if never.is_empty() { String::new() } else { format!("; {}", never.join("; ")) };
        Ok(said(&format!("taken for {all}{but}"), &[]))
    }

    /// Greets the server and signs in, as for a mail, and leaves.
    pub(super) async fn probe(&self) -> Result<String, DeliverError> {
        let server = &self.server;
        let shown = &server.shown;
        match server.within(server.transport.test_connection()).await? {
            true => {
                let user = server.user.as_ref().map(|user| format!(", and lets {user} in")).unwrap_or_default();
                Ok(format!("{shown} answers{user}"))
            }
            false => Err(DeliverError::Later { reason: format!("{shown} does not answer as it should"), after: None }),
        }
    }

    fn has(&self, row: &str, to: &Address) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.get(row).is_some_and(|taken| taken.contains(to))
    }

    fn took(&self, row: &str, to: &Address) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= REMEMBERED && !taken.contains_key(row) {
            taken.clear();
        }
        taken.entry(row.to_owned()).or_default().insert(to.clone());
    }
}

/// The mail. Header fields hold one clean line each, so that no text can add another.
fn message(page: &Page<'_>, from: &Mailbox, to: &Address) -> Result<Message, String> {
    let domain = from.email.domain();
    let subject = page.summary(SUBJECT_CHARS);
    // All mails about one thing share an ancestor that was never sent: programs then show them as one thread.
    let thread = hex::encode(Sha256::digest(format!("{}\n{}", page.notifier, page.key)));
    let thread = format!("<page.{}@{domain}>", &thread[..32]);
    let at_ms = u64::try_from(page.at_ms).unwrap_or(0);
    let raw =
        |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(&subject)
        .date(UNIX_EPOCH + Duration::from_millis(at_ms))
        .message_id(Some(format!("<{}@{domain}>", page.id)))
        .references(thread.clone())
        .in_reply_to(thread)
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Drillbell-Action", page.action.as_str()))
        .multipart(
            MultiPart::alternative()
                .boundary(format!("drillbell-{}", page.id))
                .singlepart(SinglePart::plain(page.view.to_plain()))
                .singlepart(SinglePart::html(html(&subject, page.view))),
        )
        .map_err(|error| format!("the mail cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::{ROW, outage};
    use super::*;
    use crate::model::effect::Effect;
    use crate::model::page::PageAction;
    use crate::platform::Request;
    use proptest::prelude::*;

    fn written(effect: &Effect) -> String {
        let page = Page::of(Request { id: ROW, effect, native: None, route: None }, 0).unwrap();
        let from = "Drillbell <drillbell@example.org>".parse().unwrap();
        let to = "oncall@example.org".parse().unwrap();
        String::from_utf8(message(&page, &from, &to).unwrap().formatted()).unwrap().replace('\r', "")
    }

    #[test]
    fn a_mail_is_the_same_at_every_attempt() {
        let effect = outage(PageAction::Trigger);
        let mail = written(&effect);
        assert_eq!(mail, written(&effect));
        let head = mail.split("\n\n").next().unwrap();
        insta::assert_snapshot!(head, @r#"
        From: Drillbell <drillbell@example.org>
        To: oncall@example.org
        Subject: INC-1 =?utf-8?b?wrc=?= sev1 =?utf-8?b?wrc=?= checkout is down
        Date: Thu, 01 Jan 2026 00:00:00 +0000
        Message-ID: <019b76da-a800-7000-8000-000000000001@example.org>
        References: <page.a17520317e69eac0c3a545a61923ae29@example.org>
        In-Reply-To: <page.a17520317e69eac0c3a545a61923ae29@example.org>
        Auto-Submitted: auto-generated
        X-Drillbell-Action: trigger
        MIME-Version: 1.0
        Content-Type: multipart/alternative;
         boundary="drillbell-019b76da-a800-7000-8000-000000000001"
        "#);
    }

    proptest! {
        #[test]
        fn no_title_and_no_key_add_a_header(title in "\\PC{0,80}|[\\r\\n:a-c ]{0,40}", key in "\\PC{0,40}|[\\r\\n:a-c ]{0,20}") {
            let mut effect = outage(PageAction::Trigger);
            let Effect::Page { view, key: kept, .. } = &mut effect else { unreachable!() };
            (view.title, *kept) = (title, key);
            let mail = written(&effect);
            let head = mail.split("\n\n").next().unwrap();
            let names: Vec<_> =
                head.lines().filter(|line| !line.starts_with([' ', '\t'])).filter_map(|line| line.split(':').next()).collect();
            prop_assert_eq!(names.len(), 11, "{}", head);
        }
    }
}
