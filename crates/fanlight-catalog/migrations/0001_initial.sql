-- Times ending in _ms are milliseconds since 1970, those ending in _ns nanoseconds.
-- Log positions and sequence numbers are non-negative.

CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
INSERT INTO workspaces (id, name) VALUES (0, 'default');

-- AUTOINCREMENT: an id is not used again even when its row is gone.
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    artifact_location TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (workspace_id, name)
);
CREATE INDEX experiments_by_age ON experiments (workspace_id, created_ms DESC, id);

CREATE TABLE experiment_tags (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (experiment_id, key)
) WITHOUT ROWID;

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER,
    artifact_uri TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX runs_by_age ON runs (experiment_id, start_ms DESC, id);

CREATE TABLE run_tags (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

CREATE TABLE run_params (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

-- A NaN is value 0 with is_nan 1: SQLite stores no NaN, and NULL may not be part of a primary key.
CREATE TABLE run_metrics (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    step INTEGER NOT NULL,
    is_nan INTEGER NOT NULL,
    value REAL NOT NULL,
    model_id TEXT,
    dataset_name TEXT,
    dataset_digest TEXT,
    PRIMARY KEY (run_id, key, timestamp_ms, step, is_nan, value)
) WITHOUT ROWID;

-- Of each key the metric with the greatest (step, timestamp_ms, value).
CREATE TABLE run_latest_metrics (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    step INTEGER NOT NULL,
    is_nan INTEGER NOT NULL,
    value REAL NOT NULL,
    model_id TEXT,
    dataset_name TEXT,
    dataset_digest TEXT,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

CREATE TABLE datasets (
    id INTEGER PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source TEXT NOT NULL,
    schema TEXT,
    profile TEXT,
    UNIQUE (experiment_id, name, digest)
);

CREATE TABLE run_datasets (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    PRIMARY KEY (run_id, dataset_id)
) WITHOUT ROWID;

CREATE TABLE run_dataset_tags (
    run_id TEXT NOT NULL,
    dataset_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, dataset_id, key),
    FOREIGN KEY (run_id, dataset_id) REFERENCES run_datasets (run_id, dataset_id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE run_models (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    model_id TEXT NOT NULL,
    PRIMARY KEY (run_id, model_id)
) WITHOUT ROWID;

-- A NULL value hides a tag that was recorded with the trace.
CREATE TABLE trace_tags (
    workspace_id INTEGER NOT NULL,
    trace_id BLOB NOT NULL,
    key TEXT NOT NULL,
    value TEXT,
    PRIMARY KEY (workspace_id, trace_id, key)
) WITHOUT ROWID;

-- position: the order of creation, whatever times clients claim.
CREATE TABLE trace_assessments (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL,
    trace_id BLOB NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    span_id TEXT,
    source_kind TEXT NOT NULL,
    source_id TEXT,
    kind TEXT NOT NULL,
    value_json TEXT,
    error_json TEXT,
    issue_name TEXT,
    rationale TEXT,
    metadata_json TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL,
    overrides TEXT,
    valid INTEGER NOT NULL,
    UNIQUE (workspace_id, trace_id, id)
);

CREATE TABLE trace_runs (
    workspace_id INTEGER NOT NULL,
    trace_id BLOB NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, trace_id, run_id)
) WITHOUT ROWID;

CREATE TABLE trace_prompts (
    workspace_id INTEGER NOT NULL,
    trace_id BLOB NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (workspace_id, trace_id, name, version)
) WITHOUT ROWID;

CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    meta_json TEXT NOT NULL,
    log_seq INTEGER NOT NULL,
    dead BLOB NOT NULL
);

-- One row.
CREATE TABLE log_position (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    position INTEGER NOT NULL
);
INSERT INTO log_position (id, position) VALUES (0, 0);

-- Deleted traces, until no log file can bring them back.
CREATE TABLE tombstones (
    workspace_id INTEGER NOT NULL,
    trace_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, trace_id)
) WITHOUT ROWID;
CREATE INDEX tombstones_by_seq ON tombstones (seq);
