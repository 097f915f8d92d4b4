DELETE FROM edited_traces WHERE revision IN (
