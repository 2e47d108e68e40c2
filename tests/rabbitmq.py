"""A RabbitMQ for tests and benches that lives as long as its `with` block and leaves nothing behind.

Everything that could meet another RabbitMQ of this machine is its own: name, home with the cookie, ports, data folder,
and the port mapper `epmd`, which runs in the same process group.
"""

import os
import shutil
from pathlib import Path

from tests.processes import Process
from tests.services import Redis, free_port

# The package's wrapper on the PATH refuses every account but root and its own.
PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class RabbitMQ(Process):
    """A broker; `url` is a CELERY_BROKER_URL."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        super().__init__("sh", "-c", f"epmd & exec {PROGRAM}", ready="Server startup complete")

    @classmethod
    def missing(cls) -> str:
        there = PROGRAM.exists() and shutil.which("epmd")
        return "" if there else "RabbitMQ is missing: install the package rabbitmq-server."

    def start(self) -> None:
        if self._environment is None:
            self._environment = {**self._names(), **self._ports(), **self._files()}
        super().start()

    def empty(self) -> None:
        """Deletes its data; it must not run."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def _names(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_LOGS": "-",
            # The start script becomes the server, so that SIGTERM reaches it.
            "RABBITMQ_ALLOW_INPUT": "1",
        }

    def _ports(self) -> dict[str, str]:
        local = "-kernel inet_dist_use_interface {127,0,0,1}"
        return {
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # One thread, which does not spin while it waits, is enough for tests.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-noinput {local} +S 1:1 +sbwt none",
        }

    def _files(self) -> dict[str, str]:
        plugins = self.folder / "plugins"
        plugins.write_text("[].", encoding="ascii")
        return {
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "data"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            # Else a crash at the start writes it into the working folder, which is the project's.
            "ERL_CRASH_DUMP": str(self.folder / "erl_crash.dump"),
            # Neither exists: the settings of this machine's own RabbitMQ are not read.
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
        }


def broker_of_this_run() -> "Redis | RabbitMQ":
    """The broker that TEST_BROKER names."""
    return RabbitMQ() if os.environ["TEST_BROKER"] == "rabbitmq" else Redis()
