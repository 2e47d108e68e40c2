"""The pages of the systems that call the API: their keys, and who made and revoked what."""
