"""The pages on which changes to staff are proposed, confirmed, stopped and read."""
