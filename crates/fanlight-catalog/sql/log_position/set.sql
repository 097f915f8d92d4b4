UPDATE log_position SET position = $1 WHERE id = 0
