SELECT rd.run_id, rd.dataset_id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile
FROM run_datasets rd
JOIN datasets d ON d.id = rd.dataset_id
WHERE rd.run_id IN
