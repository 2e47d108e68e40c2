"""Sign-in of staff: password, second step, session lifetime, and re-authentication before sensitive acts.

django-allauth and django-axes do the work and are imported only here. Our part is the gate in front of every staff
address, the limits, the trail and the pages. docs/sign-in.md describes the same for staff and operators.
"""

from verification.review.sign_in.reauthentication import fresh, to_confirm

__all__ = ["fresh", "to_confirm"]
