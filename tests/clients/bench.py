"""How the clients are run: as programs, with nothing but their own settings."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme
from worlds.adapter_process import ROOT, AdapterProcess
from worlds.phones import Phone
from worlds.sounds import tone
from worlds.waiting import eventually
from worlds.world import PROJECT, TOKEN, World

HERE = Path(__file__).parent
SWSH = ROOT / ".venv-swsh" / "bin" / "sw"
NODE_MODULES = HERE / "node_modules" / ".installed"
OFFICE = "office"
"""The topic of calls to numbers that begin so."""

DEADLINE = 60.0
"""Seconds for one run of a client, which may take ten to start on a busy machine."""


class Secure:
    """A CA of our own and what it issues."""

    def __init__(self, folder: Path) -> None:
        self.chain, self.key, self.ca = (folder / f"{n}.pem" for n in ("chain", "key", "ca"))
        self._ca = trustme.CA()
        self._ca.cert_pem.write_to_path(str(self.ca))
        self.issue()

    def issue(self) -> None:
        """A new certificate in the same files."""
        made = self._ca.issue_cert("localhost", "127.0.0.1")
        self.chain.write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))
        made.private_key_pem.write_to_path(str(self.key))


def place(adapter: AdapterProcess) -> str:
    """`127.0.0.1:PORT`, as clients want a space to be named."""
    return urlsplit(adapter.url).netloc


def environment(adapter: AdapterProcess) -> dict[str, str]:
    """Who and where, for SignalWire's Python clients."""
    return {
        "SIGNALWIRE_PROJECT_ID": PROJECT,
        "SIGNALWIRE_API_TOKEN": TOKEN,
        "SIGNALWIRE_SPACE": place(adapter),
    }


class Sw:
    """`sw`, the command line client."""

    def __init__(self, adapter: AdapterProcess, authority: Secure, home: Path) -> None:
        self._environment = {
            **os.environ,
            **environment(adapter),
            "SSL_CERT_FILE": str(authority.ca),
            "REQUESTS_CA_BUNDLE": str(authority.ca),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
        }

    def __call__(self, *arguments: str) -> Any:
        """What it prints as JSON; it must succeed."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done
        return json.loads(done.stdout) if done.stdout.strip()[:1] in ("{", "[") else done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SWSH), *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Run it in the background; its output is to be read from the process."""
        return subprocess.Popen(
            [str(SWSH), *arguments],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def script(self, name: str, **given: Any) -> subprocess.Popen[str]:
        """A script of this folder in the same surroundings; it talks by lines of JSON."""
        return subprocess.Popen(
            [str(SWSH.with_name("python")), str(HERE / name), json.dumps(given)],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


class Node:
    """Scripts in this folder, each of which prints one JSON value."""

    def __init__(self, authority: Secure) -> None:
        self._environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(authority.ca)}

    def run(self, script: str, **given: Any) -> Any:
        """Run it with `given` as its one argument."""
        done = subprocess.run(
            ["node", str(HERE / script), json.dumps(given)],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, done
        return json.loads(done.stdout)


class Relay:
    """A RELAY client of theirs: a program that prints what happens, one JSON object a line."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.kind = "node" if command[0] == "node" else "python"
        self.said: list[dict[str, Any]] = []
        self._other: list[str] = []
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self, within: float = DEADLINE, **wanted: Any) -> dict[str, Any]:
        """The first thing it said with these values."""

        def find() -> dict[str, Any] | None:
            failures = [one for one in self.said if "failed" in one and "failed" not in wanted]
            assert not failures, (failures, self._other[-20:])
            return next((one for one in self.said if wanted.items() <= one.items()), None)

        return eventually(find, within=within, what=f"{wanted} of {self.said} {self._other[-20:]}")

    def count(self, **wanted: Any) -> int:
        """How often it said something with these values."""
        return sum(wanted.items() <= one.items() for one in self.said)

    def states(self, kind: str, name: str = "state") -> list[str]:
        """The states of events of one kind, in order."""
        event = f"calling.call.{kind}"
        return [one[name] for one in self.said if one.get("event") == event and name in one]

    def tell(self, word: str) -> None:
        """What it waits for."""
        assert self._process.stdin
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self._process.wait(DEADLINE)

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("{"):
                self.said.append(json.loads(line))
            else:
                self._other.append(line)


def sdk_relay(adapter: AdapterProcess, authority: Secure, **given: Any) -> Relay:
    """signalwire-sdk's RelayClient."""
    command = [sys.executable, str(HERE / "relay_agent.py"), json.dumps(given)]
    own = {"SIGNALWIRE_RELAY_CA_FILE": str(authority.ca), "SIGNALWIRE_LOG_LEVEL": "warning"}
    return Relay(command, {**environment(adapter), **own})


def node_relay(adapter: AdapterProcess, authority: Secure, **given: Any) -> Relay:
    """@signalwire/realtime-api."""
    who = {"project": PROJECT, "token": TOKEN, "host": f"wss://{place(adapter)}"}
    command = ["node", str(HERE / "relay.js"), json.dumps({**who, **given})]
    return Relay(command, {"NODE_EXTRA_CA_CERTS": str(authority.ca)})


Start = Callable[..., Relay]
"""Starts a RELAY client with a scenario of its program."""

CALLER = 440


def ring(world: World, adapter: AdapterProcess, topic: str = OFFICE, **dialling: Any) -> Phone:
    """A call for the clients of a topic."""
    return world.call(to=world.new_number(topic), says=tone(CALLER), adapter=adapter, **dialling)
