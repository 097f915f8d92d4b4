//! Counters of the server and their Prometheus text form.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the server has done since it started.
#[derive(Debug, Default)]
pub struct Counters {
    pub spans_accepted: Counter,
    pub spans_rejected: Counter,
    pub log_records_joined: Counter,
    pub log_records_ignored: Counter,
    /// Bodies of telemetry as they arrived, compressed or not.
    pub body_bytes: Counter,
    pub panics: Counter,
    requests: [[Counter; StatusClass::ALL.len()]; RouteClass::ALL.len()],
}

/// Kinds of request, few enough to count each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteClass {
    OtlpHttp,
    OtlpGrpc,
    Mlflow,
    ApiV1,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusClass {
    Success,
    Redirect,
    ClientError,
    ServerError,
}

impl RouteClass {
    const ALL: [Self; 5] = [
        Self::OtlpHttp,
        Self::OtlpGrpc,
        Self::Mlflow,
        Self::ApiV1,
        Self::Other,
    ];

    /// Told from the path alone, so that unknown paths count too.
    pub fn of_path(path: &str) -> Self {
        if crate::otlp::is_http_path(path) {
            Self::OtlpHttp
        } else if path.starts_with("/opentelemetry.proto.") {
            Self::OtlpGrpc
        } else if path.starts_with(crate::v1::PREFIX) {
            Self::ApiV1
        } else if path.starts_with("/api/") || path.starts_with("/ajax-api/") {
            Self::Mlflow
        } else {
            Self::Other
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtlpHttp => "otlp_http",
            Self::OtlpGrpc => "otlp_grpc",
            Self::Mlflow => "mlflow",
            Self::ApiV1 => "api_v1",
            Self::Other => "other",
        }
    }
}

impl StatusClass {
    const ALL: [Self; 4] = [
        Self::Success,
        Self::Redirect,
        Self::ClientError,
        Self::ServerError,
    ];

    fn of(status: u16) -> Self {
        match status {
            0..300 => Self::Success,
            300..400 => Self::Redirect,
            400..500 => Self::ClientError,
            _ => Self::ServerError,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "2xx",
            Self::Redirect => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
        }
    }
}

/// What others know and `/metrics` shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Levels {
    pub(crate) inflight_bytes: usize,
    /// Open now.
    pub(crate) connections: usize,
    /// Since the start.
    pub(crate) connections_waited: u64,
    /// In the log and in segments.
    pub(crate) damaged: [usize; 2],
}

impl Counters {
    pub(crate) fn count_request(&self, route: RouteClass, status: u16) {
        self.requests[route as usize][StatusClass::of(status) as usize].add(1);
    }

    /// Prometheus text, format 0.0.4.
    pub(crate) fn render(&self, levels: &Levels) -> String {
        let mut text = String::new();
        let mut metric = |name: &str, kind: &str, help: &str, value: u64| {
            // Writing to a String does not fail.
            let _ = writeln!(
                text,
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}"
            );
        };
        let counters = [
            (
                "fanlight_spans_accepted_total",
                "Spans stored.",
                &self.spans_accepted,
            ),
            (
                "fanlight_spans_rejected_total",
                "Spans refused one by one.",
                &self.spans_rejected,
            ),
            (
                "fanlight_log_records_joined_total",
                "Log records joined to a span.",
                &self.log_records_joined,
            ),
            (
                "fanlight_log_records_ignored_total",
                "Log records that are not span content.",
                &self.log_records_ignored,
            ),
            (
                "fanlight_received_bytes_total",
                "Telemetry bodies as they arrived.",
                &self.body_bytes,
            ),
            (
                "fanlight_panics_total",
                "Requests ended by a defect.",
                &self.panics,
            ),
        ];
        for (name, help, counter) in counters {
            metric(name, "counter", help, counter.get());
        }
        metric(
            "fanlight_connections_waited_total",
            "counter",
            "Connections that waited for another to end (`max_connections`).",
            levels.connections_waited,
        );
        metric(
            "fanlight_connections",
            "gauge",
            "Connections served now.",
            levels.connections as u64,
        );
        metric(
            "fanlight_inflight_bytes",
            "gauge",
            "Request bodies held now.",
            levels.inflight_bytes as u64,
        );
        let name = "fanlight_damaged_places";
        let _ = writeln!(
            text,
            "# HELP {name} Places on disk found unreadable since the start.\n# TYPE {name} gauge"
        );
        for (part, places) in ["log", "segment"].into_iter().zip(levels.damaged) {
            let _ = writeln!(text, "{name}{{part=\"{part}\"}} {places}");
        }
        self.render_requests(&mut text);
        text
    }

    fn render_requests(&self, text: &mut String) {
        let name = "fanlight_requests_total";
        let _ = writeln!(
            text,
            "# HELP {name} Requests answered.\n# TYPE {name} counter"
        );
        for route in RouteClass::ALL {
            for status in StatusClass::ALL {
                let count = self.requests[route as usize][status as usize].get();
                let (route, status) = (route.as_str(), status.as_str());
                let _ = writeln!(
                    text,
                    "{name}{{route=\"{route}\",status=\"{status}\"}} {count}"
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_rendered_for_prometheus() {
        let counters = Counters::default();
        counters.spans_accepted.add(3);
        counters.count_request(RouteClass::Mlflow, 404);
        let text = counters.render(&Levels {
            inflight_bytes: 2048,
            connections: 7,
            connections_waited: 5,
            damaged: [0, 1],
        });
        insta::assert_snapshot!(text.lines().take(3).collect::<Vec<_>>().join("\n"), @"
        # HELP fanlight_spans_accepted_total Spans stored.
        # TYPE fanlight_spans_accepted_total counter
        fanlight_spans_accepted_total 3
        ");
        assert!(text.contains("\nfanlight_inflight_bytes 2048\n"));
        assert!(text.contains("\nfanlight_connections 7\n"));
        assert!(text.contains("\nfanlight_connections_waited_total 5\n"));
        assert!(text.contains("\nfanlight_damaged_places{part=\"segment\"} 1\n"));
        assert!(text.contains("\nfanlight_requests_total{route=\"mlflow\",status=\"4xx\"} 1\n"));
        assert!(text.ends_with("fanlight_requests_total{route=\"other\",status=\"5xx\"} 0\n"));
    }

    #[test]
    fn routes_are_told_from_their_path() {
        let class = RouteClass::of_path;
        assert_eq!(class("/v1/traces"), RouteClass::OtlpHttp);
        assert_eq!(class("/api/3.0/otel/v1/traces"), RouteClass::OtlpHttp);
        assert_eq!(class("/api/3.0/mlflow/traces/search"), RouteClass::Mlflow);
        assert_eq!(
            class("/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
            RouteClass::OtlpGrpc
        );
        assert_eq!(class("/api/v1/traces/search"), RouteClass::ApiV1);
        assert_eq!(class("/favicon.ico"), RouteClass::Other);
    }
}
