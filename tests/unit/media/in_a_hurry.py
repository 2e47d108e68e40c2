"""A media function whose module limits the child that loads it to one second of processor time."""

import resource

resource.setrlimit(resource.RLIMIT_CPU, (1, 2))


def burn_cpu() -> None:
    while True:
        pass
