"""A stand-in for Tencent Cloud's CompareFaceLiveness that speaks its protocol and judges no faces.

It exists so that the portal can be run, tested and demonstrated without an account, and so that
every answer the vendor could give, good or broken, can be called up at will. It must know nothing
of Django, of `verification` or of the rest of the portal: two programs that share their signing
code can share a mistake and never notice.

Every call stands in the ledger from the moment its head arrived, with a state that says how far it
has got (`ledger.State`). To catch a call at one point, script `latency_ms` or the fault `hold` and
ask the ledger until the call is "waiting" or "held"; `POST /_emulator/release` lets the held go.
"""

from kyc_portal.sandbox.emulator.clock import Clock
from kyc_portal.sandbox.emulator.server import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY, EmulatorServer

__all__ = ["SANDBOX_SECRET_ID", "SANDBOX_SECRET_KEY", "Clock", "EmulatorServer"]
