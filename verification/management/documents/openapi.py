"""docs/openapi.json: the API's schema, so that a change of the API shows in a review and a client can be generated."""

from io import StringIO

from django.core.management import call_command


def openapi() -> str:
    out = StringIO()
    call_command("spectacular", format="openapi-json", stdout=out)
    return out.getvalue().strip() + "\n"
