"""The limits that callers of the REST API meet."""

from verification.management.documents.limits.row import api, then

SYSTEMS = (
    api("api.parsers:MAX_BODY", "A body", "bytes", "body_too_large"),
    api("api.body:MAX_DEPTH", "Levels of a body", "", "too_deep"),
    api("api.body:MAX_NUMBER", "A number", "characters", "invalid_number"),
    api("validators:MAX_LENGTH", "A name or a reference", "characters", "too_long"),
    api("validators:MAX_MARKS", "Marks on one letter of a name", "", "too_many_marks"),
    api("validators:MAX_EMAIL", "An e-mail address", "characters", "invalid_contact"),
    api("api.authentication:KEY", "A key", "", "unauthenticated"),
    api("api.limits:MAX_CALLS", "Calls of a client", "a minute", "too_many_calls"),
    api("api.limits:MAX_BAD_KEYS", "Bad keys from one address", "a minute", "too_many_bad_keys"),
    then("api.authentication:USE_NOTED_EVERY", "Between two notes of a key's last use", "", "nothing"),
)
