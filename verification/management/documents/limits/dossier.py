"""The limits of the dossier of a case: what is printed of it."""

from verification.management.documents.limits.row import then

_COUNTED = "nothing: the rest is counted and not printed"
_CUT = "nothing: the rest is not printed"
_OURS = "nothing: a challenge and its answer never need more"

DOSSIER = (
    then("exports.dossier.pictures:MAX_FRAMES", "Frames of a recording in a dossier", "", _OURS),
    then("exports.dossier.decision:MAX_VERDICTS", "Verdicts in a dossier", "", _COUNTED),
    then("exports.dossier.decision:MAX_CHECKS", "Checks of the document in a dossier", "", _COUNTED),
    then("exports.dossier.decision:MAX_FLAGS", "Flags in a dossier", "", _COUNTED),
    then("exports.dossier.decision:MAX_PRINTED", "A reviewer's note in a dossier", "characters", _CUT),
    then("exports.dossier.decision:MAX_OF_ALL", "All notes of a table in a dossier", "characters", _CUT),
    then("exports.dossier.capture:MAX_ATTEMPTS", "Attempts in a dossier", "", _COUNTED),
    then("exports.dossier.capture:MAX_CALLS", "Calls to the vendor in a dossier", "", _COUNTED),
    then("exports.dossier.capture:MAX_HASHES", "Hashes in a dossier", "", _COUNTED),
    then("exports.dossier.terms:MAX_CONSENTS", "Answers to the consent in a dossier", "", _COUNTED),
    then("exports.dossier.trail:MAX_FIRST", "First events of a dossier's timeline", "", _COUNTED),
    then("exports.dossier.trail:MAX_LAST", "Last events of a dossier's timeline", "", _COUNTED),
    then("exports.dossier.trail:MAX_PEOPLE", "People who looked, in a dossier", "", _COUNTED),
    then("exports.dossier.trail:MAX_FACTS", "Facts of an event in a dossier", "characters", _CUT),
    then("media.typesetting:MAX_MARKS", "Combining marks on a letter in a dossier", "", _CUT),
    then(
        "media.typesetting:MAX_TRIED",
        "Rare letters looked up for a dossier",
        "",
        "nothing: the rest is spelt out",
    ),
    then(
        "media.typesetting:MAX_MONO",
        "A hash or an id that is not broken",
        "characters",
        "nothing: it is broken",
    ),
)
