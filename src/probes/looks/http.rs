//! An HTTP request, and whether its answer is as expected. Redirects are followed within the very origin that was named; one to
//! elsewhere is said, not followed.

use super::{Finding, Said};
use crate::config::probes::{Address, Expect, Statuses};
use crate::ops::http::{self, Call, Client, Method, Named};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

pub(super) async fn look(client: &Client, address: &Address, expect: &Expect, limit: Duration) -> Finding {
    let call = Call {
        method: Method::Get,
        url: address.expose().split('#').next().unwrap_or_default().to_owned(),
        args: BTreeMap::new(),
        headers: BTreeMap::new(),
        body: None,
        expect: http::Expect {
            status: expect.status.as_ref().map(statuses),
            contains: expect.contains.clone(),
            ..http::Expect::default()
        },
    };
    let prepared = call.prepare(&BTreeMap::new(), &|_| None);
    let (Ok(request), Ok(url)) = (prepared, Url::parse(address.expose())) else {
        return Finding::unknown("its address cannot be asked");
    };
    let began = Instant::now();
    // The looker's own timer ends it, as it does every look: what hangs was waited for, and is no address that nobody is at.
    let beyond = limit + Duration::from_secs(1);
    let answer = client.send(request, "", &Named(url), beyond, &CancellationToken::new()).await;
    let took = began.elapsed();
    match answer {
        // Nobody there is the very thing that was asked.
        Err(failure) => Finding::unreached(failure.why),
        Ok(response) => {
            let (mut problems, _) = call.expect.problems(&response);
            if let Some(within) = expect.within.filter(|within| took > *within) {
                let (took, within) = (took.as_millis(), crate::config::show_duration(within));
                problems.push(format!("it took {took} ms, expected within {within}"));
            }
            match problems.is_empty() {
                true => Finding::new(Said::Pass, format!("status {}", response.status)),
                false => Finding::new(Said::Fail, problems.join("; ")),
            }
        }
    }
}

fn statuses(statuses: &Statuses) -> http::Statuses {
    match statuses {
        Statuses::Some(some) => http::Statuses::Some(some.clone()),
        Statuses::Class(class) => http::Statuses::Class(class.clone()),
    }
}
