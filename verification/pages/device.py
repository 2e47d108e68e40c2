"""What the applicant's browser says that it runs on, for people to recognise it by. It can claim anything."""

from django.http import HttpRequest

from verification.states import Device

# In this order: a tablet's name may hold the words of a phone, a phone's those of a computer.
_WORDS = (
    (Device.TABLET, ("ipad", "tablet", "kindle")),
    (Device.PHONE, ("iphone", "mobile")),
    (Device.TABLET, ("android",)),
    (Device.COMPUTER, ("windows", "macintosh", "x11", "cros", "linux")),
)


def of(request: HttpRequest) -> Device:
    agent = request.headers.get("User-Agent", "").lower()
    return next((device for device, words in _WORDS if any(word in agent for word in words)), Device.OTHER)
