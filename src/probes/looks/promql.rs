//! An expression, asked of a Prometheus. Several series are as bad as the worst of them; no series, and what is not a number, say
//! nothing.

use super::Finding;
use crate::config::metrics::MetricsSource;
use crate::config::probes::{Probe, Side};
use crate::ops::http::Client;
use crate::ops::prometheus::instant::{Samples, ask};
use tokio_util::sync::CancellationToken;

pub(super) async fn look(client: &Client, metrics: &MetricsSource, expr: &str, probe: &Probe) -> Finding {
    let asked = (expr, probe.window.unwrap_or_default());
    let side = probe.level.threshold.as_ref().map_or(Side::Above, |threshold| threshold.side);
    let samples = ask(client, metrics, asked, probe.timeout, &CancellationToken::new()).await;
    // The moment of the oldest number, seconds since the epoch: whoever keeps answers for a while gives old ones.
    let moments = samples.iter().flat_map(|samples| &samples.all).map(|(_, at)| *at);
    let sample = moments.reduce(f64::min).map(|moment| moment.to_string()).unwrap_or_default();
    Finding { sample, ..Finding::number(samples.and_then(|samples| worst(&samples, side))) }
}

/// The number that an answer comes to: of several the one that is furthest to the side that is looked at.
fn worst(samples: &Samples, side: Side) -> Result<f64, String> {
    if samples.all.is_empty() {
        return Err("no series matches".to_owned());
    }
    let known = samples.all.iter().filter_map(|(number, _)| *number);
    let worst = match side {
        Side::Above => known.reduce(f64::max),
        Side::Below => known.reduce(f64::min),
    };
    worst.ok_or_else(|| "none of the series has a finite number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_counts_and_what_is_no_number_says_nothing() {
        let of = |numbers: &[Option<f64>]| Samples {
            all: numbers.iter().map(|number| (*number, 1.5)).collect(),
            ..Samples::default()
        };
        assert_eq!(worst(&of(&[Some(0.01), Some(0.2), None]), Side::Above), Ok(0.2));
        assert_eq!(worst(&of(&[Some(0.01), Some(0.2), None]), Side::Below), Ok(0.01));
        assert_eq!(worst(&of(&[None]), Side::Above).unwrap_err(), "none of the series has a finite number");
        assert_eq!(worst(&of(&[]), Side::Above).unwrap_err(), "no series matches");
    }
}
