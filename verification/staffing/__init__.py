"""Accounts of staff below the actions: what lets somebody in, and what a change to an account does."""
