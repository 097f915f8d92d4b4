UPDATE experiments SET name = $2, updated_ms = $3 WHERE id = $1
