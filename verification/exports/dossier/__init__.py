"""The dossier of one case: a PDF for people, with all that a decision rests on, as of a checkpoint of the trail."""

from verification.exports.dossier.making import make

__all__ = ["make"]
