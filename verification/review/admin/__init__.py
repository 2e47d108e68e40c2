"""Pages of the stock admin: read-only records."""
