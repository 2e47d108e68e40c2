"""A media function whose module, when a child loads it, leaves that child one second of processor time."""

import resource

resource.setrlimit(resource.RLIMIT_CPU, (1, 2))


def burn_cpu() -> None:
    while True:
        pass
