"""What a Debian machine must have: installed for root, said in one command to anybody else."""

import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "deploy" / "debian" / "requisites.sh"


def machine(folder: Path, uid: int, **environment: str) -> dict[str, str]:
    """A PATH on which `id` answers as told and apt-get writes down what it was asked."""
    folder.mkdir()
    for name in ("sh", "rm", "chmod", "env"):
        (folder / name).symlink_to(shutil.which(name) or name)
    for name, text in {"id": f"echo {uid}", "apt-get": f'echo "$@" >> {folder}/asked', "python3": "exit 1"}.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder), **environment}


def run(environment: dict[str, str], *packages: str) -> subprocess.CompletedProcess[str]:
    """The script on such a machine."""
    return subprocess.run([SCRIPT, *packages], env=environment, check=False, capture_output=True, text=True)


def test_without_root_it_says_the_one_command_and_stops(tmp_path: Path) -> None:
    """All that is missing is in one command; nothing was done."""
    done = run(machine(tmp_path / "bin", 1000), "python3-venv", "no-such-program")
    assert done.returncode == 1
    command = "sudo apt-get install --yes --no-install-recommends python3.11-venv no-such-program"
    assert done.stderr.splitlines()[-1].strip() == command
    assert not (tmp_path / "bin" / "asked").exists()


def test_nothing_is_asked_of_a_machine_that_has_everything(tmp_path: Path) -> None:
    """No package manager is called, and a broker that is given elsewhere need not be installed."""
    environment = machine(tmp_path / "bin", 0, SHENGZHI_AMQP_URI="amqp://elsewhere")
    done = run(environment, "rabbitmq-server", "apt-get")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "bin" / "asked").exists()


def test_root_gets_what_is_missing_and_no_service_is_started(tmp_path: Path) -> None:
    """The lists are brought up to date, exactly what is missing is installed, starting is forbidden meanwhile."""
    policy = tmp_path / "policy"
    environment = machine(tmp_path / "bin", 0, POLICY=str(policy))
    with (tmp_path / "bin" / "apt-get").open("a") as apt:
        apt.write(f"{policy}; echo start: $? >> {tmp_path}/bin/asked\n")
    assert run(environment, "no-such-program", "sh").returncode == 0
    assert (tmp_path / "bin" / "asked").read_text().splitlines() == [
        "update --quiet --quiet",
        "start: 101",
        "install --yes --quiet --no-install-recommends no-such-program",
        "start: 101",
    ]
    assert not policy.exists()


def test_a_policy_of_the_administrator_is_left_alone(tmp_path: Path) -> None:
    """Where somebody already decides which services start, that stays as it is."""
    policy = tmp_path / "policy"
    policy.write_text("theirs")
    assert run(machine(tmp_path / "bin", 0, POLICY=str(policy)), "no-such-program").returncode == 0
    assert policy.read_text() == "theirs"
