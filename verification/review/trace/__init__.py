"""Tracing one case without its evidence: where it is, since when, what it waits for, and its whole road."""
