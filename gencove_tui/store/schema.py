"""The ledger's schema: one script per version, only ever added to.

Local paths are BLOBs because a file name is bytes and need not be UTF-8. Times are seconds since 1970.
"""

LEDGER = (
    # 1
    """
    CREATE TABLE rules (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        folder BLOB NOT NULL,
        destination TEXT NOT NULL,
        include TEXT NOT NULL DEFAULT '[]',
        exclude TEXT NOT NULL DEFAULT '[]',
        settle REAL NOT NULL,
        active INTEGER NOT NULL DEFAULT 1,
        problem TEXT NOT NULL DEFAULT '',
        scans INTEGER NOT NULL DEFAULT 0,
        UNIQUE (folder, destination)
    );
    CREATE TABLE transfers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        direction TEXT NOT NULL CHECK (direction IN ('upload', 'download')),
        local_path BLOB NOT NULL,
        remote TEXT NOT NULL,
        state TEXT NOT NULL,
        wish TEXT NOT NULL DEFAULT 'run',
        size INTEGER,
        bytes_done INTEGER NOT NULL DEFAULT 0,
        rate REAL NOT NULL DEFAULT 0,
        priority INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        problem TEXT NOT NULL DEFAULT '',
        remedy TEXT NOT NULL DEFAULT '',
        retry_at REAL,
        verified INTEGER NOT NULL DEFAULT 0,
        checksum TEXT NOT NULL DEFAULT '',
        source TEXT,
        rule_id INTEGER REFERENCES rules (id) ON DELETE SET NULL,
        created REAL NOT NULL,
        started REAL,
        finished REAL,
        inode INTEGER,
        mtime_ns INTEGER,
        bucket TEXT NOT NULL DEFAULT '',
        object_key TEXT NOT NULL DEFAULT '',
        upload_id TEXT NOT NULL DEFAULT '',
        multipart_id TEXT NOT NULL DEFAULT '',
        part_size INTEGER NOT NULL DEFAULT 0,
        completing INTEGER NOT NULL DEFAULT 0,
        etag TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX transfers_by_state ON transfers (state, priority DESC, id);
    CREATE INDEX transfers_by_path ON transfers (local_path);
    CREATE INDEX transfers_by_rule ON transfers (rule_id);
    CREATE TABLE parts (
        transfer_id INTEGER NOT NULL REFERENCES transfers (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        length INTEGER NOT NULL,
        bytes_done INTEGER NOT NULL DEFAULT 0,
        etag TEXT NOT NULL DEFAULT '',
        crc32 TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (transfer_id, number)
    ) WITHOUT ROWID;
    CREATE TABLE watched_files (
        rule_id INTEGER NOT NULL REFERENCES rules (id) ON DELETE CASCADE,
        path BLOB NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL DEFAULT '',
        transfer_id INTEGER REFERENCES transfers (id) ON DELETE SET NULL,
        first_seen REAL NOT NULL,
        PRIMARY KEY (rule_id, path)
    ) WITHOUT ROWID;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time REAL NOT NULL,
        kind TEXT NOT NULL,
        message TEXT NOT NULL,
        transfer_id INTEGER,
        rule_id INTEGER,
        data TEXT NOT NULL DEFAULT '{}'
    );
    CREATE TABLE engine (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        pid INTEGER,
        version TEXT NOT NULL DEFAULT '',
        notice TEXT NOT NULL DEFAULT '',
        stop_wanted INTEGER NOT NULL DEFAULT 0
    );
    INSERT INTO engine (only) VALUES (1)
    """,
)

CACHE = (
    # 1
    """
    CREATE TABLE lists (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        fetched REAL NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (kind, name)
    ) WITHOUT ROWID
    """,
)
