
FROM runs r
JOIN experiments e ON e.id = r.experiment_id
