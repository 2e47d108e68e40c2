"""The browser of an applicant, for tests without one: what it sends carries the mark of its case, as the pages do."""

from typing import Any

from django.test import Client

from verification import links
from verification.models import Verification


class Applicant(Client):
    """Adds the mark of the case that the cookie names to each address that has none."""

    def generic(self, method: str, path: Any, *args: Any, **options: Any) -> Any:
        sends = method.upper() in {"POST", "PUT"} and path.startswith("/verify/")
        if sends and "?" not in path and (mark := self.mark):
            path = f"{path}?{links.MARK}={mark}"
        return super().generic(method, path, *args, **options)

    @property
    def mark(self) -> str:
        cookie = self.cookies.get(links.COOKIE)
        session = links.read_session(cookie.value if cookie else None)
        case = Verification.objects.filter(public_id=session.verification_id).first() if session else None
        return links.mark(case) if case else ""
