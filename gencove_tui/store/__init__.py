"""SQLite: the ledger of transfers with its watch rules and events, and the cache of remote lists."""
