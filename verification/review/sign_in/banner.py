"""The banner of every staff page when no second step is required, as in the demo."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from verification.review.page import is_staff_address
from verification.review.sign_in import second_step


def banner(request: HttpRequest) -> dict[str, str]:
    if second_step.is_required() or not is_staff_address(request):
        return {}
    return {"demo_banner": _("Two-step sign-in is off in this demo.")}
