"""Who works on which attempt: leases in the database, and the heartbeat that keeps them alive."""
