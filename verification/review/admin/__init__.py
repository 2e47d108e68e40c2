"""Pages of the stock admin: read-only records, and the accounts of staff."""
