"""The vendor's accounts: which may be called now, what a call cost, what a code means, how each account is doing."""
