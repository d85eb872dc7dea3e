"""What all tests share: databases for those that store, switches, and no clock for examples."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import postgresql
import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent / "integration"))
pytest_plugins = ["worlds.stages"]

# How long an example takes says more of the machine than of us.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Have the many adapters and switches compile the project once, not each of them anew."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        os.environ["PYTHONPYCACHEPREFIX"] = folder = tempfile.mkdtemp(prefix="swml-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgresql.Cluster]:
    """A running PostgreSQL of this process alone."""
    found = postgresql.programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgresql.running(found) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/adapter.db"
    return request.getfixturevalue("cluster").emptied()
