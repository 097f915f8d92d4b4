SELECT r.id
