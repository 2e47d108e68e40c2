"""The stock admin's own pages: records that nobody may change, and the staff."""
