"""Ways to make one and the same call; each module has `sender(url)`, which gives a function of photo and video."""

SECRET_ID, SECRET_KEY = "AKIDbench", "not-a-secret"
REGION = "ap-singapore"
MODE, ACTIONS = "ACTION", "4,2"
