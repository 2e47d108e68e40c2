"""The page of messages to applicants: what was sent and what was not, without names, addresses or texts."""
