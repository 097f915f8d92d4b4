UPDATE segments SET dead = $2 WHERE id = $1
