UPDATE runs SET end_ms = $2 WHERE id = $1
