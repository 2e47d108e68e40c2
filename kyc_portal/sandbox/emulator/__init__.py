"""A stand-in for Tencent Cloud's CompareFaceLiveness that speaks its protocol and judges no faces.

With it the portal can be run, tested and demonstrated without an account, and every answer of the
vendor, good or broken, can be scripted. It knows nothing of Django, of `verification` or of the rest
of the portal: two programs that share their signing code could share a mistake unnoticed.

Every call is in the ledger from the moment its head arrived, with its state (`ledger.State`). To catch a
call at one point, script `latency_ms` or the fault `hold` and poll the ledger until the call is "waiting"
or "held"; `POST /_emulator/release` sends the held replies.
"""

from kyc_portal.sandbox.emulator.accounts import Account
from kyc_portal.sandbox.emulator.clock import Clock
from kyc_portal.sandbox.emulator.server import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY, EmulatorServer

__all__ = ["SANDBOX_SECRET_ID", "SANDBOX_SECRET_KEY", "Account", "Clock", "EmulatorServer"]
