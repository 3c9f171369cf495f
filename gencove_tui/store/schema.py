"""The ledger's schema: one script per version, only ever added to.

Local paths are BLOBs because a file name is bytes and need not be UTF-8. Times are seconds since 1970.
"""

SMALL = 16 << 20
"""Bytes. Files below this move beside the large ones, many at a time."""

UNWANTED = (
    "(wish='pause' AND state IN ('queued', 'running', 'verifying', 'waiting'))"
    " OR (wish='cancel' AND state IN ('queued', 'running', 'verifying', 'waiting', 'paused'))"
)
"""Transfers whose state doesn't follow the wish yet."""

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
    # 2: order, levels of checking, controls; indexes that keep a step's cost flat however long the queue is
    f"""
    ALTER TABLE transfers ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
    UPDATE transfers SET position = id;
    ALTER TABLE transfers ADD COLUMN check_level TEXT NOT NULL DEFAULT 'full';
    ALTER TABLE transfers ADD COLUMN side_file INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE transfers ADD COLUMN boot TEXT NOT NULL DEFAULT '';
    ALTER TABLE transfers ADD COLUMN crc32 TEXT NOT NULL DEFAULT '';
    ALTER TABLE transfers ADD COLUMN small INTEGER GENERATED ALWAYS AS (size IS NOT NULL AND size < {SMALL})
        VIRTUAL;
    ALTER TABLE parts ADD COLUMN synced INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX transfers_next ON transfers (direction, small, priority DESC, position)
        WHERE wish='run' AND state IN ('queued', 'running', 'verifying');
    CREATE INDEX transfers_waiting ON transfers (retry_at) WHERE state='waiting' AND wish='run';
    CREATE INDEX transfers_unwanted ON transfers (id) WHERE {UNWANTED};
    CREATE INDEX transfers_ended ON transfers (finished DESC, id DESC)
        WHERE state IN ('done', 'failed', 'cancelled', 'skipped');
    CREATE INDEX transfers_by_remote ON transfers (remote) WHERE direction='upload' AND state='done';
    DROP INDEX transfers_by_state;
    CREATE INDEX transfers_by_state ON transfers (state, priority DESC, position);
    CREATE TABLE multiparts (
        multipart_id TEXT PRIMARY KEY,
        bucket TEXT NOT NULL,
        object_key TEXT NOT NULL,
        touched REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE controls (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        bandwidth INTEGER
    );
    INSERT INTO controls (only) VALUES (1)
    """,  # noqa: S608 - only our own constants
    # 3: rules by name with all their terms; what watched files wait for; lanes joined on upload
    """
    CREATE TABLE named_rules (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        folder BLOB NOT NULL,
        terms TEXT NOT NULL,
        from_file INTEGER NOT NULL DEFAULT 0,
        listed INTEGER NOT NULL DEFAULT 1,
        active INTEGER NOT NULL DEFAULT 1,
        problem TEXT NOT NULL DEFAULT '',
        scans INTEGER NOT NULL DEFAULT 0,
        status TEXT NOT NULL DEFAULT '{}'
    );
    INSERT INTO named_rules (id, name, folder, terms, active, problem)
        SELECT id, 'rule-' || id, folder, json_object(
            'destination', destination, 'settle_seconds', settle, 'network_settle_seconds', settle,
            'files', (SELECT json_group_array(v) FROM (SELECT value AS v FROM json_each(include)
                UNION ALL SELECT '!' || value FROM json_each(exclude)))
        ), active, problem FROM rules;
    DROP TABLE rules;
    ALTER TABLE named_rules RENAME TO rules;
    ALTER TABLE watched_files ADD COLUMN remedy TEXT NOT NULL DEFAULT '';
    ALTER TABLE watched_files ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE watched_files ADD COLUMN sample TEXT NOT NULL DEFAULT '';
    ALTER TABLE watched_files ADD COLUMN read TEXT NOT NULL DEFAULT '';
    ALTER TABLE watched_files ADD COLUMN records INTEGER;
    ALTER TABLE watched_files ADD COLUMN first_read TEXT NOT NULL DEFAULT '';
    ALTER TABLE watched_files ADD COLUMN last_read TEXT NOT NULL DEFAULT '';
    ALTER TABLE watched_files ADD COLUMN sampled_reads INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX watched_by_transfer ON watched_files (transfer_id) WHERE transfer_id IS NOT NULL;
    CREATE INDEX watched_by_sample ON watched_files (rule_id, sample) WHERE sample != '';
    ALTER TABLE transfers ADD COLUMN sources BLOB
    """,
    # 4: the loop from upload to results, and the audit log
    """
    CREATE TABLE loop_rules (
        rule_id INTEGER PRIMARY KEY REFERENCES rules (id) ON DELETE CASCADE,
        problem TEXT NOT NULL DEFAULT '',
        remedy TEXT NOT NULL DEFAULT '',
        problem_since REAL,
        project_id TEXT NOT NULL DEFAULT '',
        since TEXT NOT NULL DEFAULT '',
        hook_event INTEGER,
        hook_problem TEXT NOT NULL DEFAULT '',
        lone_told TEXT NOT NULL DEFAULT '[]'
    );
    CREATE TABLE loop_samples (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        rule_id INTEGER NOT NULL REFERENCES rules (id) ON DELETE CASCADE,
        folder TEXT NOT NULL,
        client_id TEXT NOT NULL,
        take INTEGER NOT NULL DEFAULT 1,
        state TEXT NOT NULL,
        reason TEXT NOT NULL DEFAULT '',
        remedy TEXT NOT NULL DEFAULT '',
        project_id TEXT NOT NULL DEFAULT '',
        sample_id TEXT NOT NULL DEFAULT '',
        status TEXT NOT NULL DEFAULT '',
        tries INTEGER NOT NULL DEFAULT 0,
        retry_at REAL,
        told TEXT NOT NULL DEFAULT '',
        before TEXT,
        created REAL NOT NULL,
        changed REAL NOT NULL,
        assigned REAL,
        UNIQUE (rule_id, folder, client_id, take)
    );
    CREATE INDEX loop_samples_by_state ON loop_samples (rule_id, state);
    CREATE INDEX loop_samples_by_sample ON loop_samples (sample_id) WHERE sample_id != '';
    CREATE TABLE loop_files (
        loop_sample INTEGER NOT NULL REFERENCES loop_samples (id) ON DELETE CASCADE,
        direction TEXT NOT NULL,
        name TEXT NOT NULL,
        read TEXT NOT NULL DEFAULT '',
        upload_id TEXT NOT NULL DEFAULT '',
        transfer_id INTEGER,
        local_path BLOB NOT NULL DEFAULT '',
        size INTEGER,
        checksum TEXT NOT NULL DEFAULT '',
        verified INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT 'queued',
        problem TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (loop_sample, direction, name)
    ) WITHOUT ROWID;
    CREATE INDEX loop_files_by_transfer ON loop_files (transfer_id);
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time REAL NOT NULL,
        act TEXT NOT NULL,
        outcome TEXT NOT NULL,
        who TEXT NOT NULL,
        profile TEXT NOT NULL,
        rule_id INTEGER,
        transfer_id INTEGER,
        local_path BLOB NOT NULL DEFAULT '',
        remote TEXT NOT NULL DEFAULT '',
        bytes INTEGER,
        checksum TEXT NOT NULL DEFAULT '',
        verified INTEGER NOT NULL DEFAULT 0,
        sample_id TEXT NOT NULL DEFAULT '',
        client_id TEXT NOT NULL DEFAULT '',
        project_id TEXT NOT NULL DEFAULT '',
        detail TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX audit_by_time ON audit (time);
    CREATE INDEX audit_by_rule ON audit (rule_id, id)
    """,
    # 5: watched files that ended too early when they were read
    """
    CREATE TABLE short_files (
        transfer_id INTEGER PRIMARY KEY REFERENCES transfers (id) ON DELETE CASCADE,
        what TEXT NOT NULL,
        why TEXT NOT NULL,
        remedy TEXT NOT NULL,
        until REAL NOT NULL,
        reads INTEGER NOT NULL DEFAULT 1,
        looks INTEGER NOT NULL DEFAULT 0,
        stands INTEGER NOT NULL DEFAULT 1,
        read_from REAL NOT NULL DEFAULT 0
    )
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
