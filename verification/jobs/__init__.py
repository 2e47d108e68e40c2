"""Which worker has which attempt: leases in the database and their heartbeat; messages, and who answers them."""
