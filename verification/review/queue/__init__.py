"""The reviewers' queue: its filters, its rows, its pages and the search."""
