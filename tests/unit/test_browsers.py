"""Browsers and devices by what they call themselves, as real ones do."""

import pytest

from verification.evidence.browsers import Browser, browser_of, device_of
from verification.states import Device

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {WEBKIT}"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {BLINK}"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK}"


@pytest.mark.parametrize(
    ("agent", "browser", "device"),
    [
        (f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", Browser.SAFARI, Device.PHONE),
        (f"{IPHONE} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1", Browser.CHROME, Device.PHONE),
        (f"{IPHONE} FxiOS/132.0 Mobile/15E148 Safari/605.1.15", Browser.FIREFOX, Device.PHONE),
        (f"{IPHONE} Version/18.0 EdgiOS/131.0 Mobile/15E148 Safari/604.1", Browser.EDGE, Device.PHONE),
        (f"{IPHONE} Mobile/15E148", Browser.IN_APP, Device.PHONE),
        (f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/490.0]", Browser.IN_APP, Device.PHONE),
        (f"{ANDROID} Chrome/131.0.0.0 Mobile Safari/537.36", Browser.CHROME, Device.PHONE),
        (f"{ANDROID} Chrome/131.0.0.0 Safari/537.36", Browser.CHROME, Device.TABLET),
        (
            f"{ANDROID} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
            Browser.SAMSUNG,
            Device.PHONE,
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) {BLINK} Version/4.0 Chrome/131.0 Mobile Safari/537.36",
            Browser.IN_APP,
            Device.PHONE,
        ),
        (
            "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
            Browser.FIREFOX,
            Device.PHONE,
        ),
        (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36", Browser.CHROME, Device.COMPUTER),
        (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", Browser.EDGE, Device.COMPUTER),
        (f"{WINDOWS} Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0", Browser.OPERA, Device.COMPUTER),
        (f"{WINDOWS} Chrome/130.0.0.0 YaBrowser/24.10 Safari/537.36", Browser.OTHER, Device.COMPUTER),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.1 Safari/605.1.15",
            Browser.SAFARI,
            Device.COMPUTER,
        ),
        (
            f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {WEBKIT} Version/16.6 Safari/604.1",
            Browser.SAFARI,
            Device.TABLET,
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            Browser.FIREFOX,
            Device.COMPUTER,
        ),
    ],
)
def test_a_browser_is_known_by_its_own_name(agent: str, browser: Browser, device: Device) -> None:
    assert (browser_of(agent), device_of(agent)) == (browser, device)


@pytest.mark.parametrize("agent", ["", "test browser", "Mozilla/5.0", "\x00", "é" * 300])
def test_what_is_not_known_stays_unknown(agent: str) -> None:
    assert (browser_of(agent), device_of(agent)) == (Browser.UNKNOWN, Device.OTHER)
