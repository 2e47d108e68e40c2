"""Demo mode: what stands in for the vendor, the worker hosts and the first cases. Never loaded in production."""
