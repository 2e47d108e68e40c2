"""VERIFY.md: what is in a case pack, and how to check it, for somebody who has never seen one."""

from typing import Final

from verification.exports.case_pack.gathering import Gathered
from verification.exports.container import Trail

_WORDS: Final = """# Case {case}: what this is, and how to check it

This zip holds everything that the portal kept about one case, as of a signed state of its audit trail. You can check it
on your own machine, without a network and without asking anybody.

## Check it

    python3 -I -S verify.py PACK.zip --key '{key}'

`verify.py` needs Python 3.9 or later and nothing else. **Get the key from somewhere else than this file**: the
organisation publishes it. The key above is the one that this pack names, and a forger would name their own. For the
same reason take `verify.py` from a pack that you trust or from the organisation; all packs of a version hold the same.

It ends with *Everything holds.* and 0, or names the first thing that does not hold and ends with 1.

If you kept a checkpoint of this trail, or an earlier pack, add `--earlier FILE`: the trail must still begin with what
it held then.

## What is in it

| file | what it is |
|---|---|
| `dossier.pdf` | the case on pages, for reading |
| `case.json` | the case, the applicant and how it ended |
| `decision.json` | each rule that was applied: what it got, what it gave, and whether it still gives the same |
| `policy.json` | the organisation's terms under which the case was judged |
| `consents.json`, `consent/` | what the applicant answered, and the words as they were shown |
| `documents.json`, `attempts.json` | the ID photos and the recordings, with the hashes of what was judged |
| `calls.json` | every call to the vendor, and what it answered |
| `reruns.json` | comparisons of the same bytes that were made again, on a complaint for example; they decide nothing |
| `reviews.json`, `document_checks.json`, `notes.json` | what people judged, found and wrote |
| `flags.json` | what was noticed as odd |
| `messages.json` | which messages were sent to the applicant, without their texts |
| `timeline.jsonl` | the events of the case: the entries of the audit trail, byte for byte |
| `access.jsonl` | who looked at the case, when, and at what; they are entries of the trail too |
| `media.json`, `media/` | the photo, recording and frame that were judged |
| `proofs/` | for each event, the proof that it stands in the trail (C2SP tlog-proof) |
| `trail/checkpoint` | the signed size and root of the trail (C2SP tlog-checkpoint) |
| `trail/keys.json` | the trail's public keys, each introduced by the one before |
| `manifest.json`, `manifest.note` | every file with its SHA-256, and the trail's signature over that list |

Every time is UTC. `facts` in a row were committed to by an event: the event holds SHA-256 over a random salt and the
facts as canonical JSON, and `opens` gives the event and the salt. `further` holds what the portal keeps besides, which
no event proves.

{left_out}
## What it proves

- Not a byte of this pack was changed since the portal signed it.
- Each event stands in the trail, in the place that its proof names, and was not changed since the trail was signed.
- The records that `opens` names are what they were when the event was written.
- The photos, recordings and frames are those whose hashes were recorded when they came.

## What it does not prove

- That what the portal wrote down was true, or that it wrote everything down.
- That no event of the case is left out here: each that is here stands in the trail, and the portal chose them. The
  whole trail, or a pack of the period, which lacks no event between two places, shows whether there are more.
- That its clock was right: each time is the portal's own.
- That whoever holds the portal's key did not make another trail since the last checkpoint that somebody else kept.
- That the face comparison was right. It is the vendor's, and `calls.json` holds what it answered.
"""

_CONTENTS: Final = {
    "media": "Photos, recordings and frames are left out, because they were not asked for. Their hashes are there.",
    "names": "The name, e-mail address, IP addresses and browsers are left out, because they were not asked for.",
    "notes": "What reviewers wrote for colleagues is left out, because it was not asked for.",
}


def words(gathered: Gathered, trail: Trail) -> str:
    sentences = [text for name, text in _CONTENTS.items() if not getattr(gathered.contents, name)]
    if gathered.erased is not None:
        sentences.append(
            f"The person's pictures were erased on {gathered.erased['at']}: event {gathered.erased['event']} says by "
            "whom and on which basis. Nobody can read them any more; their hashes are there."
        )
    if gathered.events.left_out:
        sentences.append(f"{gathered.events.left_out} older looks are left out of `access.jsonl`.")
    left_out = "".join(f"- {sentence}\n" for sentence in sentences)
    return _WORDS.format(
        case=gathered.case.public_id,
        key=trail.signer.key,
        left_out=f"## What is left out\n\n{left_out}" if left_out else "",
    )
