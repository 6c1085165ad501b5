//! How long a visit took to get from the wire to the eye: told at its end, and kept in `visit.json`.
//!
//! Latency is measured; delay is what filters and windows add by design, and is kept apart.

use std::io::{self, Write};
use std::time::Duration;

use levator_console::{Latency, PageFigures};
use levator_live::Snapshot;
use serde_json::{Value, json};

/// Prints it, for people.
pub(crate) fn tell(out: &mut impl Write, last: &Snapshot, page: &Latency) -> io::Result<()> {
    let latency = &last.latency;
    if latency.read_count > 0 {
        writeln!(
            out,
            "from bytes to results: median {:.3} ms, 99 % within {:.3} ms, longest {:.3} ms ({} reads)",
            ms(latency.p50),
            ms(latency.p99),
            ms(latency.max),
            latency.read_count
        )?;
    }
    for (what, figures) in [("events", page.events), ("points", page.points)] {
        let Some(PageFigures { count, p50_ms, p99_ms, max_ms }) = figures else { continue };
        writeln!(
            out,
            "from results to the page, {what}: median {p50_ms:.1} ms, 99 % within {p99_ms:.1} ms, longest \
             {max_ms:.1} ms ({count} messages)"
        )?;
    }
    let delays = last.channels.iter().filter_map(|channel| channel.delay);
    let most_s = delays.map(|delay| delay.device_s + delay.filter_s + delay.envelope_s);
    if let Some(most_s) = most_s.reduce(f64::max) {
        writeln!(out, "beside it, filters and windows delay the level by {:.0} ms", 1e3 * most_s)?;
    }
    Ok(())
}

/// For `visit.json` (`docs/recording-format.md`).
pub(crate) fn to_value(last: &Snapshot, page: &Latency) -> Value {
    let of_page = |figures: Option<PageFigures>| {
        figures.map(|PageFigures { count, p50_ms, p99_ms, max_ms }| {
            json!({ "count": count, "p50_ms": p50_ms, "p99_ms": p99_ms, "max_ms": max_ms })
        })
    };
    let latency = &last.latency;
    let delays = last.channels.iter().filter_map(|channel| {
        let delay = channel.delay?;
        Some(json!({
            "stream": channel.channel.stream,
            "channel": channel.channel.channel,
            "device_ms": 1e3 * delay.device_s,
            "filter_ms": 1e3 * delay.filter_s,
            "envelope_ms": 1e3 * delay.envelope_s,
        }))
    });
    json!({
        "bytes_to_results": {
            "count": latency.read_count,
            "p50_ms": ms(latency.p50),
            "p99_ms": ms(latency.p99),
            "max_ms": ms(latency.max),
        },
        "events_to_page": of_page(page.events),
        "points_to_page": of_page(page.points),
        "delay": delays.collect::<Vec<_>>(),
    })
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
