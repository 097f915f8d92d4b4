SELECT DISTINCT d.experiment_id, d.name, d.digest, t.value
FROM run_datasets rd
JOIN runs r ON r.id = rd.run_id AND r.deleted = 0
JOIN datasets d ON d.id = rd.dataset_id
LEFT JOIN run_dataset_tags t
    ON t.run_id = rd.run_id AND t.dataset_id = rd.dataset_id AND t.key = 'mlflow.data.context'
WHERE d.experiment_id IN
