"""What may answer in the portal's place, or cut its answer short, for a route of Playwright."""

from collections.abc import Callable

from playwright.sync_api import Route

Way = Callable[[Route], None]
HTML = {"Content-Type": "text/html"}
OURS = {"KYC-Portal": "1", "Content-Type": "application/json"}


def page(status: int, words: str = "Blocked", **headers: str) -> Way:
    """A page of somebody on the way."""
    return lambda route: route.fulfill(status=status, body=f"<h1>{words}</h1>", headers={**HTML, **headers})


def ours(status: int, body: str, **headers: str) -> Way:
    return lambda route: route.fulfill(status=status, body=body, headers={**OURS, **headers})


def broken(error: str) -> Way:
    return lambda route: route.abort(error)


def stolen(status: int) -> Way:
    """JSON as of the portal, without its mark: perhaps of another service behind the same address."""
    words = '{"error": {"code": "video_reused", "message": "Never again."}, "next": "/elsewhere"}'
    return lambda route: route.fulfill(
        status=status, body=words, headers={"Content-Type": "application/json"}
    )


def garbled(route: Route) -> None:
    route.fulfill(status=200, body=b"\x1f\x8b\x08\x00broken", headers={**OURS, "Content-Encoding": "gzip"})


STRANGERS: dict[str, Way] = {
    "a proxy's limit of 1 MB": page(413, "413 Request Entity Too Large"),
    "a filter": page(403),
    "a gateway's limit": page(429, "Slow down", **{"Retry-After": "2"}),
    "a limit until a time of day": page(429, "Slow down", **{"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}),
    "a proxy that asks who you are": page(407),
    "a captive portal that says so": page(511, "Network Authentication Required"),
    "a captive portal's page": page(200, "Welcome to our Wi-Fi"),
    "a captive portal elsewhere": page(302, "Found", Location="http://127.0.0.2:9/sign-in"),
    "nothing at all": lambda route: route.fulfill(status=200, body=""),
    "an empty yes": lambda route: route.fulfill(status=204),
    "gone": page(410),
    "not found": page(404),
    "a server in front": page(500),
    "a portal that starts anew": page(502, "Bad Gateway"),
    "a portal that is away": page(503, "Service Unavailable", **{"Retry-After": "1"}),
    "a portal that is slow": page(504, "Gateway Timeout"),
    "JSON of another": stolen(409),
    "a yes of another": stolen(200),
}
LINES: dict[str, Way] = {
    "refused": broken("connectionrefused"),
    "reset": broken("connectionreset"),
    "closed": broken("connectionclosed"),
    "no name": broken("namenotresolved"),
    "no network": broken("internetdisconnected"),
    "too slow": broken("timedout"),
    "blocked": broken("blockedbyclient"),
    "garbled": garbled,
}
# Answers of the portal that pass, and some that were cut off on their way.
PASSING: dict[str, Way] = {
    "busy": ours(503, '{"error": {"code": "busy", "message": "Busy."}}', **{"Retry-After": "1"}),
    "failed": ours(500, '{"error": {"code": "internal_error", "message": "Failed."}}'),
    "too slow for the server": ours(408, '{"error": {"code": "upload_too_slow", "message": "Slow."}}'),
    "others under way": ours(429, '{"error": {"code": "too_many_at_once", "message": "Wait."}}'),
    "damaged on its way": ours(422, '{"error": {"code": "checksum_mismatch", "message": "Changed."}}'),
    "a refusal cut off": ours(422, '{"error": {"code": "video_co'),
    "a head too large": ours(431, ""),
    "nothing readable": ours(400, "null"),
}
