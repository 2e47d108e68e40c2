"""`python -m kyc_portal.sandbox.emulator`: the emulator alone, without the portal."""

import argparse
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

from kyc_portal.sandbox.emulator.accounts import MAX_RATE, Account, BadAccount, parse_accounts
from kyc_portal.sandbox.emulator.parameters import strict_json
from kyc_portal.sandbox.emulator.script import MAX_LATENCY_MS
from kyc_portal.sandbox.emulator.server import SANDBOX, EmulatorServer

DESCRIPTION = "Answers CompareFaceLiveness calls as the vendor would. Judges no faces."


def main(arguments: Sequence[str] | None = None) -> None:
    parser = make_parser()
    try:
        serve(parser.parse_args(arguments))
    except (BadAccount, OSError) as error:
        parser.error(str(error))


def serve(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM. Raises BadAccount or OSError with a sentence for whoever typed the options."""
    server = EmulatorServer(
        options.host,
        options.port,
        accounts=accounts_of(options),
        rate=options.rate,
        latency_ms=options.latency_ms,
    )
    try:
        server.start()
    except OSError as error:
        raise OSError(f"can't listen on {options.host}:{options.port}: {error.strerror}") from error
    print(f"emulator listening on {server.url}", flush=True)
    _until_stopped()
    server.stop()


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulator", description=DESCRIPTION)
    add_options(parser)
    return parser


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=_whole(0, 65_535), default=8010, help="0 picks a free one (8010)")
    parser.add_argument("--rate", type=_whole(1, MAX_RATE), default=20, help="accepted calls a second (20)")
    parser.add_argument(
        "--latency-ms", type=_whole(0, MAX_LATENCY_MS), default=0, help="wait before each answer (0)"
    )
    parser.add_argument("--secret-id", help="instead of the sandbox's")
    parser.add_argument("--secret-key", help="belongs to --secret-id")
    parser.add_argument("--token", help="belongs to --secret-id, which is then a temporary one")
    parser.add_argument("--accounts", type=Path, metavar="FILE", help="a JSON list of accounts, instead")


def accounts_of(options: argparse.Namespace) -> list[Account]:
    """Raises BadAccount with a sentence for whoever typed the options."""
    one = {name: getattr(options, name) for name in ("secret_id", "secret_key", "token")}
    given = {name: value for name, value in one.items() if value is not None}
    if options.accounts and given:
        raise BadAccount("Give --accounts or one account's own options, not both.")
    if options.accounts:
        return parse_accounts(_read(options.accounts))
    if given and not (options.secret_id and options.secret_key):
        raise BadAccount("Give both --secret-id and --secret-key, or neither.")
    return parse_accounts([given]) if given else [SANDBOX]


def _read(path: Path) -> object:
    try:
        return strict_json(path.read_bytes())
    except OSError as error:
        raise BadAccount(f"--accounts can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadAccount("--accounts is not valid JSON.") from error


def _whole(least: int, most: int) -> Callable[[str], int]:
    """Reads a whole number from the command line, within these bounds."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be a whole number of {least} to {most}")
        return int(text)

    return read


def _until_stopped() -> None:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()


if __name__ == "__main__":
    main()
