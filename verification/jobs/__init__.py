"""Which worker has which attempt: leases in the database, the heartbeat that renews them, the messages to workers."""
