"""Settings and callers' plans from plain data."""

from pathlib import Path
from typing import Any

import pytest

from adapter.simswitch import (
    Action,
    CallPlan,
    Pace,
    PlanFault,
    SettingsFault,
    SwitchSettings,
    adapter_dialplan,
)
from adapter.simswitch.profile import imported_headers, safe_name
from adapter.simswitch.settings import load_settings


def test_settings_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "switch.yaml"
    path.write_text(
        "version: 1.10.6\npace: flat\nmissing_modules: [mod_shout]\n"
        "dialplan:\n  '^1': [answer, {socket: 'h:1 async full'}]\n  '.*': [{hangup: USER_BUSY}]\n"
    )
    settings = load_settings(path)
    assert settings.pace is Pace.FLAT
    assert "mod_shout" not in settings.modules
    assert not settings.keeps_recording_variables
    assert settings.dialplan[0].actions == (Action("answer"), Action("socket", "h:1 async full"))


@pytest.mark.parametrize(
    ("version", "keeps"), [("1.10.6", False), ("1.10.7", True), ("1.11.3-dev", True)]
)
def test_versions(version: str, keeps: bool) -> None:
    assert SwitchSettings(version=version).keeps_recording_variables is keeps


def test_every_host_of_the_default_dialplan_has_the_path() -> None:
    (extension,) = adapter_dialplan("a:1|b:2", "sales")
    assert Action("socket", "a:1/sales|b:2/sales async full") in extension.actions


@pytest.mark.parametrize("text", ["wrong: 1", "- a", "dialplan: {a: b}", "dialplan: [[1]]", "{"])
def test_wrong_settings(text: str, tmp_path: Path) -> None:
    path = tmp_path / "switch.yaml"
    path.write_text(text)
    with pytest.raises(SettingsFault):
        load_settings(path)


def test_a_plan() -> None:
    plan = CallPlan.from_data(
        {
            "from": "+1555",
            "to": 100,
            "says": {"tone": 300},
            "steps": [{"at": 1, "digits": "12"}, {"on": "PLAYBACK_START", "hangup": True}],
        }
    )
    assert plan.facts.to_number == "100"
    assert plan.says is not None
    assert plan.says.tone == (300.0,)
    assert plan.steps[1].hangup == "NORMAL_CLEARING"


@pytest.mark.parametrize("data", [{"form": "1"}, {"steps": [{"att": 1}]}])
def test_a_plan_with_an_unknown_word(data: dict[str, Any]) -> None:
    with pytest.raises(PlanFault):
        CallPlan.from_data(data)


def test_what_mod_sofia_does_to_hostile_callers() -> None:
    assert safe_name("Bob ${system(x)}") == "Bob %{system(x)}"
    assert imported_headers({"X-A": "1", "X-B": "${x}"}) == {"sip_h_X-A": "1"}
