INSERT INTO trace_assessments (
    workspace_id, trace_id, id, name, span_id, source_kind, source_id, kind, value_json, error_json, issue_name,
    rationale, metadata_json, created_ns, updated_ns, overrides, valid
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (workspace_id, trace_id, id) DO UPDATE SET
    name = excluded.name,
    span_id = excluded.span_id,
    source_kind = excluded.source_kind,
    source_id = excluded.source_id,
    kind = excluded.kind,
    value_json = excluded.value_json,
    error_json = excluded.error_json,
    issue_name = excluded.issue_name,
    rationale = excluded.rationale,
    metadata_json = excluded.metadata_json,
    created_ns = excluded.created_ns,
    updated_ns = excluded.updated_ns,
    overrides = excluded.overrides,
    valid = excluded.valid
