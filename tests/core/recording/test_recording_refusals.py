"""Why a recording could not be made: a code and what to do, out of what the switch can be asked."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from adapter.freeswitch.errors import CommandFailed, ReplyTimeout, SwitchError
from adapter.recording import disk
from adapter.recording.refusals import SwitchTooOld, require_version, why_refused
from adapter.recording.state import Failure

REFUSED = CommandFailed("uuid_record", "Cannot record session!")


class FakeCall:
    """A call on a switch that answers these questions; others it refuses."""

    uuid = "u"

    def __init__(self, version: tuple[int, ...] = (1, 10, 12), **answers: str) -> None:
        self.switch_version = version
        self._answers = answers

    def api(self, command: bytes) -> str:
        for word, answer in self._answers.items():
            if word in command.decode():
                return answer
        raise CommandFailed("api", "no")


def failure(call: FakeCall, error: SwitchError, folder: Path, format_: str = "wav") -> Failure:
    archive = SimpleNamespace(folder=folder, switch_folder="/as/the/switch/sees/it")
    return why_refused(call, archive, format_, error)


@pytest.mark.parametrize(
    ("call", "error", "format_", "code"),
    [
        (FakeCall(), ReplyTimeout("no reply within 5 s"), "wav", "no_answer"),
        (FakeCall(module_exists="false"), REFUSED, "mp3", "format_unavailable"),
        (FakeCall(module_exists="true", read_codec="PCMU"), REFUSED, "mp3", "record_refused"),
        (FakeCall(read_codec="_undef_"), REFUSED, "wav", "no_media"),
        (FakeCall(read_codec=""), REFUSED, "wav", "no_media"),
        (FakeCall(read_codec="PCMU"), REFUSED, "wav", "record_refused"),
        (FakeCall(), REFUSED, "wav", "record_refused"),
        (FakeCall(), SwitchTooOld("1.10.6"), "wav", "switch_too_old"),
    ],
)
def test_each_refusal_has_its_code(
    tmp_path: Path, call: FakeCall, error: SwitchError, format_: str, code: str
) -> None:
    found = failure(call, error, tmp_path, format_)
    assert found.code == code
    assert found.message


@pytest.mark.parametrize("code", ["disk_full", "disk_read_only"])
def test_a_disk_is_the_reason_before_the_media(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(disk, "fault", lambda _: Failure(code, "free space"))
    assert failure(FakeCall(read_codec="_undef_"), REFUSED, tmp_path).code == code


def test_the_oldest_switch_that_will_do() -> None:
    require_version(FakeCall((1, 10, 7)))
    with pytest.raises(SwitchTooOld, match=r"1\.10\.6"):
        require_version(FakeCall((1, 10, 6)))
