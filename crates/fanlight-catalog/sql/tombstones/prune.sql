DELETE FROM tombstones WHERE seq < $1
