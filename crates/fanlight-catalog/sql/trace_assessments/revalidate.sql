UPDATE trace_assessments
SET valid = 1
WHERE workspace_id = $1 AND trace_id = $2 AND id = $3
    AND NOT EXISTS (
        SELECT 1
        FROM trace_assessments other
        WHERE other.workspace_id = $1 AND other.trace_id = $2 AND other.overrides = $3
    )
