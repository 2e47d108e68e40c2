"""Senders of the same call. Each module has `sender(url)`, which returns a function of photo and video."""

SECRET_ID, SECRET_KEY = "AKIDbench", "not-a-secret"
REGION = "ap-singapore"
MODE, ACTIONS = "ACTION", "4,2"
