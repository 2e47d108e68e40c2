"""Who asks for a check: the installation's organisation, or the one of the API client that made the case."""
