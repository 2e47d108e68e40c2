"""Addresses for operators and their tools, browsers' reports and security researchers."""
