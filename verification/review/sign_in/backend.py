"""Authenticates active staff only, checked again at every request."""

from django.contrib.auth.backends import ModelBackend


class StaffBackend(ModelBackend):
    def user_can_authenticate(self, user: object) -> bool:
        """Other users are refused like unknown ones; the sessions of deactivated users end."""
        return super().user_can_authenticate(user) and getattr(user, "is_staff", False)  # type: ignore[arg-type]
