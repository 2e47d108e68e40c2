"""Puts the policy of the benches into force. Runs inside a portal."""

from django.utils import timezone

from tests.policies import only_show_what_is_shared


def main() -> None:
    only_show_what_is_shared(now=timezone.now())
