"""Values of the form of secrets and personal details, and the addresses at which strangers send them."""

from kyc_portal.sandbox.drawing import draw_photo

TOKEN = "Fk3-q9WcVw_2LbYtR7mZs0XhJ5uPdNaE8iGoQ4vBxTy"
KEY = "kyc_live_Qm7xZ2-cUeR_9sLkVtB4wYpH0nJfDgA6iToW3uEyXbC"
NAME = "Zacharias Quillfeather"
EMAIL = "z.quillfeather@example.org"
PASSWORD = "correct horse canary"
SESSION = "k3v9x2m7q0w5r8t1y6u4i2o9p7a5s3d1"
SECRET = "Gu5t6xGARNpq86cd98joQYCN3EXAMPLEx"
PICTURE = draw_photo(1)

# A link's token with one character in its middle, as mail programs and people put it there.
SPLIT = (TOKEN[:22], TOKEN[22:])
SPLITS = ("%20", "%0a", "=%0D%0A", ".", ",", ";", "%E2%80%8B", "%C2%AD")

# A part is enough to be found.
TRACES = {
    *(half[at : at + 8] for half in SPLIT for at in range(len(half) - 7)),
    *(value[at : at + 12] for value in (TOKEN, KEY, SESSION, SECRET) for at in range(len(value) - 11)),
    "zacharias", "quillfeather", "horse", repr(PICTURE[:16])[2:-1], "JFIF",
}  # fmt: skip

ODD_ADDRESSES = (
    "/v//{}", "/V/{}", "/v/%20{}", "/verify/{}", "/verify/status/{}", "/{}", "/v/{}/", "//v/{}", "/v/{}?x=1",
    "/?link=/v/{}", "/admin/case/{}/", "/admin/v/{}", "/api/v1/verifications/{}", "/static/{}", "/v/.{}", "/healthz/{}",
    "/admin/login/?next=/v/{}", "/v/{}%0a", "/v/%00{}", *(f"/v/{split.join(SPLIT)}" for split in SPLITS),
    f"/x/{NAME.replace(' ', '%20')}", f"/api/v1/verifications/{NAME.replace(' ', '%20')}",
)  # fmt: skip


def found_in(log: str) -> set[str]:
    folded = log.casefold()
    return {trace for trace in TRACES if trace in log or trace.casefold() in folded}
