"""Django settings, one file: everything that differs between installations is read through `env`."""

import secrets
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from kyc_portal import env
from verification.crypto import new_entry

env.collect()
env.load_dotenv()

BASE_DIR = env.PROJECT
MODE = env.choice("KYC_MODE", ("demo", "production"), default="production")
DEMO = MODE == "demo"
DATA_DIR = Path(env.text("KYC_DATA_DIR", str(BASE_DIR / "var")))
env.stop_if_wrong("KYC_MODE", "KYC_DATA_DIR")  # everything else depends on them
DEBUG = False
DOTENV = env.DOTENV
PUBLIC_URL = (
    env.text("KYC_PUBLIC_URL", "http://127.0.0.1:8000" if DEMO else None).rstrip("/").removesuffix(":443")
)

# Who asks for the checks: on every page and in the text that applicants agree to. The demo's is invented.
ORGANISATION_NAME = env.text("KYC_ORGANISATION_NAME", "Example Bank" if DEMO else None)
ORGANISATION_CONTACT = env.text("KYC_ORGANISATION_CONTACT", "help@bank.example" if DEMO else None)
# A PNG or JPEG file, and the colour of buttons and links on the applicants' pages; "" for neither.
ORGANISATION_LOGO = env.text("KYC_ORGANISATION_LOGO", "")
ORGANISATION_COLOUR = env.text("KYC_ORGANISATION_COLOUR", "").lower()
PRIVACY_NOTICE_URL = env.text("KYC_PRIVACY_NOTICE_URL", "https://bank.example/privacy" if DEMO else None)
LEGAL_BASIS = env.text("KYC_LEGAL_BASIS", "Your consent (GDPR, Articles 6 and 9)" if DEMO else None)
DATA_PROTECTION_CONTACT = env.text("KYC_DATA_PROTECTION_CONTACT", "privacy@bank.example" if DEMO else None)


def _made_once(name: str, make: Callable[[], str]) -> str:
    """A secret of the demo, made once, so that a second run keeps the sessions and can read the evidence."""
    path = DATA_DIR / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8") as made:
            made.write(make())
            made.flush()
            with suppress(FileExistsError):  # another process was quicker: its secret counts
                path.hardlink_to(made.name)
    return path.read_text(encoding="utf-8")


def _certificate_of_the_demo() -> str:
    made: str = import_module("kyc_portal.sandbox.authority").dossier_certificate()
    return made


SECRET_KEY = env.secret(
    "SECRET_KEY", _made_once("secret_key", partial(secrets.token_urlsafe, 50)) if DEMO else None
)
# The keys that wrap all data keys. Without them the evidence is lost.
KEYRING = env.secret(
    "KYC_KEYRING", _made_once("keyring", partial(new_entry, "demo")) if DEMO else None, with_lines=True
)
# The keys that sign the trail's checkpoints.
TRAIL_KEYS = env.secret(
    "KYC_TRAIL_KEYS", _made_once("trail_keys", partial(new_entry, "demo")) if DEMO else None, with_lines=True
)
# The device with a key of the trail, if one is in a device.
PKCS11_MODULE = env.text("KYC_PKCS11_MODULE", "")
PKCS11_TOKEN = env.text("KYC_PKCS11_TOKEN", "")
PKCS11_PIN = env.secret("KYC_PKCS11_PIN", "")
# Places outside to which checkpoints go, and the authorities whose time stamps count.
TRAIL_ANCHORS = env.anchors("KYC_TRAIL_ANCHORS")
TRAIL_TSA_CA_FILE = env.text("KYC_TRAIL_TSA_CA_FILE", "")
# Under which dossiers are signed: a private key, its certificate, and those of the authorities between; "" for none.
DOSSIER_CERTIFICATE = env.secret(
    "KYC_DOSSIER_CERTIFICATE",
    _made_once("dossier.pem", _certificate_of_the_demo) if DEMO else "",
    with_lines=True,
)
ACCEPT_HEIC = env.flag("KYC_ACCEPT_HEIC", default=True)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]" if DEMO else "")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
# The portal is at the root of its host. Else Gunicorn lets a header of the client say what comes before each address.
FORCE_SCRIPT_NAME = ""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "kyc_portal.staticfiles.StaticFilesConfig",
    "verification.review.apps.ReviewConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "kyc_portal.apps.PortalConfig",
    "verification.apps.VerificationConfig",
    *(["kyc_portal.sandbox"] if DEMO else []),
]

MIDDLEWARE = [
    # The first one: a request that the next ones refuse would be logged with the id of the request before.
    "kyc_portal.logging.RequestIdMiddleware",
    "kyc_portal.headers.MarkMiddleware",
    "kyc_portal.headers.ForwardedAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "verification.api.https_only.HttpsOnlyMiddleware",
    "csp.middleware.CSPMiddleware",
    "kyc_portal.headers.SecurityHeadersMiddleware",
    "kyc_portal.compression.CompressedPagesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kyc_portal.probes.ProbeMiddleware",
    "kyc_portal.refusals.NulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Before everything that reads a form.
    "kyc_portal.bodies.ReadBodyMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "verification.review.sign_in.gate.StaffGate",
    # The last one: it replaces the answer of a view that refused a locked name.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "kyc_portal.urls"
WSGI_APPLICATION = "kyc_portal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "verification.review.sign_in.banner.banner",
                "verification.pages.organisation.context",
            ],
        },
    }
]

# The PostgreSQL driver's library would follow these besides, or instead of, the address.
_LIBPQ_OWN = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE")
LIBPQ_VARIABLES = env.present(*_LIBPQ_OWN)
_database = env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'portal.sqlite3'}" if DEMO else "")
_SQLITE_OPTIONS = {
    # Writers take their lock at BEGIN and wait for it, so that none fails in the middle of a transaction.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}
_ENGINES = {"sqlite3": "django.db.backends.sqlite3", "postgresql": "kyc_portal.postgresql"}
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": _ENGINES[_database.engine],
        "NAME": _database.name,
        "USER": _database.user,
        "PASSWORD": _database.password,
        "HOST": _database.host,
        "PORT": _database.port,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": _SQLITE_OPTIONS if _database.engine == "sqlite3" else _database.options,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# In the database, so that a code works once over all processes. Large, because an evicted code could be used again.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "kyc_portal.cache.SignedCache",
        "LOCATION": "portal_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "evidence": {
        "BACKEND": "verification.storage.encrypted.EncryptedStorage",
        "OPTIONS": {"objects": env.objects("STORAGE_URL", DATA_DIR / "evidence")},
    },
    "staticfiles": {"BACKEND": "kyc_portal.staticfiles.ModuleManifestStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = str(DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False

AUTH_USER_MODEL = "verification.StaffUser"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "verification.review.sign_in.backend.StaffBackend",
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"

# Sign-in of staff; docs/sign-in.md.
STAFF_MFA = env.choice("KYC_STAFF_MFA", ("required", "optional"), default="optional" if DEMO else "required")
# What a setting may be, least and most.
STAFF_IDLE_RANGE = (1, 60)
STAFF_SESSION_RANGE = (1, 24)
STAFF_IDLE_MINUTES = env.whole("KYC_STAFF_IDLE_MINUTES", 15, STAFF_IDLE_RANGE)
STAFF_SESSION_HOURS = env.whole("KYC_STAFF_SESSION_HOURS", 12, STAFF_SESSION_RANGE)

ACCOUNT_ADAPTER = "verification.review.sign_in.adapters.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
# This session stays. Django ends the others, because the password changed.
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
# Axes stops guessing at one name; these stop a flood from one address.
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "20/m/ip", "reauthenticate": "20/m/user"}
ACCOUNT_FORMS = {"change_password": "verification.review.sign_in.forms.NewPasswordForm"}
MFA_ADAPTER = "verification.review.sign_in.adapters.SecondStepAdapter"
MFA_FORMS = {
    "activate_totp": "verification.review.sign_in.forms.NewAppForm",
    "authenticate": "verification.review.sign_in.forms.CodeForm",
    "reauthenticate": "verification.review.sign_in.forms.CodeAgainForm",
    "authenticate_webauthn": "verification.review.sign_in.forms.PasskeyForm",
    "reauthenticate_webauthn": "verification.review.sign_in.forms.PasskeyAgainForm",
    "login_webauthn": "verification.review.sign_in.forms.PasskeySignInForm",
    "add_webauthn": "verification.review.sign_in.forms.NewPasskeyForm",
}
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "KYC portal"
# Also the codes of the 30 seconds before and after; `one_time_codes` remembers which were used.
MFA_TOTP_TOLERANCE = 1
# Browsers treat http://localhost as secure; only the demo uses plain HTTP.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO

AXES_HANDLER = "verification.review.sign_in.lockout.Lockout"
AXES_LOCKOUT_CALLABLE = "verification.review.sign_in.locked_pages.locked_page"
AXES_USERNAME_CALLABLE = "verification.review.sign_in.lockout.counted_name"
AXES_CLIENT_IP_CALLABLE = "verification.review.sign_in.lockout.address"
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = [
    "login",
    "username",
    "ip_address",
    "oldpassword",
    "password1",
    "password2",
    "code",
    "credential",
    "csrfmiddlewaretoken",
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "kyc_portal.formats"

# Cookies: the portal serves one host; only the demo uses plain HTTP, on loopback. A browser takes the prefix over HTTPS
# alone, and from no other host of the domain.
_COOKIE_PREFIX = "" if DEMO else "__Host-"
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"
# The others would set a cookie of their own, without the prefix.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEMO
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_FAILURE_VIEW = "verification.pages.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = not DEMO
# Calls of the API are refused instead: `verification.api.https_only`.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^api/(?!docs/$)"]
SECURE_HSTS_SECONDS = 0 if DEMO else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEMO
# For `/.well-known/security.txt`.
SECURITY_CONTACT = env.words("KYC_SECURITY_CONTACT")
BEHIND_PROXY = env.flag("KYC_BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "report-uri": "/csp-report",
        "report-to": "csp",
    }
}

# Limits of a form without files; those of photos and recordings are set by their views.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 4
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# A file that every backup touches: the System page tells how long ago. Empty: the portal is told of none.
BACKUP_STAMP_FILE = env.text("KYC_BACKUP_STAMP_FILE", "")

CELERY_BROKER_URL = env.secret("CELERY_BROKER_URL", "memory://localhost/" if DEMO else None)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["verification.api.authentication.BearerKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["verification.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["verification.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "verification.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "KYC portal",
    "DESCRIPTION": "Create identity verifications and read their outcome.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # Two enums are called `status`; without these names the schema would number them.
    "ENUM_NAME_OVERRIDES": {
        "VerificationStatus": "verification.states.Status",
        "AttemptStatus": "verification.states.AttemptStatus",
        "Mode": "verification.states.Mode",
        "ErrorCode": "verification.api.errors.CODES",
        "CancellationReason": "verification.api.serializers.CANCEL_REASONS",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

# Messages to applicants. Empty: not set up, and nothing is sent. The demo writes them into files.
EMAIL = env.mail("KYC_EMAIL_URL", (DATA_DIR / "mail").absolute().as_uri() if DEMO else "")
EMAIL_FROM = env.text("KYC_EMAIL_FROM", "Example Bank <no-reply@bank.example>" if DEMO else "")
# A function of the organisation's own that sends text messages: docs/messages.md.
SMS_SENDER = env.text("KYC_SMS_SENDER", "")
# Who is told when something needs an operator.
ALERT_EMAIL = env.words("KYC_ALERT_EMAIL")
ALERT_WEBHOOK = env.secret("KYC_ALERT_WEBHOOK", "")
ALERT_WEBHOOK_SECRET = env.secret("KYC_ALERT_WEBHOOK_SECRET", "")

# How requests to the vendor and the object store leave this machine; nothing of it comes from HTTPS_PROXY and its like.
OUTBOUND_PROXY = env.secret("KYC_OUTBOUND_PROXY", "")
OUTBOUND_PROXY_FILES = env.secret_files({"proxy": "KYC_OUTBOUND_PROXY"})
CA_FILE = env.text("KYC_CA_FILE", "")

# The vendor. The sandbox's endpoint is loopback; `verification.checks.vendor` refuses that in production.
FACEID_ENDPOINT = (
    env.text("KYC_FACEID_ENDPOINT", "https://faceid.intl.tencentcloudapi.com")
    .removesuffix("/")
    .removesuffix(":443")
)
FACEID_REGION = env.text("KYC_FACEID_REGION", "ap-singapore")
FACEID_FALLBACK_REGIONS = env.words("KYC_FACEID_FALLBACK_REGIONS")
FACEID_REGION_ENDPOINT = env.text("KYC_FACEID_REGION_ENDPOINT", "https://faceid.{region}.tencentcloudapi.com")
FACEID_UNSIGNED_PAYLOAD = env.flag("KYC_FACEID_UNSIGNED_PAYLOAD", default=False)
FACEID_PRICE_MOST = 1000
FACEID_PRICE = env.decimal("KYC_FACEID_PRICE", "0", FACEID_PRICE_MOST)
# Calls a second, least and most; and a day of them at that rate.
FACEID_RATE_RANGE = (1, 1000)
FACEID_BUDGET_RANGE = (0, 86_400 * FACEID_RATE_RANGE[1])


def _account(name: str) -> dict[str, Any]:
    """The account "default" has the plain variables; those of another account end in _ and its name."""
    suffix = "" if name == "default" else f"_{name.upper()}"
    return {
        "secret_id": env.secret(f"TENCENTCLOUD_SECRET_ID{suffix}", "" if DEMO else None),
        "secret_key": env.secret(f"TENCENTCLOUD_SECRET_KEY{suffix}", "" if DEMO else None),
        "token": env.secret(f"TENCENTCLOUD_TOKEN{suffix}", ""),
        "files": env.secret_files(
            {field: f"TENCENTCLOUD_{field.upper()}{suffix}" for field in ("secret_id", "secret_key", "token")}
        ),
        "rate": env.whole(f"KYC_FACEID_RATE{suffix}", 20, FACEID_RATE_RANGE),
        "daily_budget": env.whole(f"KYC_FACEID_DAILY_BUDGET{suffix}", 0, FACEID_BUDGET_RANGE),
    }


# A name becomes the end of variables' names; `file` is taken, as in NAME_FILE, and `default` is the first account.
_more_accounts = env.words(
    "KYC_FACEID_MORE_ACCOUNTS",
    shape=r"(?!file$|default$)[a-z][a-z0-9]{0,19}",
    means="of small letters and digits, not file or default",
)
FACEID_ACCOUNTS = {name: _account(name) for name in ["default", *_more_accounts]}

LOGGING_CONFIG = "kyc_portal.logging.configure"
LOGGING: dict[str, Any] = {
    "level": env.choice(
        "LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), default="WARNING" if DEMO else "INFO"
    )
}

env.refuse_unknown()
env.stop_if_wrong()
