"""One verb a file. Each action runs in one transaction, writes its audit event in it, and calls no other action."""
