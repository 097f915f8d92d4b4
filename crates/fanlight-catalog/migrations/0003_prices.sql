-- What models cost in a workspace, where it has its own table: JSON, as it was given.
CREATE TABLE price_tables (
    workspace_id INTEGER PRIMARY KEY,
    sheet TEXT NOT NULL
);
-- Workspaces whose kept traces are being given the prices that hold now.
CREATE TABLE repricings (
    workspace_id INTEGER PRIMARY KEY
);
