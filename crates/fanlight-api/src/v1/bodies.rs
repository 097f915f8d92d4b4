//! What requests may have, described for those who write them. The parsers beside the replies are what counts.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::schema::{Maybe, shape};

shape! {
    /// A page of traces, and what to count beside it.
    SearchBody {
        /// Ids, at most 1000.
        experiments: Vec<String>,
        /// Empty for everything.
        filter: Maybe<String>,
        /// Each `<key> [ASC or DESC]`; newest first when empty.
        order_by: Maybe<Vec<String>>,
        /// Rows of the page, 0 to 500; 50 when not given.
        limit: Maybe<usize>,
        page_token: Maybe<String>,
        /// To count even without facets and histogram.
        count: Maybe<bool>,
        facets: Maybe<Vec<FacetBody>>,
        histogram: Maybe<BucketsBody>,
        /// To see where the texts are that the filter asks for.
        hits: Maybe<bool>,
        /// Characters of each preview; all when not given.
        max_preview: Maybe<usize>,
    }
}

shape! {
    /// A property whose values are counted.
    FacetBody {
        property: String,
        /// Values, 1 to 1000; 10 when not given.
        limit: Maybe<usize>,
    }
}

shape! {
    /// How fine a division of time is.
    BucketsBody {
        /// At most so many, 1 to 2000; 60 when not given.
        buckets: Maybe<usize>,
    }
}

shape! {
    /// Which traces to write out, and how.
    ExportBody {
        experiments: Vec<String>,
        filter: Maybe<String>,
        /// `otlp`, `mlflow`, `traces` or `spans`.
        format: Maybe<String>,
        /// `lines` or `parquet`; the latter for `traces` and `spans`.
        r#as: Maybe<String>,
        cursor: Maybe<String>,
    }
}

shape! {
    /// Which spans of a trace, and how much of them.
    SpansBody {
        /// Ids, at most 100.
        spans: Vec<String>,
        /// Characters of each text; all when not given. Pictures in messages are always whole.
        max_text: Maybe<usize>,
    }
}

shape! {
    /// What a person says about a trace.
    NewAssessmentBody {
        name: String,
        /// `feedback` or `expectation`.
        kind: String,
        /// Any JSON.
        value: Maybe<Json>,
        rationale: Maybe<String>,
        /// Of the span it is about, if it is not about the whole trace.
        span_id: Maybe<String>,
        /// Who says it.
        by: Maybe<String>,
        /// Id of an assessment of the same trace that this one replaces.
        overrides: Maybe<String>,
    }
}

shape! {
    /// Which sessions or users, in which order.
    SessionsBody {
        experiments: Vec<String>,
        filter: Maybe<String>,
        /// `session` or `user`.
        by: Maybe<String>,
        /// `last`, `first`, `traces`, `errors`, `tokens`, `cost` or `duration`, then `DESC` or `ASC`.
        order_by: Maybe<String>,
        limit: Maybe<usize>,
        page_token: Maybe<String>,
    }
}

shape! {
    /// A price table: `docs/prices.md`.
    PricesBody {
        /// Named in the derivation of every cost.
        version: Maybe<String>,
        prices: Vec<serde_json::Value>,
    }
}

shape! {
    /// Tables of figures over everything that matches.
    StatsBody {
        experiments: Vec<String>,
        filter: Maybe<String>,
        tables: Maybe<Vec<TableBody>>,
        heatmap: Maybe<BucketsBody>,
    }
}

shape! {
    /// A table of figures.
    TableBody {
        /// `traces` or `spans`.
        of: Maybe<String>,
        /// Properties, at most five.
        group_by: Maybe<Vec<String>>,
        interval_ms: Maybe<u64>,
        /// Instead of `interval_ms`: at most so many intervals, 1 to 2000, of one round length.
        buckets: Maybe<usize>,
        /// `duration`, `tokens` and `cost`.
        figures: Maybe<Vec<String>>,
        /// Groups, 1 to 10,000; 100 when not given.
        limit: Maybe<usize>,
    }
}

shape! {
    /// One statement that reads.
    SqlBody {
        query: String,
        /// `json`, `jsonl`, `csv`, `arrow` or `parquet`.
        format: Maybe<String>,
    }
}

shape! {
    /// Which experiments.
    ExperimentsBody {
        /// In the language of MLflow's search of experiments.
        filter: Maybe<String>,
        /// To see the deleted ones instead.
        deleted: Maybe<bool>,
        /// 1 to 1000; 200 when not given.
        limit: Maybe<usize>,
        page_token: Maybe<String>,
    }
}

shape! {
    /// An experiment to be made.
    NewExperimentBody {
        name: String,
        tags: Maybe<BTreeMap<String, String>>,
    }
}

shape! {
    /// What of an experiment is to be different.
    ExperimentChangeBody {
        name: Maybe<String>,
        set_tags: Maybe<BTreeMap<String, String>>,
        remove_tags: Maybe<Vec<String>>,
    }
}

shape! {
    /// Traces whose tags are to be different.
    TagsBody {
        /// Ids, at most 1000.
        traces: Vec<String>,
        set: Maybe<BTreeMap<String, String>>,
        /// Keys; those a trace does not have are passed over.
        remove: Maybe<Vec<String>>,
    }
}

shape! {
    /// Traces to be deleted.
    DeleteBody {
        /// Ids, at most 1000.
        traces: Vec<String>,
    }
}

shape! {
    /// What an import took.
    ImportReply {
        traces: usize,
        spans: usize,
        bad_lines: usize,
        /// The first hundred.
        errors: Vec<BadLine>,
    }
}

shape! {
    /// A line that could not be read.
    BadLine {
        line: usize,
        message: String,
    }
}
