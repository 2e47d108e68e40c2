"""The pages on which operators make brands, see them as applicants do, and say which API clients show them."""
