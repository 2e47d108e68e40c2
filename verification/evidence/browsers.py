"""What a browser says that it is, in classes large enough to count. It can claim anything.

An iPad asks for pages as a Mac does unless its owner chose otherwise, and counts as a computer then.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from verification.states import Device


class Browser(TextChoices):
    """A page within another app has other rights to the camera than one in a browser: it is a class of its own."""

    CHROME = "chrome", _("Chrome")
    SAFARI = "safari", _("Safari")
    FIREFOX = "firefox", _("Firefox")
    EDGE = "edge", _("Edge")
    SAMSUNG = "samsung", _("Samsung Internet")
    OPERA = "opera", _("Opera")
    IN_APP = "in_app", _("within another app")
    OTHER = "other", _("another browser")
    UNKNOWN = "unknown", _("not known")


# In this order: a tablet's name may hold the words of a phone, a phone's those of a computer.
_DEVICES = (
    (Device.TABLET, ("ipad", "tablet", "kindle")),
    (Device.PHONE, ("iphone", "mobile")),
    (Device.TABLET, ("android",)),
    (Device.COMPUTER, ("windows", "macintosh", "x11", "cros", "linux")),
)
# In this order: most browsers also name those that they want to be taken for.
_BROWSERS = (
    (Browser.IN_APP, ("; wv)", "fban/", "fbav/", "instagram", " line/", "micromessenger", "tiktok", "gsa/")),
    (Browser.EDGE, ("edg/", "edga/", "edgios/", "edge/")),
    (Browser.OPERA, ("opr/", "opera", "opt/", "opx/")),
    (Browser.SAMSUNG, ("samsungbrowser/",)),
    (
        Browser.OTHER,
        ("yabrowser/", "ucbrowser/", "vivaldi/", "miuibrowser/", "huaweibrowser/", "duckduckgo/"),
    ),
    (
        Browser.OTHER,
        ("headlesschrome/", "bot", "curl/", "silk/", "whale/", "qqbrowser/", "trident/", "msie "),
    ),
    (Browser.FIREFOX, ("firefox/", "fxios/", "focus/")),
    (Browser.CHROME, ("crios/", "chrome/", "chromium/")),
)


def device_of(agent: str) -> Device:
    found = agent.lower()
    return next((device for device, words in _DEVICES if any(word in found for word in words)), Device.OTHER)


def browser_of(agent: str) -> Browser:
    found = agent.lower()
    named = next((name for name, words in _BROWSERS if any(word in found for word in words)), None)
    return named or _of_webkit(found)


def _of_webkit(agent: str) -> Browser:
    """Safari names its version; an app on an iPhone or iPad that shows a page does not."""
    if "version/" in agent and "safari/" in agent:
        return Browser.SAFARI
    if "applewebkit/" in agent and ("iphone" in agent or "ipad" in agent):
        return Browser.IN_APP
    return Browser.UNKNOWN
