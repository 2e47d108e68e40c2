"""Django's backend for PostgreSQL, with the portal's timeouts."""
