INSERT INTO trace_assessments (
    workspace_id, trace_id, id, name, span_id, source_kind, source_id, kind, value_json, error_json, issue_name,
    rationale, metadata_json, created_ns, updated_ns, overrides, valid
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (workspace_id, trace_id, id) DO NOTHING
