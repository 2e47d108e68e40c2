"""The table of `test_start_matrix`: which settings start a production, and which number refuses the others."""

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID
from tests.certificates import SigningAuthority
from tests.flow.test_start import PRODUCTION
from tests.processes import PROJECT
from verification.crypto import new_entry

YEAR = timedelta(days=365)
AUTHORITY = SigningAuthority()
SIGNER = AUTHORITY.signer(ends=YEAR)
PG = "postgresql://kyc:secret@"
FALLBACK = {"KYC_FACEID_FALLBACK_REGIONS": "ap-hongkong"}
SECOND = {
    "KYC_FACEID_MORE_ACCOUNTS": "two",
    "TENCENTCLOUD_SECRET_ID_TWO": "AKIDother",
    "TENCENTCLOUD_SECRET_KEY_TWO": "example",
}
DEMO = {"KYC_MODE": "demo", "KYC_PUBLIC_URL": "http://127.0.0.1:8000", "ALLOWED_HOSTS": "127.0.0.1"}
KEY = PRODUCTION["SECRET_KEY"]
SETTINGS = "settings = __import__('django.conf').conf.settings; "

# What no variable can bring about: the machine, files and the code itself. Each is a line of Python.
CODE = {
    "kyc.E010": SETTINGS + "settings.DEBUG = True",
    "kyc.E022": "sys.modules['pillow_heif'] = None",
    "kyc.E024": SETTINGS
    + "settings.STORAGES['evidence']['BACKEND'] = settings.STORAGES['default']['BACKEND']",
    "kyc.E029": "import platform; platform.machine = lambda: 'riscv64'",
    "kyc.E030": "import verification.media.confinement as it; it.confinement = lambda: 'refused'",
    "kyc.E039": "pathlib.Path(os.environ['KYC_DATA_DIR'], 'secret_key').write_text(os.environ['SECRET_KEY'])",
    "kyc.E045": SETTINGS + "f = pathlib.Path(os.environ['KYC_DATA_DIR'], 'env'); f.touch(); f.chmod(0o644); "
    "settings.DOTENV = f",
    "kyc.E046": "os.chmod(os.environ['KYC_DATA_DIR'], 0o777)",
    "kyc.E079": "os.access = lambda path, mode: False",
    "kyc.W048": "os.chmod(os.environ['KYC_DATA_DIR'], 0o755)",
}

# The key of a witness, as an address has it.
WITNESS = "#w.example.com+096345a0+BAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"

MAIL = {
    "KYC_EMAIL_URL": "smtp://kyc:secret@mail.example.com",
    "KYC_EMAIL_FROM": "Example Bank <kyc@bank.example>",
}

# What only `check --deploy` tells: `test_policy_adopted`, and here.
OF_THE_DATABASE = ("kyc.W049", "kyc.W114")

UNSAFE: dict[str, list[dict[str, str]]] = {
    "kyc.E001": [
        {"KYC_FACEID_REGION": "ap-guangzhou"},
        {"KYC_FACEID_FALLBACK_REGIONS": "ap-hongkong,ap-guangzhou"},
    ],
    "kyc.E011": [{"KYC_FACEID_ENDPOINT": "http://faceid.intl.tencentcloudapi.com"}],
    "kyc.E012": [
        {"KYC_FACEID_ENDPOINT": f"https://{host}"}
        for host in (
            "127.0.0.1:8010",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "x.localhost",
            "0.0.0.0",
            "0",
            "127.1",
            "127.8.0.1",
            "0x7f.1",
            "0177.0.0.1",
            "2130706433",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:0.0.0.0]",
            "faceid.intl.tencentcloudapi.com@127.0.0.1",
        )
    ],
    "kyc.E013": [{"KYC_PUBLIC_URL": "http://verify.example.com"}],
    "kyc.E014": [
        {"CELERY_BROKER_URL": url}
        for url in (
            "memory://localhost/",
            "filesystem://localhost/",
            "filesystem:///var/spool",
            "sqla+postgresql://kyc@localhost/kyc",
            "django://",
            "mongodb://localhost/kyc",
            "sqs://",
            "sentinel://localhost:26379",
            "redis://localhost/0;memory://",
            "localhost:6379",
            "redis://[::1/0",
        )
    ],
    "kyc.E015": [{"SECRET_KEY": KEY[:49]}],
    "kyc.E016": [{"DATABASE_URL": "sqlite:////srv/kyc.sqlite3"}],
    "kyc.E017": [
        {"ALLOWED_HOSTS": f"verify.example.com,{pattern}"}
        for pattern in ("*", ".", ".com", ".co.uk", ".example.com", "*.example.com")
    ],
    "kyc.E018": [
        {"TENCENTCLOUD_SECRET_ID": SANDBOX_SECRET_ID},
        {**SECOND, "TENCENTCLOUD_SECRET_ID_TWO": SANDBOX_SECRET_ID},
    ],
    "kyc.E019": [
        {**FALLBACK, "KYC_FACEID_REGION_ENDPOINT": url}
        for url in (
            "http://faceid.{region}.tencentcloudapi.com",
            "https://faceid.intl.tencentcloudapi.com",
            "https://{region}.example",
            "https://127.0.0.1/{region}",
            "https://faceid.{region}.tencentcloudapi.com/",
            "https://faceid.{region}.tencentcloudapi.com:8443",
            "https://kyc@faceid.{region}.tencentcloudapi.com",
            "https://faceid.{region}.tencentcloudapi.com.example",
            "https://faceid.{zone}.tencentcloudapi.com",
        )
    ],
    "kyc.E020": [{**SECOND, "TENCENTCLOUD_SECRET_ID_TWO": PRODUCTION["TENCENTCLOUD_SECRET_ID"]}],
    "kyc.E021": [
        {"KYC_KEYRING": "2026-11:c2hvcnQ="},
        {"KYC_KEYRING": "2026-11:no key"},
        {"KYC_KEYRING": "2026-11:" + "A" * 43 + "="},
        {"KYC_KEYRING": "2026-11:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},  # text that somebody typed
        {"KYC_KEYRING": "2026-11:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},  # 0 to 31
        {"KYC_KEYRING": "2026-11://79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA="},  # 255 to 224
        {"KYC_KEYRING": "2026-11:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="},
    ],
    "kyc.E023": [
        {"KYC_KEYRING": new_entry("demo")},
        {"KYC_KEYRING": f"{new_entry('2026-12')},{new_entry('demo')}"},
    ],
    "kyc.E097": [
        {"KYC_TRAIL_KEYS": "2026-11:c2hvcnQ="},
        {"KYC_TRAIL_KEYS": f"{PRODUCTION['KYC_TRAIL_KEYS']},{PRODUCTION['KYC_TRAIL_KEYS']}"},
        {"KYC_TRAIL_KEYS": "2026-11:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
    ],
    "kyc.E098": [{"KYC_TRAIL_KEYS": new_entry("demo")}],
    "kyc.E099": [
        {"KYC_TRAIL_KEYS": PRODUCTION["KYC_KEYRING"]},
        {"KYC_TRAIL_KEYS": f"{new_entry('2026-12')},{PRODUCTION['KYC_KEYRING'].replace('2026-11', 'old')}"},
    ],
    "kyc.E025": [
        {"STORAGE_URL": "s3://evidence?endpoint_url=http://s3.example.com"},
        {"STORAGE_URL": "s3://evidence?endpoint_url=http://127.0.0.1:9000"},
    ],
    "kyc.E026": [{"KYC_STAFF_MFA": "optional"}],
    "kyc.E031": [
        {"TENCENTCLOUD_SECRET_ID": "AKID example"},
        {"TENCENTCLOUD_SECRET_KEY": "exämple"},
        {"TENCENTCLOUD_TOKEN": "to ken"},
        {**SECOND, "TENCENTCLOUD_SECRET_KEY_TWO": "exam ple"},
    ],
    "kyc.E032": [
        {"KYC_FACEID_ENDPOINT": url}
        for url in (
            "https://faceid.example",
            "https://169.254.169.254",
            "https://[fe80::1]",
            "https://10.0.0.5",
            "https://tencentcloudapi.com",
            "https://cvm.intl.tencentcloudapi.com",
            "https://faceid.tencentcloudapi.com",  # the vendor's in another country, as the next two
            "https://faceid.ap-guangzhou.tencentcloudapi.com",
            "https://faceid.ap-hongkong.tencentcloudapi.com",
            "https://faceid.intl.tencentcloudapi.com.",
            "https://faceid.intl.tencentcloudapi.com.evil.example",
            "https://faceid.intl.tencentcloudapi.com@evil.example",
            "https://evil.example#faceid.intl.tencentcloudapi.com",
            "https://kyc@faceid.intl.tencentcloudapi.com",
            "https://faceid.intl.tencentcloudapi.com:8443",
            "https://faceid.intl.tencentcloudapi.com:port",
            "https://faceid.intl.tencentcloudapi.com//",
            "https://faceid.intl.tencentcloudapi.com/v3",
            "https://faceid.intl.tencentcloudapi.com?x=1",
            "https://faceid.intl.tencentcloudapi.com?",
        )
    ],
    "kyc.E034": [{"ALLOWED_HOSTS": ""}, {"ALLOWED_HOSTS": "kyc.example.com,127.0.0.1"}],
    "kyc.E035": [
        {"ALLOWED_HOSTS": f"verify.example.com,{host}"}
        for host in (
            "https://verify.example.com",
            "verify.example.com:443",
            "example.com/",
            "a;b.example.com",
            "-a.com",
        )
    ],
    "kyc.E036": [
        {"CSRF_TRUSTED_ORIGINS": origin}
        for origin in (
            "https://*",
            "https://*.example.com",
            "https://*.com",
            "http://verify.example.com",
            "verify.example.com",
            "https://localhost",
            "https://com",
            "https://kyc@verify.example.com",
            "https://verify.example.com/",
        )
    ],
    "kyc.E037": [
        {"KYC_PUBLIC_URL": url, "ALLOWED_HOSTS": host}
        for url, host in (
            ("https://verify.example.com/kyc", "verify.example.com"),
            ("https://verify.example.com:8443", "verify.example.com"),
            ("https://kyc@verify.example.com", "verify.example.com"),
            ("https://verify.example.com?x=1", "verify.example.com"),
            ("https://verify", "verify"),
            ("https://localhost", "localhost"),
            ("https://203.0.113.7", "203.0.113.7"),
        )
    ],
    "kyc.E038": [
        {"SECRET_KEY": key}
        for key in (
            "k" * 50,
            "ab" * 40,
            "abcdefghij" * 6,
            "changeme" * 8,
            "for-tests-only-" + "0" * 35,
            f"django-insecure-{KEY}",
            "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "zyxwvutsrqponmlkjihgfedcba9876543210ZYXWVUTSRQPONMLKJIHGFEDCBA",
            "qwertyuiopasdfghjklzxcvbnm1234567890QWERTYUIOPASDFGHJKLZXCVBNM",
            "correct-horse-battery-staple-and-seven-more-words-of-mine",
            "This_is_the_key_of_our_portal_in_production_since_autumn_2026",
            "At least 50 random characters, which somebody left there.",
        )
    ],
    "kyc.E040": [
        {"DATABASE_URL": f"{PG}{rest}"}
        for rest in (
            "db.example.com/kyc",
            "10.0.0.5/kyc",
            "db.example.com/kyc?sslmode=prefer",
            "db.example.com/kyc?sslmode=require",
            "db.example.com/kyc?sslmode=disable",
            "db.example.com,x.localhost/kyc",
            "localhost,10.0.0.5/kyc",
            "%2Frun%2Fpostgresql,db.example.com/kyc",
        )
    ],
    "kyc.E041": [
        {"CELERY_BROKER_URL": url}
        for url in (
            "redis://broker.example.com:6379/0",
            "redis://:secret@10.0.0.5/0",
            "amqp://kyc:secret@broker.example.com//",
            "redis://localhost/0;redis://broker.example.com/0",
            "rediss://broker.example.com/0?ssl_cert_reqs=none",
            "rediss://broker.example.com/0?ssl_cert_reqs=CERT_NONE",
            "rediss://broker.example.com/0?ssl_check_hostname=false",
            "rediss://broker.example.com/0?ssl_cert_reqs=required&ssl_check_hostname=false",
            "rediss://broker.example.com/0?ssl_cert_reqs=required&ssl_cert_reqs=none",
            "amqps://broker.example.com//?ssl_cert_reqs=none",
            "amqps://broker.example.com//?ssl=false",
            "amqps://broker.example.com//?ssl_cert_reqs=required",
        )
    ],
    "kyc.E042": [{name: "elsewhere"} for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE")],
    "kyc.E043": [
        {**DEMO, "KYC_PUBLIC_URL": url}
        for url in (
            "https://verify.example.com",
            "http://verify.example.com",
            "http://10.0.0.5:8000",
            "https://127.0.0.1",
        )
    ],
    "kyc.E044": [
        {**DEMO, "ALLOWED_HOSTS": hosts}
        for hosts in ("*", ".com", "127.0.0.1,verify.example.com", "10.0.0.5")
    ],
    "kyc.W047": [{"KYC_BEHIND_PROXY": "0"}],
    "kyc.E049": [
        {"KYC_DATA_DIR": folder}
        for folder in ("/var/lib/kcy", "~/kyc", "/srv/~/kyc", "var", "/etc/hostname", "/", "/tmp/..")
    ],
    "kyc.E050": [
        {"SECRET_KEY": PRODUCTION["KYC_KEYRING"]},
        {"SECRET_KEY": f"{PRODUCTION['KYC_KEYRING'].partition(':')[2]}4u8Zq2"},
    ],
    "kyc.E051": [
        *(
            {"TENCENTCLOUD_SECRET_KEY": key}
            for key in ("<your-key>", "changeme", "CHANGE_ME", "your-key", "xxxxxxxx")
        ),
        {"TENCENTCLOUD_SECRET_ID": "<SecretId>"},
        {"TENCENTCLOUD_SECRET_KEY": PRODUCTION["TENCENTCLOUD_SECRET_ID"]},
        {**SECOND, "TENCENTCLOUD_SECRET_KEY_TWO": PRODUCTION["TENCENTCLOUD_SECRET_ID"]},
    ],
    "kyc.E065": [
        {"KYC_SECURITY_CONTACT": contact}
        for contact in ("security@example.com", "http://example.com/report", "tel:+1-201-555-0123")
    ],
    "kyc.E075": [
        {"KYC_OUTBOUND_PROXY": proxy}
        for proxy in (
            "socks5://proxy.example",
            "proxy.example:3128",
            "http://portal:password@proxy.example:3128/path",
            "http://portal:pass@word@host",
        )
    ],
    "kyc.E076": [{"KYC_CA_FILE": path} for path in ("/nowhere/ca.pem", "ca.pem", "/etc/hostname", "/")],
    "kyc.E100": [{"KYC_BACKUP_STAMP_FILE": "backup-stamp"}],
    "kyc.E077": [{"SSLKEYLOGFILE": "/tmp/keys"}],
    "kyc.E107": [
        {"KYC_DOSSIER_CERTIFICATE": pem.strip()}
        for pem in (
            "no PEM",
            SIGNER.key,
            SIGNER.certificate,
            SIGNER.key + SIGNER.key + SIGNER.certificate,
            SIGNER.key + AUTHORITY.certificate + SIGNER.certificate,
            SIGNER.key
            + SIGNER.certificate
            + "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n",
            AUTHORITY.signer(ends=YEAR, uses=("key_encipherment",)).pem,
            AUTHORITY.signer(ends=YEAR, password=b"secret").pem,
            AUTHORITY.signer(ends=YEAR, key=rsa.generate_private_key(65537, 1024)).pem,
            AUTHORITY.signer(ends=YEAR, key=ed25519.Ed25519PrivateKey.generate()).pem,
        )
    ],
    "kyc.W108": [
        {"KYC_DOSSIER_CERTIFICATE": AUTHORITY.signer(ends=timedelta(days=days)).pem.strip()}
        for days in (-1, 20)
    ],
    "kyc.E078": [
        {"CELERY_BROKER_URL": url}
        for url in (
            "redis://localhost/0;rediss://broker.example.com/0",
            "redis://localhost/0;amqps://broker.example.com//",
            "amqps://kyc:secret@one.example.com//;amqps://kyc:secret@two.example.com//",
        )
    ],
    "kyc.E080": [{"KYC_ORGANISATION_NAME": name} for name in ("B" * 101, "...")],
    "kyc.E081": [{"KYC_LEGAL_BASIS": text} for text in ("b" * 301, "-")],
    "kyc.E082": [
        {"KYC_PRIVACY_NOTICE_URL": url}
        for url in (
            "http://bank.example/privacy",
            "bank.example/privacy",
            "javascript:alert(1)",
            "https://us:secret@bank.example",
            "https://",
        )
    ],
    "kyc.E083": [
        {"KYC_ORGANISATION_CONTACT": contact}
        for contact in ("help", "0201 555 0123", "http://bank.example", "help@bank.example?bcc=x@y.example")
    ],
    "kyc.E084": [
        {"KYC_DATA_PROTECTION_CONTACT": contact} for contact in ("data protection", "tel:+12015550123")
    ],
    "kyc.E085": [
        {"KYC_ORGANISATION_LOGO": path}
        for path in ("/nowhere/logo.png", "/", __file__, f"{PROJECT}/static/icons/favicon.svg")
    ],
    "kyc.E086": [
        {"KYC_ORGANISATION_COLOUR": colour}
        for colour in ("green", "#0b3", "#ffd400", "#ffffff", "#777777", "0b3d91", "#0b3d91;")
    ],
    "kyc.E090": [{**MAIL, "KYC_EMAIL_URL": "file:///var/mail"}],
    "kyc.E091": [
        {**MAIL, "KYC_EMAIL_URL": f"smtp://{host}?tls=none"}
        for host in ("mail.example.com", "kyc:secret@10.0.0.5", "mail.localhost.example:25")
    ],
    "kyc.E092": [
        {**MAIL, "KYC_EMAIL_FROM": sender}
        for sender in (
            "",
            "bank.example",
            "Bank <bank.example>",
            "Bank, Example <kyc@bank.example>",
            "a@b.example <c>",
        )
    ],
    "kyc.E093": [
        {"KYC_SMS_SENDER": path}
        for path in (
            "sms",
            "nowhere.send",
            "os.environ",
            "os.no_such_thing",
            "verification.messages.sms:send",
        )
    ],
    "kyc.E094": [{**MAIL, "KYC_ALERT_EMAIL": "ops"}, {"KYC_ALERT_EMAIL": "ops@bank.example"}],
    "kyc.E095": [
        {"KYC_ALERT_WEBHOOK": url}
        for url in (
            "http://hooks.example.com/x",
            "hooks.example.com",
            "https://kyc:secret@hooks.example.com",
            "https://",
        )
    ],
    "kyc.E096": [
        {"KYC_ALERT_WEBHOOK": "https://hooks.example.com/x", "KYC_ALERT_WEBHOOK_SECRET": secret}
        for secret in ("whsec_c2hvcnQ=", "secret", f"whsec_{'A' * 100}")
    ]
    + [{"KYC_ALERT_WEBHOOK_SECRET": f"whsec_{'A' * 40}"}],
    "kyc.E110": [
        {"KYC_TRAIL_ANCHORS": "mailto:auditor@example.org"},
        {**MAIL, "KYC_TRAIL_ANCHORS": "mailto:nobody"},
    ],
    "kyc.E111": [
        {"KYC_TRAIL_ANCHORS": "tsa+https://tsa.example.com"},
        {"KYC_TRAIL_ANCHORS": "tsa+https://tsa.example.com", "KYC_TRAIL_TSA_CA_FILE": "/nowhere/tsa.pem"},
        {"KYC_TRAIL_ANCHORS": "tsa+https://tsa.example.com", "KYC_TRAIL_TSA_CA_FILE": __file__},
    ],
    "kyc.E112": [
        {"KYC_TRAIL_ANCHORS": f"witness+https://w.example.com{key}"}
        for key in ("", "#", "#w.example.com", WITNESS.replace("+", "+0", 1), WITNESS[:-8])
    ],
    "kyc.E113": [{"KYC_TRAIL_ANCHORS": "s3://anchors?endpoint_url=http://s3.example.com"}],
}

SAFE: list[dict[str, str]] = [
    {},
    DEMO,
    {**DEMO, "KYC_PUBLIC_URL": "http://localhost:8000", "ALLOWED_HOSTS": ""},
    {**DEMO, "ALLOWED_HOSTS": "localhost,127.0.0.2,[::1],kyc.localhost"},
    {"KYC_PUBLIC_URL": "https://verify.example.com/"},
    {"ALLOWED_HOSTS": "verify.example.com,kyc.internal,10.0.0.5,[fd00::5]"},
    {"ALLOWED_HOSTS": "Verify.Example.COM"},
    {"CSRF_TRUSTED_ORIGINS": "https://kyc.example.com"},
    {"KYC_FACEID_ENDPOINT": "https://faceid.ap-singapore.tencentcloudapi.com"},
    {"KYC_FACEID_ENDPOINT": ""},
    {"KYC_FACEID_ENDPOINT": "https://faceid.intl.tencentcloudapi.com/"},
    {"KYC_FACEID_ENDPOINT": "https://faceid.intl.tencentcloudapi.com:443/"},
    {"KYC_PUBLIC_URL": "https://verify.example.com:443/"},
    FALLBACK,
    SECOND,
    {"DATABASE_URL": "postgresql:///kyc"},
    {"DATABASE_URL": "postgresql://kyc@%2Frun%2Fpostgresql/kyc"},
    {"DATABASE_URL": f"{PG}localhost:6432/kyc"},
    {"DATABASE_URL": f"{PG}%2Frun%2Fpostgresql,127.0.0.1,x.localhost/kyc"},
    {"DATABASE_URL": f"{PG}one.example.com,two.example.com/kyc?sslmode=verify-full&sslrootcert=system"},
    {"DATABASE_URL": f"{PG}db.example.com/kyc?sslmode=verify-full&sslrootcert=system"},
    {"DATABASE_URL": f"{PG}db.example.com/kyc?sslmode=verify-ca&sslrootcert={__file__}"},
    {"CELERY_BROKER_URL": "redis+socket:///run/redis/redis.sock"},
    {"CELERY_BROKER_URL": "amqp://kyc:secret@127.0.0.1:5672/kyc"},
    {"CELERY_BROKER_URL": "rediss://:secret@broker.example.com:6379/0"},
    {"CELERY_BROKER_URL": "rediss://broker.example.com/0?ssl_cert_reqs=required"},
    {"CELERY_BROKER_URL": "rediss://:secret@one.example.com/0;REDISS://:secret@two.example.com/0"},
    {"CELERY_BROKER_URL": "amqps://kyc:secret@broker.example.com//"},
    {"STORAGE_URL": "s3://evidence?endpoint_url=https://s3.example.com"},
    {"STORAGE_URL": "s3://evidence"},
    {
        "KYC_TRAIL_ANCHORS": f"file:///mnt/outside, s3://anchors/kyc, witness+https://w.example.com/log{WITNESS}"
    },
    {**MAIL, "KYC_TRAIL_ANCHORS": "mailto:auditor@example.org"},
    {"KYC_OUTBOUND_PROXY": "http://portal:password@proxy.example:3128"},
    {"KYC_OUTBOUND_PROXY": "https://proxy.example"},
    {
        "KYC_ORGANISATION_CONTACT": "+1 (201) 555-0123",
        "KYC_DATA_PROTECTION_CONTACT": "https://bank.example/data",
    },
    {"KYC_ORGANISATION_NAME": "Müller & Söhne <Bank>", "KYC_PRIVACY_NOTICE_URL": "https://bank.example"},
    {
        "KYC_ORGANISATION_COLOUR": "#0B3D91",
        "KYC_ORGANISATION_LOGO": f"{PROJECT}/docs/images/capture.png",
    },
    MAIL,
    {**MAIL, "KYC_EMAIL_URL": "smtp://mail.example.com:2525?tls=tls", "KYC_EMAIL_FROM": "kyc@bank.example"},
    {
        **MAIL,
        "KYC_EMAIL_URL": "smtp://localhost?tls=none",
        "KYC_ALERT_EMAIL": "ops@bank.example,boss@bank.example",
    },
    {
        "KYC_ALERT_WEBHOOK": "https://10.0.0.5:8443/hook?key=x",
        "KYC_ALERT_WEBHOOK_SECRET": f"whsec_{'A' * 40}",
    },
    {"KYC_SMS_SENDER": "verification.messages.sms.send"},
    {"KYC_SECURITY_CONTACT": "mailto:security@example.com,https://example.com/report"},
    {"KYC_KEYRING": f"{new_entry('2026-12')}\n{new_entry('2026-11')}"},
    {"KYC_DOSSIER_CERTIFICATE": SIGNER.pem.strip()},
    {
        "KYC_DOSSIER_CERTIFICATE": AUTHORITY.signer(
            ends=YEAR, key=rsa.generate_private_key(65537, 3072)
        ).pem.strip()
    },
    {"SECRET_KEY": "5f0c1d9b7a3e86422c4d8e1f6b0a9375d2e8c7f1a4b6093e58"},
    {"SECRET_KEY": "#(9-w$k!x@2&z^q*4%j_7=m+e(0)b8n5v1c3r6t#y-u$i!o@p^a"},
]

# Refused before any check, by their names. None of these values is told, where it may be a secret.
REFUSED: list[tuple[str, str]] = [
    *((name, "0") for name in ("KYC_FACEID_RATE", "KYC_STAFF_IDLE_MINUTES", "KYC_STAFF_SESSION_HOURS")),
    ("KYC_FACEID_RATE", "1001"),
    ("KYC_STAFF_IDLE_MINUTES", "61"),
    ("KYC_STAFF_SESSION_HOURS", "25"),
    ("KYC_FACEID_DAILY_BUDGET", "-1"),
    ("KYC_FACEID_PRICE", "1001"),
    *(("KYC_FACEID_MORE_ACCOUNTS", names) for names in ("file", "default", "Second", "two,two", "a b")),
    ("KYC_MODE", "Production"),
    ("KYC_DATA_DIR", "'/srv'"),
    ("KYC_FACEID_RAET", "20"),
    ("SECRET_KEY", ""),
    ("SECRET_KEY", f"'{KEY}'"),
    ("KYC_KEYRING", f"{PRODUCTION['KYC_KEYRING']} # 2026"),
    ("TENCENTCLOUD_SECRET_ID", "AKIDexample\N{ZERO WIDTH SPACE}"),
    ("TENCENTCLOUD_SECRET_KEY", " example"),
    ("DATABASE_URL", f"{PG}db.example.com/kyc?sslmode=verify-ca&sslrootcert=system"),
    ("DATABASE_URL", f"{PG}db.example.com/kyc?sslmode=require&sslrootcert=system"),
    ("DATABASE_URL", f"{PG}db.example.com/kyc?sslmode=verify-full&sslrootcert=/nowhere/db.pem"),
    ("DATABASE_URL", f"{PG}db.example.com/kyc?sslmode=verify-full&sslcert=/nowhere/kyc.pem"),
    ("DATABASE_URL", "postgresql:///kyc?host=/run/postgresql"),
    ("LOG_LEVL", "DEBUG"),
    ("CSRF_TRUSTED_ORIGIN", "https://kyc.example.com"),
    ("DATABASE_URL", "mysql://kyc@localhost/kyc"),
    *(
        ("KYC_TRAIL_ANCHORS", place)
        for place in (
            "/mnt/outside",
            "file://host/outside",
            "file:///mnt/../outside",
            "s3://Bucket",
            "mailto:",
            "mailto:a@example.org?subject=x",
            "https://w.example.com",
            "witness+http://w.example.com",
            "tsa+https://user:secret@tsa.example.com",
            "tsa+https://tsa.example.com?key=secret",
            "file:///a,file:///a",
            f"file:///{'a' * 500}",
        )
    ),
    ("CELERY_BROKER_READ_URL", "redis://elsewhere/0"),
    ("LOG_LEVEL", "info # quiet"),
    *(
        ("KYC_EMAIL_URL", url)
        for url in (
            "mail.example.com",
            "smtp://kyc@mail.example.com",
            "smtp://mail.example.com/path",
            "smtp://mail.example.com?tls=maybe",
            "smtp://mail.example.com?ssl=1",
            "smtp://kyc:pass#word@mail.example.com",
            "https://mail.example.com",
        )
    ),
    *(
        (name, "")
        for name in sorted(PRODUCTION)
        if name.startswith(("KYC_ORG", "KYC_PRIV", "KYC_LEG", "KYC_DATA_P"))
    ),
]
