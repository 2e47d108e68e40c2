"""The time of a page, which a test lets pass; it stands still while a request is under way, however slow that is."""

from playwright.sync_api import Frame, Page, Request, Route

LONGEST = 900_000  # milliseconds of the page
REAL = 2000  # looks at a request under way, 5 ms apart


class PageTime:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._under_way: set[Request] = set()
        self._held_back: set[Request] = set()
        page.clock.install()
        page.on("request", lambda request: self._under_way.add(request))
        page.on("requestfinished", lambda request: self._under_way.discard(request))
        page.on("requestfailed", lambda request: self._under_way.discard(request))
        page.on("framenavigated", self._forget)

    def _forget(self, frame: Frame) -> None:
        """Nothing is told of what a page that is left has asked for."""
        if frame is self._page.main_frame:
            self._under_way.clear()

    def hold_back(self, route: Route) -> None:
        """A way to meet a request: nobody answers it, and time passes all the same."""
        self._held_back.add(route.request)

    def skip(self, milliseconds: float, *, held: int = 0) -> None:
        """Let so much time pass once no request is under way, except those of `hold_back`.

        `held`: how many more the test keeps from their end, by a proxy or in the page.
        """
        for _ in range(REAL):
            if len(self._under_way - self._held_back) <= held:
                break
            self._page.wait_for_timeout(5)
        else:
            raise AssertionError(f"Never ended: {[request.url for request in self._under_way]}")
        self._page.clock.fast_forward(round(milliseconds))

    def until(self, selector: str, *, step: int = 1000, held: int = 0) -> int:
        """Let time pass until the page shows what the selector finds; returns how many milliseconds that took."""
        shown = self._page.locator(f":is({selector}):visible").first
        for passed in range(0, LONGEST, step):
            if shown.is_visible():
                return passed
            self.skip(step, held=held)
            self._page.wait_for_timeout(5)
        raise AssertionError(f"The page never showed {selector}.")
