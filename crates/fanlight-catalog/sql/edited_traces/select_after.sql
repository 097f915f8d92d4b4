SELECT revision, workspace_id, trace_id
FROM edited_traces
WHERE revision > $1
ORDER BY revision
LIMIT $2
