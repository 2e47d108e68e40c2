"""How the installation is doing: its workers, work, database, store, disks, broker, backup, keys, clock and versions.

`facts` are lines for people, with what to do; nothing here mends anything. Each is found within a deadline.
"""

from verification.health.fact import Fact, Tone
from verification.health.survey import asking, broken_places, facts

__all__ = ["Fact", "Tone", "asking", "broken_places", "facts"]
