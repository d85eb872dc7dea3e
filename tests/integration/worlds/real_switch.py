"""A real FreeSWITCH with the configuration that this project renders, and SIP phones.

For each slot the product's own templates give a SIP profile and a dialplan context; only the
profile `tests`, by which a caller can have channel variables set, is ours.
"""

import contextlib
import os
import shutil
import subprocess
from abc import abstractmethod
from pathlib import Path
from typing import Any

from adapter.rendering import render_freeswitch_conf
from worlds.codec_phone import CodecPhone
from worlds.event_socket import Endings, EventSocket
from worlds.phones import Answering, Called, Dialling, Phone
from worlds.ports import find_ports
from worlds.real_phones import PhoneAgent, RealCalled, RealPhone, Refusing
from worlds.sip_stub import SipStub
from worlds.sipp_phone import SippPhone
from worlds.switches import CALLER, DEAD_GATEWAY, GATEWAY, MAIN, OTHER, OTHER_PATH, SLOTS, Switch
from worlds.waiting import eventually

BINARIES = ("/usr/local/freeswitch/bin", "/opt/freeswitch/bin", "/usr/bin")
PASSWORD = "integration-tests"
START_DEADLINE = 90.0
STOP_DEADLINE = 2.0
"""Seconds for an orderly end: nothing of the switch is looked at afterwards."""

FOLDERS = ("log", "db", "run", "scripts", "temp", "storage", "cache", "recordings")
MEDIA_PORTS = 120
"""For the switch, and as many for the phones: two for each call."""

SIP_PROFILES = (*SLOTS, "tests")
WIDE_CODECS = "PCMU,PCMA,L16@16000h"
"""Of the profile `tests`: phones may change from one rate to another."""

PROFILES = {MAIN: "internal", OTHER: "other"}
CONTEXTS = {MAIN: "public", OTHER: "other"}

BUSY = 486
"""How a phone refuses; the stub refuses in other ways."""

GATEWAY_XML = """<include>
  <gateway name="{name}">
    <param name="username" value="tests"/>
    <param name="proxy" value="127.0.0.1:{port}"/>
    <param name="register" value="false"/>
    <param name="caller-id-in-from" value="true"/>
  </gateway>
</include>
"""

# Sets what the call's X-Variable-... headers ask for, and goes on in the product's dialplan.
VARIABLES_DIALPLAN = """<include>
  <context name="tests">
    <extension name="variables">
      <condition>
        <action application="set" data="swml_url=${sip_h_X-Variable-swml_url}"/>
        <action application="transfer" data="${destination_number} XML public"/>
      </condition>
    </extension>
  </context>
</include>
"""


class RealSwitch(Switch):
    """FreeSWITCH; how its process is started is the subclasses' affair."""

    kind = "real"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        block = find_ports(2 * MEDIA_PORTS + len(SLOTS) + len(SIP_PROFILES) + 3)
        media, ports = block[: 2 * MEDIA_PORTS], iter(block[2 * MEDIA_PORTS :])
        self.adapter_ports = {slot: next(ports) for slot in SLOTS}
        self._sip_ports = {name: next(ports) for name in SIP_PROFILES}
        self._event_socket_port, phones_port = next(ports), next(ports)
        self._stub = SipStub()
        self._write_configuration(media[0], media[MEDIA_PORTS - 1])
        self._write_gateways({GATEWAY: phones_port, DEAD_GATEWAY: next(ports)})
        for name in FOLDERS:
            (folder / name).mkdir(exist_ok=True)
        self._start()
        try:
            self.sockets = dict.fromkeys(SLOTS, self._connect())
            self.endings = dict.fromkeys(SLOTS, Endings(self._event_socket_port, PASSWORD))
            self._agent = PhoneAgent(media[MEDIA_PORTS:], phones_port)
        except BaseException:
            self._stop()
            raise

    def uri(self, number: str, slot: str = MAIN) -> str:
        return f"sip:{number}@127.0.0.1:{self._sip_ports[slot]}"

    def call(self, dialling: Dialling) -> Phone:
        if dialling.refer.startswith(("refuse ", "stay ", "ask ")):
            return SippPhone(self.folder / "sipp", self._sip_ports[dialling.slot], dialling)
        if dialling.changes_codec:
            return CodecPhone(self._sip_ports["tests"], dialling)
        if not dialling.variables:
            port = dialling.port or self._sip_ports[dialling.slot]
            return RealPhone.dial(self._agent, port, dialling)
        headers = {f"X-Variable-{name}": value for name, value in dialling.variables.items()}
        with_headers = Dialling(
            dialling.to,
            dialling.says,
            dialling.name,
            dialling.caller,
            {**dialling.headers, **headers},
        )
        return RealPhone.dial(self._agent, self._sip_ports["tests"], with_headers)

    def expect(self, user: str, answering: Answering) -> Called:
        if answering.silent or answering.vanishes or answering.status not in {None, BUSY}:
            return Refusing(self._stub, user, answering)
        return RealCalled(self._agent, user, answering)

    def join(self, first: str, second: str, slot: str = MAIN) -> None:
        """One call of the switch to itself: its near end is in the dialplan too."""
        variables = f"{{origination_caller_id_number={CALLER}}}"
        address = f"sofia/{PROFILES[slot]}/{second}@127.0.0.1:{self._sip_ports[slot]}"
        self.api(f"bgapi originate {variables}{address} {first} XML {CONTEXTS[slot]}")

    def violations(self) -> list[list[str]]:
        """A real switch keeps no account of what it was made to run; tests look for traces."""
        return []

    def stop(self) -> None:
        self._agent.stop()
        self._stub.close()
        self._stop()

    @abstractmethod
    def _start(self) -> None:
        """Start the process."""

    @abstractmethod
    def _stop(self) -> None:
        """End the process."""

    def _write_configuration(self, first_media_port: int, last_media_port: int) -> None:
        common: dict[str, Any] = {
            "rtp_start_port": first_media_port,
            "rtp_end_port": last_media_port,
            "event_socket_port": self._event_socket_port,
            "event_socket_password": PASSWORD,
            "log_level": "info",
            "switch_name": "freeswitch-tests",
        }
        for slot, path in ((MAIN, ""), (OTHER, OTHER_PATH)):
            render_freeswitch_conf(
                self.folder / f"rendered-{slot}",
                adapters=[f"127.0.0.1:{self.adapter_ports[slot]}"],
                path=path,
                sip_profile=PROFILES[slot],
                sip_port=self._sip_ports[slot],
                context=CONTEXTS[slot],
                **common,
            )
        conf, other = self.folder / "conf", self.folder / "rendered-other"
        shutil.copytree(self.folder / "rendered-main", conf)
        profile = (other / "sip_profiles" / "internal.xml").read_text()
        (conf / "sip_profiles" / "other.xml").write_text(profile)
        dialplan = (other / "dialplan" / "public.xml").read_text()
        (conf / "dialplan" / "other.xml").write_text(dialplan)
        self._write_tests_profile(conf, profile)

    def _write_gateways(self, ports: dict[str, int]) -> None:
        folder = self.folder / "conf" / "sip_profiles" / PROFILES[MAIN]
        folder.mkdir()
        for name, port in ports.items():
            text = GATEWAY_XML.format(name=name, port=port)
            (folder / f"{name}.xml").write_text(text)

    def _write_tests_profile(self, conf: Path, profile: str) -> None:
        ours = (
            profile.replace('<profile name="other">', '<profile name="tests">')
            .replace(f'value="{self._sip_ports[OTHER]}"', f'value="{self._sip_ports["tests"]}"')
            .replace('name="context" value="other"', 'name="context" value="tests"')
            .replace('value="$${global_codec_prefs}"', f'value="{WIDE_CODECS}"')
        )
        (conf / "sip_profiles" / "tests.xml").write_text(ours)
        (conf / "dialplan" / "tests.xml").write_text(VARIABLES_DIALPLAN)

    def _connect(self) -> EventSocket:
        socket = eventually(self._try_to_connect, within=START_DEADLINE, what="FreeSWITCH")
        eventually(
            lambda: socket.api("sofia status").count("RUNNING") == len(self._sip_ports),
            within=START_DEADLINE,
            what="the SIP profiles",
        )
        return socket

    def _try_to_connect(self) -> EventSocket | None:
        try:
            return EventSocket(self._event_socket_port, PASSWORD)
        except OSError:
            return None


class LocalSwitch(RealSwitch):
    """FreeSWITCH as it is installed here."""

    def __init__(self, folder: Path, binary: Path) -> None:
        self._binary = binary
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)

    def _start(self) -> None:
        command = switch_command(self._binary, self.folder)
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)

    def pid(self, slot: str) -> int:
        return self._process.pid

    def _stop(self) -> None:
        end_process(self._process)


def end_process(process: subprocess.Popen[bytes], *, at_once: bool = False) -> None:
    """Ends it in order, or after a while by force; `at_once`: as a crash does."""
    if not at_once:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_DEADLINE)
            return
    process.kill()
    process.wait(STOP_DEADLINE)


def find_binary() -> Path | None:
    """The FreeSWITCH of this machine: $FREESWITCH_BIN, PATH, or a usual folder."""
    named = os.environ.get("FREESWITCH_BIN")
    if named:
        return Path(named)
    found = shutil.which("freeswitch", path=os.pathsep.join((os.environ["PATH"], *BINARIES)))
    return Path(found) if found else None


def switch_command(binary: Path, folder: Path) -> list[str]:
    """What starts a FreeSWITCH that keeps everything in a folder (`conf` and FOLDERS there)."""
    command = [str(binary), "-nf", "-nc", "-nonat", "-nort"]
    for name in ("conf", *FOLDERS):
        command += [f"-{name}", str(folder / name)]
    if modules := _modules_of(binary):
        command += ["-mod", str(modules)]
    return command


def _modules_of(binary: Path) -> Path | None:
    """The modules beside a binary that was installed under a folder of its own."""
    root = binary.resolve().parent.parent
    candidates = (root / "lib" / "freeswitch" / "mod", root / "mod")
    return next((path for path in candidates if path.is_dir()), None)
