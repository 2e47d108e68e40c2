"""The pack of one case: its records, its events with their proofs, its media, and the verifier, in one zip.

It is made as of a checkpoint. Of the same case, at the same checkpoint and with the same contents, it has the same
bytes. What opens the events' commitments comes along, so the records can be held against the sealed trail.
"""

from verification.exports.case_pack.gathering import Gathered, gather
from verification.exports.case_pack.writing import write
from verification.exports.contents import Contents

__all__ = ["Contents", "Gathered", "gather", "write"]
