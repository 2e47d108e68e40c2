"""Signing in: password, second step, how long a session lives, and asking again before what matters.

django-allauth and django-axes do the work and are known only here; what is ours is the gate in front of every staff
address, the limits, the trail and the pages. docs/sign-in.md tells staff and operators the same.
"""

from verification.review.sign_in.again import fresh, to_confirm

__all__ = ["fresh", "to_confirm"]
