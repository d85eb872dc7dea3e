"""Databases for the tests of everything that stores."""

from collections.abc import Iterator
from pathlib import Path

import postgresql
import pytest


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
