"""The banner of every staff page when no second step is required, as in the demo."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from verification.review.sign_in import gate, second_step


def banner(request: HttpRequest) -> dict[str, str]:
    if second_step.is_required() or not gate.is_staff_address(request):
        return {}
    return {"demo_banner": _("Two-step sign-in is off in this demo.")}
