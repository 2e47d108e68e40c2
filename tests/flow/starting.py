"""Starts the portal once for each line of standard input, in a forked process, and prints what came of it.

A line is JSON: the whole `environment`, and the Python `code` that runs first. What prints is the refusal, or the ids
of the warnings. The libraries are loaded once and nothing of the portal is, so each start reads its own settings.
"""

import gc
import json
import os
import sys
import traceback
from importlib import import_module

# Loaded for their time alone: without them a start takes twice as long.
LIBRARIES = """
allauth av axes boto3 celery.app.amqp celery.events celery.worker.worker cryptography.x509
cryptography.hazmat.primitives.ciphers.aead django.contrib.postgres.fields django.contrib.staticfiles.finders
django.core.handlers.wsgi django.core.mail.backends.smtp django.core.management.commands.migrate
django.core.servers.basehttp django.db.backends.postgresql.base django.db.models django.forms
django.template.backends.django django.test drf_spectacular fido2.server fido2.webauthn httpx jinja2
kombu.transport.redis PIL.Image psycopg pybase64 pygments.formatters requests rest_framework
rest_framework.settings smtplib storages.backends.s3 structlog unittest.mock uritemplate whitenoise.storage
xml.dom.minidom
"""
for library in LIBRARIES.split():
    import_module(library)
# A start is over before it has garbage to speak of, and looking at the libraries' objects copies their memory.
gc.freeze()
gc.disable()


def main() -> None:
    for line in sys.stdin:
        start = json.loads(line)
        ours, its = os.pipe()
        if os.fork() == 0:
            os.dup2(its, 1)
            _start(start["environment"], start["code"])
        os.close(its)
        with os.fdopen(ours) as output:
            print(json.dumps(output.read()), flush=True)
        os.wait()


def _start(environment: dict[str, str], code: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    try:
        exec(code)
        import_module("kyc_portal.wsgi")
        checks = import_module("django.core.checks")
        print(*(found.id for found in checks.run_checks()))
    except Exception as refused:
        print(type(refused).__name__, refused)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
