"""The export of a period: its tables and columns, their rows, the guide for who reads it, and the pack of it all."""
