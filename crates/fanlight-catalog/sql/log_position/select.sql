SELECT position FROM log_position WHERE id = 0
