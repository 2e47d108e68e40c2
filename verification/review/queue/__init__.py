"""The reviewers' queue: filters, rows, paging and search."""
