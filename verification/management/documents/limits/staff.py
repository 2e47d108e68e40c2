"""The limits that staff meet."""

from verification.management.documents.limits.row import text, then

_SHOWN = "nothing: only this many are shown"
_ALERT = "nothing: an alert is logged, recorded and shown on the work board"
_TRIES = "Too many failed sign-ins. To protect this account, we reject every attempt for now."
_TOO_OFTEN = "That was too often in too short a time. Please wait a minute and try again."

STAFF = (
    text(
        "review.brand_pages.forms:MAX_CLIENTS",
        "API clients on the page of a brand",
        "",
        "There are more than are shown here.",
    ),
    then(
        "casework:CLAIM_LEASE",
        "A claim, renewed by work on the page",
        "",
        "nothing: colleagues may take the case",
    ),
    then(
        "actions.claim:MAX_TRIES",
        "Cases tried that colleagues take at the same moment",
        "",
        "“Take next case” finds none",
    ),
    text(
        "casework:MIN_NOTE",
        "Note of an act that needs one, at least",
        "characters",
        "This needs a note of at least %d characters.",
    ),
    text("casework:MAX_NOTE", "Note of an act", "characters", "The note may have at most %d characters."),
    then(
        "review.policy.form:RANGES[review_hours]",
        "From the queue to a case's due time",
        "h",
        "“… late” on the case",
    ),
    then("actions.reassign:SNOOZES", "A snooze", "h", "nothing: the page offers these"),
    text(
        "review.queue.search:MAX_QUERY",
        "A search",
        "characters",
        "Put in a whole id or the beginning of a reference, 200 characters at most.",
    ),
    text(
        "review.queue.search:MAX_RESULTS",
        "Cases found by a search",
        "",
        "There are more than are shown here.",
    ),
    text(
        "actions.saved_filter:MAX_NAME",
        "Name of a saved filter",
        "characters",
        "The name may have at most %d characters.",
    ),
    text(
        "actions.saved_filter:MAX_PER_PERSON",
        "Saved filters of a person",
        "",
        "You have %d filters already. Delete one first.",
    ),
    text(
        "actions.saved_filter:MAX_QUERY",
        "A saved filter",
        "characters",
        "Choose a view, a band, a mark, a reason or an owner first.",
    ),
    then("review.queue.saved_filters:MAX_LISTED", "Saved filters listed, shared ones among them", "", _SHOWN),
    then("review.queue.page:PAGE_SIZE", "Rows of a page of the queue", "", "a link to the next page"),
    then("review.queue.counts:MAX_COUNTED", "A view's number", "", "“…+” in the place of the number"),
    then("review.queue.counts:MAX_COUNTED_OF_MANY", "A band's number", "", "“…+” in the place of the number"),
    text(
        "invitations.csv_file:MAX_FILE",
        "A file of people to invite",
        "bytes",
        "The file is too large. Split it.",
    ),
    text(
        "invitations.csv_file:MAX_LINES",
        "Lines of such a file",
        "",
        "The file has more than %(lines)s lines. Split it.",
    ),
    then(
        "invitations.csv_file:MAX_NAMED",
        "Name of an unknown column on the page",
        "characters",
        "nothing: only this much of it is shown",
    ),
    then(
        "actions.invite_many:KEPT",
        "A file of people to invite is kept",
        "",
        "“This file does not wait any more: it was confirmed, dropped, or its day is over.”",
    ),
    then(
        "review.front_office.upload:MAX_FORM",
        "A form with such a file",
        "bytes",
        "“The file is too large. Split it.”",
    ),
    then("review.front_office.files:MAX_FAULTS", "Faults of a file on its page", "", "all of them as a file"),
    then("review.front_office.files:MAX_FILES", "Files of people to invite listed", "", _SHOWN),
    then("review.front_office.page:PAGE_SIZE", "Invitations of a page", "", "a link to the next page"),
    then("review.front_office.page:MAX_MESSAGES", "Messages of an invitation listed, the newest", "", _SHOWN),
    then(
        "actions.invite_many:SENT_AT_ONCE",
        "People of a file whose links are queued as messages at once, every few seconds",
        "",
        "nothing: the others follow",
    ),
    text(
        "review.front_office.page:MAX_FOUND",
        "Invitations found by the beginning of a reference",
        "",
        "There are more than are shown here. Put in more of the reference.",
    ),
    then(
        "review.clients.page:MAX_CLIENTS", "API clients listed", "", "“There are more than are shown here.”"
    ),
    then("review.clients.page:MAX_KEYS", "Keys of an API client listed, the newest", "", _SHOWN),
    then("review.clients.page:MAX_EVENTS", "Events of an API client listed, the newest", "", _SHOWN),
    then("review.clients.page:SOON_DAYS", "A key runs out soon", "days", "“runs out soon” beside the key"),
    then("actions.api_client:DAYS", "A key that runs out", "days", "the form says so"),
    then("actions.api_client:MAX_NAME", "Name of an API client", "characters", "the form says so"),
    then("review.board:MAX_LINES", "Lines of a list on the work board", "", _SHOWN),
    then("review.contested:MAX_NAMED", "Cases with a contested link on the work board", "", _SHOWN),
    then("review.message_pages.notices:MAX_OF_CASE", "Messages on a case page", "", _SHOWN),
    then("review.case.dossier:MAX_TIMELINE", "Events of a case", "", _SHOWN),
    then("review.case.dossier:MAX_OTHERS", "Other cases of the applicant", "", _SHOWN),
    then(
        "review.case.dossier:MAX_ELSEWHERE", "Cases that sent a case's photo or recording later", "", _SHOWN
    ),
    then("review.case.shared:MAX_SHOWN", "Cases of each list of who shares what", "", _SHOWN),
    then("review.case.shared:MAX_COUNTED", "The number of each list", "", "“…+” in the place of the number"),
    then(
        "review.case.shared:MAX_OWN",
        "Photos and browsers of a case that are looked up",
        "",
        "nothing: the newest",
    ),
    then("review.queue.colleagues:MAX_COLLEAGUES", "Colleagues of who holds what", "", _SHOWN),
    then("review.queue.colleagues:MAX_LINES", "Cases of each kind with one of them", "", "“and … more”"),
    then("review.queue.colleagues:MAX_READ", "Cases of each kind with all of them", "", "“and … more”"),
    then(
        "review.queue.search:MIN_PART",
        "Beginning of a reference, at least",
        "characters",
        "“No case was found”",
    ),
    then("review.vendor_pages.page:MAX_EVENTS", "Events of the vendor accounts", "", _SHOWN),
    then(
        "review.vendor_pages.page:MAX_LATENCIES",
        "Answers in the latency figures",
        "",
        "nothing: the newest count",
    ),
    then(
        "review.vendor_pages.codes:MAX_SEARCH",
        "A search for a code",
        "characters",
        "nothing: the rest is not looked at",
    ),
    text(
        "actions.export:MAX_REASON",
        "Reason of an export",
        "characters",
        "The reason may have %(most)s characters at most.",
    ),
    then("actions.export:KEPT", "An export's file", "", "nothing: it can't be downloaded any more"),
    text(
        "settings:STAFF_IDLE_RANGE",
        "`KYC_STAFF_IDLE_MINUTES`: a session without use",
        "min",
        "You were signed out after %d minutes without use. Please sign in again.",
    ),
    text(
        "settings:STAFF_SESSION_RANGE",
        "`KYC_STAFF_SESSION_HOURS`: a session",
        "h",
        "You were signed out: a session lasts at most %d hours. Please sign in again.",
    ),
    text(
        "settings:ACCOUNT_REAUTHENTICATION_TIMEOUT",
        "Since the last proof of identity, for what asks for a fresh one",
        "s",
        "Please confirm that it is you, then do it again.",
    ),
    text("settings:AXES_FAILURE_LIMIT", "Failed sign-ins of a name from one address", "", _TRIES),
    text("settings:AXES_COOLOFF_TIME", "Length of the lock after these", "", _TRIES),
    text(
        "review.sign_in.lockout:FREE",
        "Failed sign-ins of a name within 24 hours, from browsers that it is not known on, before there are waits of "
        "1, 5 and 20 minutes",
        "",
        _TRIES,
    ),
    text("review.sign_in.lockout:MAX_FAILURES_A_DAY", "The same, in any 24 hours", "", _TRIES),
    text(
        "review.sign_in.lockout:MAX_FAILURES_OF_A_DEVICE",
        "Failed sign-ins of a name from a browser that it is known on, in any 24 hours",
        "",
        _TRIES,
    ),
    then(
        "review.sign_in.known_devices:KEPT",
        "A browser is known after a sign-in with a second step",
        "",
        "nothing: its failures count with those of strangers",
    ),
    text("settings:ACCOUNT_RATE_LIMITS[login]", "Sign-ins", "", _TOO_OFTEN),
    text("settings:ACCOUNT_RATE_LIMITS[login_failed]", "Failed sign-ins of any name", "", _TOO_OFTEN),
    text("settings:ACCOUNT_RATE_LIMITS[reauthenticate]", "Re-authentications", "", _TOO_OFTEN),
    text("settings:MFA_RATE_LIMITS[webauthn_login]", "Sign-ins by passkey", "", _TOO_OFTEN),
    then(
        "actions.staff_change:ALONE_AFTER",
        "Until a change to staff takes effect alone, if nobody else could confirm it",
        "",
        "nothing: anybody who reads of it can stop it",
    ),
    text(
        "staffing.effects:OPEN_FOR",
        "A proposed change to staff; a first password that waits to be handed out",
        "",
        "This change does not wait any more: it is in effect, was stopped, or ran out.",
    ),
    text(
        "staffing.access:HANDED_OUT_FOR",
        "A first password; an enrolment code",
        "",
        "Your first password has run out. Ask an operator for a new one.",
    ),
    then("actions.staff_change:MAX_REASON", "Reason of a change to staff", "characters", "the form says so"),
    text(
        "staffing.effects:MAX_OPEN",
        "Changes to staff that wait, of one operator",
        "",
        "%d changes that you proposed wait. Stop one first.",
    ),
    then(
        "staffing.alone:STILL_COUNTED",
        "An operator or senior reviewer who was switched off still counts as somebody who could confirm",
        "",
        "nothing: the others may go on alone",
    ),
    then(
        "review.staff_pages.changes:MAX_NEW",
        "Changes to staff listed that are new to the user",
        "",
        "nothing: the rest follows when these are marked as seen",
    ),
    then(
        "review.staff_pages.changes:MAX_CHANGES", "Latest changes to staff listed, besides these", "", _SHOWN
    ),
    then(
        "review.staff_pages.changes:MAX_OF_ONE", "Changes listed on the page of one of the staff", "", _SHOWN
    ),
    then("review.staff_pages.people:PAGE_SIZE", "Rows of a page of the staff", "", "a link to the next page"),
    then(
        "review.staff_pages.people:MAX_SEARCH",
        "A name that the staff are narrowed by",
        "characters",
        "nothing: the rest is not looked at",
    ),
    text(
        "actions.staff:LIFTED_ONCE_IN",
        "One operator lifts the wait of one account once in",
        "",
        "You lifted a wait of this account less than a day ago. Another operator has to lift this one.",
    ),
    then("audit.viewing:USUAL[evidence.viewed]", "Pieces of evidence seen by one person", "", _ALERT),
    then("audit.viewing:USUAL[case.viewed]", "Cases seen by one person", "", _ALERT),
    then("audit.viewing:USUAL[record.viewed]", "Records seen by one person", "", _ALERT),
    then("audit.viewing:USUAL[records.listed]", "Lists of records seen by one person", "", _ALERT),
    then("audit.viewing:USUAL[applicant.revealed]", "Applicants revealed by one person", "", _ALERT),
    then("audit.viewing:USUAL[queue.searched]", "Searches by one person", "", _ALERT),
)
