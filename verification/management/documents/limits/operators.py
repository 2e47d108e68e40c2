"""The limits that work meets: the vendor's pace, calls, leases, sweeps and the object store."""

from verification.management.documents.limits.row import text, then, waits

_LATER = "nothing: the next sweep takes the rest"
_REVIEW = "nothing: the case goes to a reviewer"
_PAUSED = "nothing: the account is paused"
_UNKNOWN = "nothing: the outcome counts as unknown, the call is repeated once"
_TOO_LONG = "the start, or the form of the brand, refuses it and says so"
_NO_LOGO = "the start, or the form of the brand, refuses the file and says why"

_NOT_BEGUN = "the command does nothing and says so"

OPERATORS = (
    then(
        "checks.secrets:MIN_SECRET_KEY",
        "`SECRET_KEY`",
        "characters at least",
        "nothing: the portal does not start",
    ),
    then("models.brand:MAX_NAME", "Name of an organisation", "characters", _TOO_LONG),
    then("models.brand:MAX_LEGAL_BASIS", "Legal basis of an organisation", "characters", _TOO_LONG),
    then("models.brand:MAX_CONTACT", "A contact or a privacy notice's address", "characters", _TOO_LONG),
    text(
        "actions.brand:MAX_BRANDS",
        "Brands",
        "",
        "There are %d brands already. No more can be made.",
    ),
    then("media.logo_file:MAX_LOGO", "File of a logo", "bytes", _NO_LOGO),
    then(
        "exports.dossier.identity:MIN_RSA_BITS",
        "An RSA key under which dossiers are signed, at least",
        "bits",
        "nothing: the portal does not start",
    ),
    then("media.logo_file:MIN_LOGO_SIDE", "The shorter side of a logo, at least", "pixels", _NO_LOGO),
    then("media.logo_file:MAX_LOGO_SIDE", "The longer side of a logo", "pixels", _NO_LOGO),
    then("media.logo_file:MAX_LOGO_ASPECT", "How much longer one side of a logo is", "times", _NO_LOGO),
    waits("settings:FACEID_RATE_RANGE", "`KYC_FACEID_RATE`: calls of an account", "a second"),
    waits("vendor_accounts.pacing.slots:MAX_WAIT", "How far ahead a call is booked"),
    waits(
        "vendor_accounts.pacing.permits:HOLD", "From a call's first byte until its permit is free again", "s"
    ),
    waits("vendor_accounts.pacing.gate:PATIENCE", "How long after its slot a call waits for a permit", "s"),
    waits(
        "vendor_accounts.pacing.shares:RENEWED_WITHIN",
        "How long a process may use its permits without renewing them",
        "s",
    ),
    waits(
        "vendor_accounts.pacing.shares:GONE_AFTER",
        "Until the others take the permits of a process that says nothing",
        "s",
    ),
    then(
        "vendor_accounts.pacing.account_state:MAX_AHEAD",
        "How far ahead the time of a booking or of a change of pace is believed",
        "",
        "nothing: it is ignored, a clock was wrong",
    ),
    then(
        "vendor_accounts.pacing.budget:ALERTS",
        "Alerts of the daily budget",
        "% spent",
        "an event and a log line",
    ),
    then("vendor_accounts.call_ledger:MAX_CALLS", "Calls of an attempt", "", _REVIEW),
    then("vendor_accounts.call_ledger:MAX_UNKNOWN", "Calls of an attempt without an answer", "", _REVIEW),
    then(
        "vendor_accounts.call_ledger:MAX_VIDEO_REFUSED",
        "Calls of an attempt whose recording the vendor refused",
        "",
        _REVIEW,
    ),
    then("vendor_accounts.call_ledger:MAX_THROTTLED", "Throttled calls of an attempt", "", _REVIEW),
    then("vendor_accounts.call_ledger:LOST_AFTER", "A call without an end", "", _UNKNOWN),
    then(
        "vendor_accounts.account_health:FAILING_AFTER",
        "Calls of an account in a row without a usable answer",
        "",
        _PAUSED,
    ),
    waits("vendor_accounts.account_health:AGAIN_WITHIN", "Two throttled calls that slow the account"),
    waits("vendor_accounts.pacing.throttle:MAX_SLOWDOWN", "How often the pace is halved before a pause"),
    waits("vendor_accounts.pacing.throttle:SETTLES_IN", "Between two steps to a slower pace"),
    waits("vendor_accounts.pacing.throttle:FASTER_AFTER", "Between two steps to a faster pace"),
    then(
        "liveness.retry_after:MAX_RETRY_AFTER",
        "Retry-After of the vendor",
        "s",
        "nothing: the account is called again after that",
    ),
    waits("vendor_accounts.pacing.pauses:FIRST_PROBE", "From a pause to the first probe"),
    waits("vendor_accounts.pacing.pauses:BETWEEN_PROBES", "Between two probes"),
    waits("vendor_accounts.pacing.pauses:TRIAL", "The trial call after a probe"),
    then(
        "vendor_accounts.clients:REGION_REST",
        "Rest of a region that was not reached",
        "",
        "nothing: other regions stand in",
    ),
    then("secret_files:KEPT", "Going on with the last keys while their file is broken", "s", _PAUSED),
    then(
        "secret_files:SETTLED",
        "From a change of some key files to their use",
        "s",
        "nothing: the others change in this time, and all count together",
    ),
    then(
        "secret_files:WRITTEN",
        "From a change of all key files to their use",
        "s",
        "nothing: what is half written is not used",
    ),
    then(
        "secret_files:SIZE_LIMIT",
        "A file with a key",
        "bytes",
        "nothing: the portal does not start; while it runs, the file counts as broken",
    ),
    waits("messages.delivery:SENDERS", "Messages that are sent at the same time"),
    waits("messages.outgoing:LEASE", "Until another worker sends a message whose worker died"),
    waits(
        "messages.outgoing:MAX_CLAIMS",
        "Messages that a worker tries to claim before it leaves them to others",
    ),
    waits("messages.outgoing:FIRST_PAUSE", "From a failed try of a message to the next one"),
    waits("messages.outgoing:LONGEST_PAUSE", "The longest such pause"),
    then(
        "messages.outgoing:GIVE_UP_AFTER",
        "A message or a notice of an alert that can't be sent",
        "",
        "nothing: it is given up, and counts as failed",
    ),
    then("messages.mail:WAIT", "A single wait for the mail server", "s", "nothing: it is tried again"),
    then(
        "messages.mail:DEADLINE",
        "An e-mail, with connecting and signing in",
        "s",
        "nothing: it is tried again",
    ),
    then("messages.texts:MAX_SUBJECT", "Subject of an e-mail", "characters", "nothing: the rest is cut off"),
    then("webhooks.posting:DEADLINE", "The POST of an alert", "s", "nothing: it is tried again"),
    waits("audit.sealing:SOON", "From an event until a checkpoint is due"),
    then(
        "audit.sealing:WHEN_IDLE",
        "From one checkpoint to the next when nothing happens",
        "",
        "an event `trail.alive`",
    ),
    then("audit.sealing:LATE", "Since the last checkpoint", "", "an alert"),
    then(
        "anchors.comparing:PATIENCE",
        "All places outside, before the trail is sealed",
        "s",
        "nothing: it is sealed without those that do not answer",
    ),
    then(
        "anchors.comparing:EVERY",
        "From one look at the places outside to the next",
        "",
        "nothing: an alert, if one contradicts the log",
    ),
    then(
        "anchors.kept:PATIENCE", "A checkpoint's way to a folder or bucket", "s", "nothing: it is tried again"
    ),
    then(
        "anchors.kept:MAX_LOOKED_AT",
        "Objects of a place that are looked at, the newest first",
        "",
        "nothing: older ones are left",
    ),
    then(
        "anchors.witness:MAX_ANSWER", "What is read of a witness's answer", "bytes", "nothing: it is not kept"
    ),
    then(
        "anchors.authority:MAX_ANSWER",
        "What is read of a time-stamp authority's answer",
        "bytes",
        "nothing: it is not kept",
    ),
    waits("anchors.comparing:AWAY_FOR", "Until a place that did not answer is asked again"),
    waits("anchors.authority:EVERY", "From one time stamp to the next, at least"),
    waits("anchors.letter:EVERY", "From one checkpoint by e-mail to the next, at least"),
    then("anchors.shipping:LATE", "Since a place outside took a checkpoint", "", "an alert"),
    then(
        "actions.restart_trail:MIN_REASON", "Why the trail is begun again, at least", "characters", _NOT_BEGUN
    ),
    then("actions.restart_trail:MAX_REASON", "The same, at most", "characters", _NOT_BEGUN),
    then("alerts.watching:MAX_OPEN", "Alerts that are open at the same time", "", "nothing: others wait"),
    then(
        "liveness.client:CONNECT_TIMEOUT", "Connecting to the vendor", "s", "nothing: the call was not sent"
    ),
    then("liveness.client:READ_TIMEOUT", "A single wait for the vendor", "s", _UNKNOWN),
    then("liveness.client:DEADLINE", "A call", "s", _UNKNOWN),
    waits("liveness.client:CONNECTIONS", "Connections of a process to the vendor"),
    then(
        "liveness.body:IMAGE_LIMIT",
        "Photo in a call",
        "characters of Base64",
        "nothing: none of it is sent, and the case goes to a reviewer",
    ),
    then(
        "liveness.body:VIDEO_LIMIT",
        "Recording in a call",
        "characters of Base64",
        "nothing: none of it is sent, and the case goes to a reviewer",
    ),
    then(
        "liveness.body:BODY_LIMIT",
        "Body of a call",
        "bytes",
        "nothing: none of it is sent, and the case goes to a reviewer",
    ),
    then("liveness.exchange:ANSWER_LIMIT", "An answer", "bytes", _REVIEW),
    then("liveness.answer:MAX_DEPTH", "Levels of an answer", "", _REVIEW),
    then("liveness.answer:MAX_NUMBER", "A number in an answer", "characters", _REVIEW),
    then("liveness.answer:MAX_EXPONENT", "Exponent of a number in an answer, either way", "", _REVIEW),
    then("liveness.answer:CODE_LIMIT", "A code in an answer", "characters", _REVIEW),
    then(
        "liveness.answer:DESCRIPTION_LIMIT", "A description in an answer", "characters", "nothing: it is cut"
    ),
    then(
        "liveness.answer:BEST_FRAME_LIMIT",
        "A best frame",
        "bytes",
        "nothing: a frame is cut from the recording",
    ),
    waits("jobs.leases:LEASE", "A worker's lease of an attempt"),
    waits("jobs.leases:HEARTBEAT", "Between two renewals of a lease"),
    waits("jobs.leases:MAX_HOLD", "A lease with all its renewals"),
    waits(
        "jobs.leases:MAX_TRIES", "Attempts that others claim first before a worker leaves the work to them"
    ),
    waits("jobs.rerun_leases:LEASE", "A worker's lease of a comparison that is made again"),
    then(
        "actions.rerun:MAX_WAITING",
        "A comparison that is made again, without a call",
        "",
        "it ends, and its page says that the vendor could not be called",
    ),
    then("jobs.rerun_leases:MAX_AT_ONCE", "Such comparisons that a sweep rings for", "", _LATER),
    then("jobs.leases:MAX_LOST_LEASES", "Leases lost over an attempt", "", _REVIEW),
    then("jobs.leases:MAX_RETRYING", "An attempt that a machine can't work on", "", _REVIEW),
    waits("jobs.doorbell:MAX_UNANSWERED", "Messages of a queue before the sweep sends no more"),
    waits("jobs.doorbell:EXPIRES[verification.sweep]", "A sweep's message", "s"),
    waits("jobs.doorbell:EXPIRES[verification.pulse]", "A pulse's message", "s"),
    waits("jobs.doorbell:EXPIRES[verification.probe]", "A probe's message", "s"),
    then(
        "jobs.answers:SILENT_AFTER",
        "A queue that no worker answers, or a beat that stands still",
        "",
        "nothing: `/readyz`, the work board and the vendor page say so",
    ),
    then("jobs.answers:GONE_AFTER", "A host of workers that is gone", "", "nothing: it is forgotten"),
    then(
        "health.survey:EACH", "One question of the System page", "s", "Not known: … did not answer in time."
    ),
    then(
        "health.survey:IN_ALL",
        "All questions of the System page to the database",
        "s",
        "Not known: the database did not answer in time.",
    ),
    then("health.workers:MAX_HOSTS", "Hosts of a queue on the System page", "", "and … further hosts"),
    then("health.work:SLOW", "Work that waits", "", "the System page asks to look at it"),
    then("health.work:STUCK", "Work that waits", "", "the System page calls it broken"),
    then(
        "health.work:MAX_COUNTED", "Cases counted by the System page", "", "“…+” in the place of the number"
    ),
    then(
        "health.trouble:LATELY",
        "What the System page calls lately",
        "",
        "nothing: what is older is in the trail",
    ),
    then("health.trouble:MAX_COUNTED", "Events counted there", "", "“…+” in the place of the number"),
    then("health.keys:MAX_COUNTED", "Data keys counted there", "", "“…+” in the place of the number"),
    then("health.clocks:OFF", "A host's clock from the database's", "ms", "the System page asks to set it"),
    then(
        "health.database:NEARLY_FULL",
        "Open connections of the database",
        "%",
        "the System page asks for more",
    ),
    then("health.places:LITTLE", "Free on a disk, at least", "%", "the System page asks for room"),
    then("health.places:VERY_LITTLE", "Free on a disk, at least", "%", "the System page calls it broken"),
    then("health.backup:LATE_AFTER", "Since the last backup", "", "the System page asks why"),
    then("health.backup:LOST_AFTER", "Since the last backup", "", "the System page calls it broken"),
    then("health.backup:MAX_LINE", "What a backup writes about itself", "characters", "nothing: it is cut"),
    then(
        "actions.keys:MAX_BY_PAGE",
        "Keys wrapped anew by one press",
        "",
        "the System page says how many are left",
    ),
    waits(
        "jobs.leases:RETRY_AFTER", "Until a machine that can't do its part, or read the evidence, tries again"
    ),
    then("actions.sweep:MAX_AT_ONCE", "Erased keys of which a sweep deletes the files", "", _LATER),
    then(
        "evidence.upload_parts:KEPT_FOR",
        "Parts of a recording that was not finished",
        "",
        "the applicant records again",
    ),
    then("evidence.upload_parts:MAX_AT_ONCE", "Unfinished recordings that a sweep deletes", "", _LATER),
    then(
        "jobs.export_leases:MAX_STARTS",
        "Processes that may die over one export",
        "",
        "nothing: the export is given up, and its page says so",
    ),
    waits("jobs.export_leases:LEASE", "Until the export of a process that died is begun anew"),
    then("actions.staff:FORGOTTEN_EVERY", "Between two deletions of ended sessions", "", "nothing"),
    then("actions.keys:BATCH", "Keys wrapped anew in one transaction", "", "nothing: the next batch follows"),
    then(
        "operations.csp_reports:MAX_BODY",
        "A browser's report of what the policy of the content stopped",
        "bytes",
        "nothing: it is dropped",
    ),
    then("operations.csp_reports:MAX_AT_ONCE", "Reports in one body", "", "nothing: the rest is dropped"),
    then("operations.csp_reports:MAX_DEPTH", "Levels of a report", "", "nothing: it is dropped"),
    then("operations.csp_reports:MAX_NUMBER", "A number in a report", "characters", "nothing: it is dropped"),
    then(
        "actions.csp_report:MAX_ROWS",
        "Kinds of reports a day",
        "",
        "nothing: further ones are counted as one",
    ),
    then("actions.csp_report:MAX_REPORTS", "Reports a day", "", "nothing: the rest is dropped"),
    text(
        "actions.erase:MAX_REASON",
        "Reason of an erasure",
        "characters",
        "A reason is needed, of %(most)s characters at most.",
    ),
    then(
        "review.policy.form:RANGES[retention_days]",
        "Keeping evidence",
        "days",
        "nothing: nothing is deleted by it yet",
    ),
    waits("storage.s3:CONNECT_SECONDS", "Connecting to the object store", "s"),
    waits("storage.s3:SILENT_SECONDS", "A single wait for the object store", "s"),
    waits("storage.s3:ATTEMPTS", "Tries of a request to the object store"),
    waits("storage.s3:CONNECTIONS", "Connections of a process to the object store"),
)
