"""The REST API for the systems that ask for verifications. The REST framework lives in this package alone."""
