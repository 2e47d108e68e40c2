"""Sets the environment variables of the test run, before anything reads them."""

import gc
import os
import tempfile

os.environ.update(
    {
        "KYC_MODE": "demo",
        "KYC_DATA_DIR": tempfile.mkdtemp(prefix="kyc-tests-"),
        "KYC_PUBLIC_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        "KYC_FACEID_ENDPOINT": "http://127.0.0.1:9",
        "TENCENTCLOUD_SECRET_ID": "AKIDsandbox0000000000000000000000000",
        "TENCENTCLOUD_SECRET_KEY": "sandbox-secret-key-not-for-production",
        "CELERY_BROKER_URL": "memory://",
        "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "kyc_portal.settings",
    }
)
for name in ("DATABASE_URL", "SECRET_KEY", "TENCENTCLOUD_TOKEN"):
    os.environ.setdefault(name, "")
# Overrides a `.env` in the project: tests write and delete evidence.
for name in ("KYC_OUTBOUND_PROXY", "KYC_OUTBOUND_PROXY_FILE", "KYC_CA_FILE"):
    os.environ[name] = ""
for name in (
    "STORAGE_URL",
    "KYC_TRAIL_ANCHORS",
    "KYC_TRAIL_TSA_CA_FILE",
    "KYC_KEYRING",
    "KYC_KEYRING_FILE",
    "KYC_TRAIL_KEYS",
    "KYC_TRAIL_KEYS_FILE",
    "KYC_DOSSIER_CERTIFICATE",
    "KYC_DOSSIER_CERTIFICATE_FILE",
    "KYC_ACCEPT_HEIC",
):
    os.environ[name] = ""
# No fsync: a test's data need not survive a power cut.
os.fsync = lambda fd: None
# At Python's own threshold of 700 objects, the search for garbage took 14 % of a test file's time.
gc.set_threshold(10_000, 20, 20)


def pytest_collection_finish() -> None:
    """What is loaded by now stays, and is not searched again."""
    gc.collect()
    gc.freeze()
