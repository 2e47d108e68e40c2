"""Demo mode: replaces the vendor and the worker hosts, and makes the first cases. Never loaded in production."""
