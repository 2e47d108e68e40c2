"""`python -m kyc_portal.sandbox.emulator`: the emulator alone, without the portal."""

import argparse
import signal
from threading import Event

from kyc_portal.sandbox.emulator.server import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY, EmulatorServer


def main() -> None:
    options = _parser().parse_args()
    if bool(options.secret_id) != bool(options.secret_key):
        raise SystemExit("give both --secret-id and --secret-key, or neither")
    server = EmulatorServer(
        options.host,
        options.port,
        credentials={
            options.secret_id or SANDBOX_SECRET_ID: options.secret_key or SANDBOX_SECRET_KEY,
        },
        rate=options.rate,
        latency_ms=options.latency_ms,
    )
    with server:
        print(f"emulator listening on {server.url}", flush=True)
        _until_stopped()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="emulator", description="Answers CompareFaceLiveness calls as the vendor would. Judges no faces."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8010, help="0 picks a free one")
    parser.add_argument("--rate", type=int, default=20, help="accepted calls a second")
    parser.add_argument("--latency-ms", type=int, default=0, help="wait before each answer")
    parser.add_argument("--secret-id", help="instead of the sandbox's")
    parser.add_argument("--secret-key", help="belongs to --secret-id")
    return parser


def _until_stopped() -> None:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()


if __name__ == "__main__":
    main()
