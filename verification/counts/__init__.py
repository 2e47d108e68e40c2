"""What the dashboard, the policy editor and the statistics count: each figure is defined once, by the query for it."""
