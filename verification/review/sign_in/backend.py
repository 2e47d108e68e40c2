"""Whose password counts: that of an active member of staff. Asked anew with every request."""

from django.contrib.auth.backends import ModelBackend


class StaffBackend(ModelBackend):
    def user_can_authenticate(self, user: object) -> bool:
        """Somebody else is refused like somebody unknown, and whoever is deactivated has no session any more."""
        return super().user_can_authenticate(user) and getattr(user, "is_staff", False)  # type: ignore[arg-type]
