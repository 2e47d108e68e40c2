"""The staff site: the review queue, a page for each case, the policy, figures, records, and signing in."""
