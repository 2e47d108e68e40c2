"""docs/audit_events.md: every kind of event, and what its data means."""

from itertools import groupby

from django.apps import apps

from verification.audit.data_names import OF_ALL, OF_EVERY_KIND, OF_ONE_KIND, Meaning
from verification.audit.kinds import KINDS, Kind
from verification.management.documents.note import NOTE

# In place of a list of all roles.
_ROLES = frozenset({"reviewer", "senior_reviewer", "auditor", "operator", "front_office", "staff"})


def audit_events() -> str:
    names = "\n".join(f"| `{name}` | {_meaning(meaning)} |" for name, meaning in sorted(OF_ALL.items()))
    of_every = "\n".join(f"| `{name}` | {_meaning(meaning)} |" for name, meaning in OF_EVERY_KIND.items())
    of_one = "\n".join(
        f"| `{kind}` | `{name}` | {_meaning(meaning)} |"
        for (kind, name), meaning in sorted(OF_ONE_KIND.items())
    )
    return f"""{NOTE}

# Events of the trail

Each event has the time (`at`), its kind, who did it (`actor_kind`, `actor_id`), what it is about (`subject_kind`,
`subject_id`) and data. The portal writes no event that is not in this table, by nobody else, about nothing else, and
with no other names in its data. Not every event of a kind has all of them. [trail.md](trail.md) says how events are
sealed, and what that proves.

- **By**: `applicant` has the applicant's id, `client` that of the calling system, and people on the staff their user
  name. *staff* is a person in any role: `reviewer`, `senior_reviewer`, `auditor`, `operator`, `front_office`, or
  `staff` for somebody in no group. `shell` is a command at the server, and `system` the portal itself; they have no id.
- **About**: the id of the record, which stays meaningful after the record is gone.
- **Tells of**: *case*: a person's case, by ids; *verdict*: what a reviewer thinks of a case, so those who may decide it
  do not see the event before it is decided; *staff*: how a member of staff works; *portal*: nobody in person.
- `commits`, in the data of any event: salted hashes of the records that came with it, as `verify_trail` checks them.
- *look*: somebody looked at something and changed nothing. All others are deeds.

{"".join(_group(prefix, list(kinds)) for prefix, kinds in groupby(sorted(KINDS), key=_prefix))}
## Names in the data

No name holds a person's name, an address of theirs, a note or a picture. *code*: a word or number with a fixed meaning,
or a list of such.

| name | form | meaning |
|---|---|---|
{names}

An event of any kind may have this too:

| name | form | meaning |
|---|---|---|
{of_every}

In these events a name means something else:

| event | name | form | meaning |
|---|---|---|---|
{of_one}
"""


def _prefix(code: str) -> str:
    return code.partition(".")[0]


def _group(prefix: str, codes: list[str]) -> str:
    rows = "\n".join(_row(KINDS[code]) for code in codes)
    return f"""## {prefix}

| event | in words | by | about | data | tells of |
|---|---|---|---|---|---|
{rows}

"""


def _row(kind: Kind) -> str:
    data = ", ".join(f"`{name}`" for name in sorted(kind.data)) or "–"
    look = ", *look*" if kind.is_look else ""
    return f"| `{kind.code}` | {kind.words} | {_by(kind)} | {_about(kind)} | {data} | {kind.tells}{look} |"


def _by(kind: Kind) -> str:
    if kind.actors >= _ROLES:
        return ", ".join(["*staff*", *_codes(kind.actors - _ROLES)])
    return ", ".join(_codes(kind.actors))


def _codes(names: frozenset[str]) -> list[str]:
    return [f"`{name}`" for name in sorted(names)]


def _about(kind: Kind) -> str:
    models = (apps.get_model("verification", name) for name in sorted(kind.subjects))
    return ", ".join(f"{model._meta.verbose_name} (`{model._meta.model_name}`)" for model in models)


def _meaning(meaning: Meaning) -> str:
    return f"{meaning.form} | {meaning.means}"
