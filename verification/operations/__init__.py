"""What an operator's tools ask: is the portal alive and able to work."""
