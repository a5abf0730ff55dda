"""A private RabbitMQ node: its own name, ports, cookie and folders, on the loopback interface alone."""

import base64
import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

from services.cli.local.process import LaunchError, Process, kept_ports, wait_ready

SCRIPTS = Path("/usr/lib/rabbitmq/bin")  # the wrapper in /usr/sbin insists on the system's user
MEMORY_WATERMARK = "256MB"
USER = "shengzhi"
START_SECONDS = 60.0


class Broker:
    """A broker under `folder/broker`. Starting it again keeps its queues; every vhost named is created.

    One that another process has started and that is `running` can be asked something; its ports are not chosen anew.
    """

    def __init__(self, folder: Path, vhosts: tuple[str, ...] = (), *, running: bool = False) -> None:
        self.folder = folder.resolve() / "broker"
        self.vhosts = vhosts
        self.folder.mkdir(parents=True, exist_ok=True)
        self.password = self._password()
        self.port, self._epmd_port, self._distribution_port = self._ports(running=running)
        logs, environment = self.folder / "log", self._environment()
        self.epmd = Process("epmd", self._epmd_command(), logs / "epmd.log", environment)
        self.node = Process("rabbitmq", [str(SCRIPTS / "rabbitmq-server")], logs / "node.log", environment)

    @property
    def uri(self) -> str:
        """Where the platform connects."""
        return self.uri_of("/")

    def uri_of(self, vhost: str) -> str:
        """The address of one vhost."""
        return self.uri_as(USER, self.password, vhost)

    def uri_as(self, user: str, password: str, vhost: str = "/") -> str:
        """The address of one vhost for another account."""
        return f"amqp://{user}:{password}@127.0.0.1:{self.port}/{vhost.replace('/', '%2F')}"

    @property
    def processes(self) -> list[Process]:
        """The node and the name server it registers with."""
        return [self.epmd, self.node]

    def launch(self) -> None:
        """Start without waiting, so that the store can start meanwhile."""
        if not (SCRIPTS / "rabbitmq-server").exists():
            raise LaunchError("没有 RabbitMQ：请安装 rabbitmq-server，或设置 SHENGZHI_AMQP_URI。")
        self._write_configuration()
        self.epmd.start()
        wait_ready(self.epmd, lambda: _listens(self._epmd_port), START_SECONDS)
        self.node.start()

    def wait(self) -> None:
        """Return when the broker speaks AMQP."""
        wait_ready(self.node, self.answers, START_SECONDS)

    def start(self) -> "Broker":
        """Start and wait."""
        self.launch()
        self.wait()
        return self

    def answers(self) -> bool:
        """True when the broker greets a client."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.settimeout(2)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    def stop(self) -> None:
        """End the node, then its name server."""
        for process in (self.node, self.epmd):
            process.stop()

    def control(self, *arguments: str, given: str | None = None) -> str:
        """Run rabbitmqctl against this node (about two seconds); `given` is what it reads, a password perhaps.

        Raises:
            LaunchError: it failed; says what it said.
        """
        command = [str(SCRIPTS / "rabbitmqctl"), "--quiet", *arguments]
        done = subprocess.run(
            command, check=False, env=self._environment(), input=given, capture_output=True, text=True, timeout=60
        )
        if done.returncode != 0:
            raise LaunchError(f"rabbitmqctl {' '.join(arguments)}：{done.stdout}{done.stderr}")
        return done.stdout

    def __enter__(self) -> "Broker":
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _password(self) -> str:
        kept = self.folder / "password"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_urlsafe(24))
        return kept.read_text()

    def _ports(self, *, running: bool) -> list[int]:
        """AMQP, name server, distribution: those of the last start while nobody has taken them."""
        if running:
            return list(json.loads((self.folder / "ports.json").read_text()))
        return kept_ports(self.folder / "ports.json", 3)

    def _epmd_command(self) -> list[str]:
        return [shutil.which("epmd") or "epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"]

    def _environment(self) -> dict[str, str]:
        """Nothing of the system's broker is read: not its cookie, not its /etc, not its log folder."""
        home = self.folder / "home"
        arguments = "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1"
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP": str(self.folder / "log" / "erl_crash.dump"),
            "RABBITMQ_NODENAME": "shengzhi@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.folder / "generated"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": arguments,
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the node: its id is the one we have
        }

    def _write_configuration(self) -> None:
        (self.folder / "home").mkdir(mode=0o700, exist_ok=True)
        (self.folder / "enabled_plugins").write_text("[].\n")
        definitions = self.folder / "definitions.json"
        definitions.touch(mode=0o600)
        definitions.write_text(json.dumps(self._definitions()))
        lines = [
            f"listeners.tcp.default = 127.0.0.1:{self.port}",
            f"vm_memory_high_watermark.absolute = {MEMORY_WATERMARK}",
            "disk_free_limit.absolute = 50MB",
            "log.console = false",
            "log.file = rabbit.log",
            f"load_definitions = {definitions}",
        ]
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")

    def _definitions(self) -> dict[str, object]:
        salt = secrets.token_bytes(4)
        digest = hashlib.sha256(salt + self.password.encode()).digest()
        user = {
            "name": USER,
            "password_hash": base64.b64encode(salt + digest).decode(),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": "administrator",
        }
        names = ("/", *self.vhosts)
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        return {
            "users": [user],
            "vhosts": [{"name": name} for name in names],
            "permissions": [{"user": USER, "vhost": name, **everything} for name in names],
        }


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
