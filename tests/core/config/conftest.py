from pathlib import Path

import pytest

from adapter.config import Settings, SettingsError


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def load(tmp_path):
    """Load settings from YAML text, an environment and overrides."""

    def load(text="", environ=None, **overrides):
        path = tmp_path / "settings.yaml"
        path.write_text(text)
        return Settings.load(path, overrides, environ or {})

    return load


@pytest.fixture
def faults(load):
    """The faults of settings, by the setting's name."""

    def faults(text="", environ=None, **overrides):
        with pytest.raises(SettingsError) as caught:
            load(text, environ, **overrides)
        return {fault.setting: str(fault) for fault in caught.value.faults}

    return faults


@pytest.fixture(scope="session")
def example():
    return Path(__file__).parents[3] / "docs" / "settings.example.yaml"
