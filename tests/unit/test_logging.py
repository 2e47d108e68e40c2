"""Log lines without secrets."""

from kyc_portal.logging import hide_tokens


def test_no_link_token_reaches_the_log() -> None:
    token = "Abc-123_" * 5
    line = {"event": f"Not Found: /v/{token}.", "exception": f"... GET /v/{token} HTTP/1.1", "status": 404}
    assert hide_tokens(None, "info", line) == {
        "event": "Not Found: /v/…",
        "exception": "... GET /v/… HTTP/1.1",
        "status": 404,
    }
