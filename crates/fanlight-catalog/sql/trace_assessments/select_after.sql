SELECT
    position, workspace_id, trace_id, id, name, span_id, source_kind, source_id, kind, value_json, error_json,
    issue_name, rationale, metadata_json, created_ns, updated_ns, overrides, valid
FROM trace_assessments
WHERE position > $1
ORDER BY position
LIMIT $2
