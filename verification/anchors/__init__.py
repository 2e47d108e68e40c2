"""The trail's checkpoints outside: shipped to places that others keep, and compared with the log before each signing.

Who has the database and the key can write another history; nobody can write one that fits what lies elsewhere.
"""

from verification.anchors.comparing import compare, contradicting, is_due, standing
from verification.anchors.kept import Kept
from verification.anchors.named import places
from verification.anchors.place import Place, Readable
from verification.anchors.shipping import NOT_LOCKED, failing, late, ship_next, something_to_ship

__all__ = [
    "NOT_LOCKED",
    "Kept",
    "Place",
    "Readable",
    "compare",
    "contradicting",
    "failing",
    "is_due",
    "late",
    "places",
    "ship_next",
    "something_to_ship",
    "standing",
]
