"""Every address of the staff site, and the right of `permissions.RIGHTS` that opens it.

The site's gate reads this table (`check_open`), docs/permissions.md is written from it, and the tests compare every
answer with it. An address that is not in the table opens to nobody. Rules that depend on the case are in the actions;
`situations` lists what they come to.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from verification.permissions import RIGHTS, Denied, User, check

# In the place of a right: with or without signing in; every member of staff who is signed in; no one.
ANYBODY, STAFF, NOBODY = "anybody", "staff", "nobody"

# Rules beyond the right, as docs/permissions.md words them.
_CASE = "the situation of the case (below)"
_KEPT = f"{_CASE}; for or from a colleague with `assign_others`"
_NOT_BY_DRAFTER = "not who wrote the draft or changed it last"
_OWN = "their own only"
_NO_NAMES = "names and e-mail addresses are masked"
LOGGED = "every look is an event"
_MASKED = f"{_NO_NAMES}; {LOGGED}"
_BLIND = f"those who decide find nothing of an undecided spot check; {LOGGED}"


@dataclass(frozen=True)
class Address:
    """`path` is as Django writes it, below /admin/. `get` and `post` name a right, or are empty if not served; `fresh`
    has the methods that require a recent re-authentication."""

    path: str
    does: str
    get: str = ""
    post: str = ""
    rules: str = ""
    fresh: tuple[str, ...] = ()

    def right(self, method: str | None) -> str:
        """What opens it by an HTTP method; "" if the method is not served. HEAD needs what GET needs."""
        return {"GET": self.get, "HEAD": self.get, "POST": self.post}.get(method or "", "")

    @property
    def is_entrance(self) -> bool:
        """Whether it answers people who have not signed in."""
        return ANYBODY in {self.get, self.post}


class NotServed(Exception):
    """The address does not answer this method."""


@dataclass(frozen=True)
class Record:
    """A model that the stock admin shows, and the right that opens its list, its pages and their histories."""

    model: str
    right: str
    rules: str = ""


BOARD = (
    Address("", "The work board", STAFF, STAFF, "each part for who may see it"),
    Address("queue/", "The review queue", "view_queue"),
    Address("queue/colleagues", "What each colleague holds", "view_colleagues"),
    Address("queue/next", "Take the most pressing case", post="decide", rules="only what they may decide"),
    Address(
        "queue/bulk",
        "Keep, take back or snooze up to 25 cases",
        post="decide",
        rules="each case by its situation; for a colleague with `assign_others`",
    ),
    Address(
        "queue/filters",
        "Save a filter of the queue",
        post="view_queue",
        rules="sharing it takes `share_filter`",
    ),
    Address(
        "queue/start",
        "Choose what the queue opens with",
        post="view_queue",
        rules="for everybody it takes `share_filter`",
    ),
    Address(
        "queue/filters/<int:number>/delete",
        "Delete a saved filter",
        post="view_queue",
        rules="their own, or with `share_filter` a shared one",
    ),
    Address("search", "Find a case by an id", "view_case", "view_case"),
    Address("figures/", "Figures and the threshold simulator", "view_dashboard"),
)
CASE = (
    Address("case/<slug:public_id>/", "The case page", "view_case", rules=_MASKED),
    Address("case/<slug:public_id>/shared", "Who shares what with the case", "view_case", rules=_MASKED),
    Address(
        "case/<slug:public_id>/explain",
        "Why the case was decided so, made again step by step",
        "view_case",
        rules=f"reviewers read it once they have judged; {LOGGED}",
    ),
    Address(
        "case/<slug:public_id>/reveal",
        "Show name, e-mail and addresses",
        post="reveal",
        rules=f"a purpose; {LOGGED}",
    ),
    Address("case/<slug:public_id>/claim", "Claim the case", post="decide", rules=_CASE),
    Address("case/<slug:public_id>/renew", "Renew the claim", post="decide", rules=_CASE),
    Address("case/<slug:public_id>/release", "Release the case", post="decide", rules=_CASE),
    Address("case/<slug:public_id>/decide", "Decide, propose, confirm, pass on", post="decide", rules=_CASE),
    Address(
        "case/<slug:public_id>/document",
        "Check the document",
        post="decide",
        rules=f"{_CASE}; the name is shown for this to who holds the case, and {LOGGED}",
    ),
    Address("case/<slug:public_id>/blind", "Judge a spot check blind", post="decide", rules=_CASE),
    Address(
        "case/<slug:public_id>/assign",
        "Keep the case for oneself, or a colleague",
        post="decide",
        rules=_KEPT,
    ),
    Address("case/<slug:public_id>/take-back", "Keep it for nobody", post="decide", rules=_KEPT),
    Address("case/<slug:public_id>/cancel", "Cancel the case", post="cancel", rules=_CASE),
    Address("case/<slug:public_id>/note", "Write a note or ask a colleague", post="decide", rules=_CASE),
    Address("case/<slug:public_id>/reopen", "Reopen a decided case", post="reopen", rules=_CASE),
    Address(
        "case/<slug:public_id>/rerun",
        "Have the evidence compared again: a paid call that decides nothing",
        post="rerun",
        rules=_CASE,
        fresh=("post",),
    ),
    Address(
        "case/<slug:public_id>/pack",
        "Make the case pack: the whole case in one file",
        "case_pack",
        "case_pack",
        f"{_CASE}; a purpose; each pack is an event",
        fresh=("post",),
    ),
    Address(
        "evidence/<slug:kind>/<slug:public_id>",
        "A photo, frame or recording",
        "view_evidence",
        rules=LOGGED,
    ),
)
POLICY = (
    Address("policy/", "The policy, its draft and its history", "view_policy"),
    Address("policy/new", "Begin a draft", post="change_policy", fresh=("post",)),
    Address("policy/draft", "Edit the draft", "change_policy", "change_policy", fresh=("post",)),
    Address("policy/discard", "Discard the draft", post="change_policy", fresh=("post",)),
    Address("policy/activate", "Activate it", post="change_policy", rules=_NOT_BY_DRAFTER, fresh=("post",)),
)
OPERATIONS = (
    Address("vendor/", "The vendor's accounts, calls and cost", "view_operations"),
    Address("vendor/<slug:name>/probe", "Have a paused account probed", post="probe_account"),
    Address("messages/", "Messages to applicants", "view_messages", rules="no name, address or text"),
    Address("messages/<slug:message>/returned", "Note that one came back", post="mend_messages"),
    Address("messages/<slug:message>/again", "Send one again", post="mend_messages"),
    Address(
        "trace/", "Find a case to trace", "trace", "trace", "no name, picture or score; a search is an event"
    ),
    Address(
        "trace/<slug:public_id>/",
        "Where a case is, since when and what it waits for",
        "trace",
        rules=f"no name, picture or score; {LOGGED}",
    ),
    Address("system/", "How the installation is doing", "view_operations"),
    Address("system/sweep", "Have a worker sweep now", post="operate"),
    Address(
        "system/rewrap", "Wrap data keys with the first key of the ring", post="operate", fresh=("post",)
    ),
    Address("codes/", "Meaning of each vendor code", "view_operations"),
    Address("trail/", "The trail: what was done, and who looked", "view_trail", rules=_BLIND),
    Address("trail/find", "To one event, by its number or its index in the log", "view_trail"),
    Address("trail/<int:number>/", "One event and its proof", "view_trail", rules=_BLIND),
    Address("trail/<int:number>/proof", "The proof as a file", "view_trail", rules=_BLIND),
    Address("trail/<int:number>/entry", "The entry that was sealed, as a file", "view_trail", rules=_BLIND),
    Address("trail/sealing/", "How far the trail is sealed, and its checkpoints", "view_trail"),
    Address("trail/checkpoints/<int:size>", "A checkpoint as a file", "view_trail"),
    Address("trail/keys", "The public keys as a file", "view_trail"),
    Address(
        "exports/",
        "Exports of the trail; ask for one",
        "export",
        "export",
        rules="with sensitive columns it takes `export_sensitive`",
        fresh=("post",),
    ),
    Address(
        "statistics/", "Statistics for a regulator; ask for some", "statistics", "statistics", fresh=("post",)
    ),
    Address("statistics/<slug:public_id>/", "The figures, or how far they are", "statistics"),
    Address("statistics/<slug:public_id>/cancel", "Cancel statistics under way", post="statistics"),
    Address(
        "statistics/<slug:public_id>/download",
        "Download the pack of statistics",
        "statistics",
        fresh=("get",),
    ),
    Address("exports/<slug:public_id>/", "How far an export is", "export"),
    Address("exports/<slug:public_id>/cancel", "Cancel an export that is under way", post="export"),
    Address(
        "exports/<slug:public_id>/download",
        "Download an export",
        "export",
        rules="with sensitive columns it takes `export_sensitive`",
        fresh=("get",),
    ),
)
BRANDS = (
    Address("brands/", "The installation's organisation, and brands", "manage_brands"),
    Address("brands/new", "Make a brand", "manage_brands", "manage_brands", fresh=("post",)),
    Address(
        "brands/<slug:public_id>/",
        "Change a brand, and say which API clients show it",
        "manage_brands",
        "manage_brands",
        fresh=("post",),
    ),
    Address("brands/<slug:public_id>/preview", "See it as an applicant does", "manage_brands"),
)
IN_CLEAR = "the name and the e-mail address stand there in clear"
_ONCE = "a link is shown once"
FRONT_OFFICE = (
    Address("invitations/", "Invitations, the newest first", "invite", rules=_NO_NAMES),
    Address("invitations/find", "Find invitations by their reference", post="invite", rules=LOGGED),
    Address("invitations/found", "What was found last", "invite", rules=f"their own search; {_NO_NAMES}"),
    Address("invitations/new", "Invite one person", "invite", "invite", rules=_ONCE),
    Address("invitations/<slug:public_id>/", "One invitation", "invite", rules=f"{IN_CLEAR}; {LOGGED}"),
    Address("invitations/<slug:public_id>/link", "Make a new link", post="invite", rules=_ONCE),
    Address("invitations/<slug:public_id>/send", "Send a new link as a message", post="invite"),
    Address("invitations/<slug:public_id>/revoke", "End the link", post="invite"),
    Address("invitation-files/", "Files of people to invite", "invite"),
    Address("invitation-files/new", "Read a file, inviting nobody yet", "invite", "invite"),
    Address("invitation-files/<slug:public_id>/", "What was read of a file", "invite"),
    Address("invitation-files/<slug:public_id>/problems", "The lines that do not fit, as a file", "invite"),
    Address("invitation-files/<slug:public_id>/confirm", "Invite the people of a file", post="invite"),
    Address("invitation-files/<slug:public_id>/drop", "Drop a file that waits", post="invite"),
    Address("invitation-files/<slug:public_id>/links", "Make the file of links", post="invite", rules=_ONCE),
)
_KEY_ONCE = "a key is shown once"
CLIENTS = (
    Address("clients/", "The systems that call the API", "view_operations"),
    Address("clients/new", "Make one, with a key", "manage_clients", "manage_clients", _KEY_ONCE, ("post",)),
    Address("clients/<slug:public_id>/", "One of them, its keys, and who made what", "view_operations"),
    Address(
        "clients/<slug:public_id>/key",
        "Make another key",
        post="manage_clients",
        rules=_KEY_ONCE,
        fresh=("post",),
    ),
    Address(
        "clients/<slug:public_id>/keys/<int:number>/revoke",
        "Revoke a key",
        post="manage_clients",
        fresh=("post",),
    ),
    Address(
        "clients/<slug:public_id>/switch",
        "Refuse all its keys; take that back",
        post="manage_clients",
        fresh=("post",),
    ),
)
# allauth's own views ask for re-authentication; the middleware `sign_in.gate` asks for the second step.
_BOTH = ("get", "post")
ACCOUNT = (
    Address("login/", "Sign in", ANYBODY, ANYBODY),
    Address("logout/", "Sign out", ANYBODY, ANYBODY),
    Address("account/second-step/", "Take the second step of signing in", ANYBODY, ANYBODY),
    Address("account/two-step/passkeys/sign-in/", "Sign in by a passkey", ANYBODY, ANYBODY),
    Address("password_change/", "The stock address of the password page", STAFF, STAFF),
    Address("password_change/done/", "The stock address of the password page", STAFF, STAFF),
    Address("account/password/", "Change the password", STAFF, STAFF, _OWN),
    Address("account/no-password/", "For users without a password", STAFF, STAFF),
    Address("account/sessions/", "Sessions; end them", STAFF, STAFF, _OWN),
    Address("account/confirm/", "Show by the password that it is them", STAFF, STAFF),
    Address("account/confirm/code/", "Show by a code that it is them", STAFF, STAFF),
    Address("account/confirm/passkey/", "Show by a passkey that it is them", STAFF, STAFF),
    Address(
        "account/enrolment/", "Give the enrolment code, before the first second step", STAFF, STAFF, _OWN
    ),
    Address("account/two-step/", "Two-step sign-in", STAFF, rules=_OWN),
    Address("account/two-step/app/add/", "Add an authenticator app", STAFF, STAFF, _OWN, _BOTH),
    Address("account/two-step/app/remove/", "Remove it", STAFF, STAFF, _OWN, _BOTH),
    Address("account/two-step/passkeys/", "Passkeys", STAFF, rules=_OWN),
    Address("account/two-step/passkeys/add/", "Add a passkey", STAFF, STAFF, _OWN, _BOTH),
    Address("account/two-step/passkeys/<int:pk>/remove/", "Remove a passkey", STAFF, STAFF, _OWN, _BOTH),
    Address("account/two-step/passkeys/<int:pk>/rename/", "Rename a passkey", STAFF, STAFF, _OWN, _BOTH),
    Address("account/two-step/codes/", "Recovery codes", STAFF, rules=_OWN, fresh=("get",)),
    Address("account/two-step/codes/new/", "New recovery codes", STAFF, STAFF, _OWN, _BOTH),
    Address("account/two-step/codes/download/", "Recovery codes as a file", STAFF, STAFF, _OWN, _BOTH),
)
RECORDS = (
    Record("applicant", "view_case", _MASKED),
    Record("verification", "view_case", LOGGED),
    Record("consent", "view_case", LOGGED),
    Record("consenttext", "view_case"),
    Record("document", "view_case", LOGGED),
    Record("verificationattempt", "view_case", _BLIND),
    Record("review", "view_case", LOGGED),
    Record("providercall", "view_operations", _BLIND),
    Record("vendoraccount", "view_operations"),
    Record("policy", "view_operations"),
    Record("auditevent", "view_trail", _BLIND),
    Record("export", "export"),
    Record("apiclient", "view_operations"),
    Record("apikey", "view_operations"),
    Record("cspreport", "view_operations"),
)
_NOT_OWN = "never their own account, nor one that counts as theirs; a second person confirms"
_SECOND = (
    "not who proposed it, nor who counts as the same person or as the account; alone after 24 hours if nobody else "
    "could, but never a vouching"
)
_SEEN = "without `view_staff`: changes to their own account only"
ACCOUNTS_OF_STAFF = (
    Address("staff/", "The staff, and changes that wait", "view_staff"),
    Address("staff/appoint", "Propose a new account", "manage_staff", "manage_staff", _NOT_OWN, ("post",)),
    Address("staff/<int:number>/", "One of the staff", "view_staff"),
    Address(
        "staff/<int:number>/propose",
        "Propose a change: rights, password, second step, vouching",
        post="manage_staff",
        rules=_NOT_OWN,
        fresh=("post",),
    ),
    Address(
        "staff/<int:number>/at-once",
        "Switch the account off, end its sessions, lift a wait",
        post="manage_staff",
        rules="by one person; not their own switching off",
        fresh=("post",),
    ),
    Address(
        "staff/changes/<slug:public_id>/confirm",
        "Confirm a change",
        post="confirm_staff",
        rules=_SECOND,
        fresh=("post",),
    ),
    Address("staff/changes/", "Changes to staff that wait, and the latest", STAFF, rules=_SEEN),
    Address("staff/changes/<slug:public_id>/stop", "Stop a change that waits", post=STAFF, rules=_SEEN),
    Address(
        "staff/changes/<slug:public_id>/hand-out",
        "Show the first password, once",
        post="manage_staff",
        rules="who proposed it, and does not know the enrolment code",
        fresh=("post",),
    ),
    Address("verification/staffuser/", "The stock address of the staff", "view_staff"),
    Address(
        "verification/staffuser/<int:number>/change/", "The stock address of one of the staff", "view_staff"
    ),
    Address("staff/seen", "Mark the changes that were shown as seen", post=STAFF, rules=_SEEN),
)
STOCK = (
    Address("verification/", "The records that this person may see", STAFF, STAFF, "404 if there are none"),
    Address("autocomplete/", "Not used", NOBODY, NOBODY),
    Address("jsi18n/", "Words for the stock scripts", STAFF),
    Address("r/<path:content_type_id>/<path:object_id>/", "Not used", STAFF, STAFF, "always 404"),
    Address("<any other>", "Sent to the address with a slash if there is one", STAFF, STAFF, "else 404"),
)


def _pages(record: Record) -> tuple[Address, ...]:
    """Records are read-only: nobody adds, changes or deletes one."""
    base, right, rules = f"verification/{record.model}/", record.right, record.rules
    return (
        Address(base, "List", right, right, rules),
        Address(f"{base}add/", "Add", NOBODY, NOBODY),
        Address(f"{base}<path:object_id>/", "To the page of one", STAFF, STAFF),
        Address(f"{base}<path:object_id>/change/", "One of them", right, NOBODY, rules),
        Address(f"{base}<path:object_id>/delete/", "Delete", NOBODY, NOBODY),
    )


ADDRESSES: tuple[Address, ...] = (
    *BOARD,
    *CASE,
    *POLICY,
    *OPERATIONS,
    *BRANDS,
    *FRONT_OFFICE,
    *CLIENTS,
    *ACCOUNT,
    *(page for record in RECORDS for page in _pages(record)),
    *ACCOUNTS_OF_STAFF,
    *STOCK,
)

TABLE = {address.path: address for address in ADDRESSES}
RIGHT_OF_RECORD = {record.model: record.right for record in RECORDS}
CLOSED = Address("", "Not in the table", NOBODY, NOBODY)
# Two routes that Django writes as regular expressions.
_EXPRESSIONS = {"(?P<app_label>verification)/$": "verification/", "(?P<url>.*)$": "<any other>"}


def at(route: str) -> Address:
    """The address of a route of Django's resolver below /admin/; CLOSED if the table has none."""
    return TABLE.get(_EXPRESSIONS.get(route, route), CLOSED)


def check_open(user: User, address: Address, method: str | None) -> None:
    """Whether a signed-in member of staff may open it. Raises NotServed or permissions.Denied."""
    right = address.right(method)
    if not right:
        raise NotServed(method)
    if right in RIGHTS:
        check(user, right)
    elif right not in {STAFF, ANYBODY}:
        raise Denied(_("Nobody may open this page."))
