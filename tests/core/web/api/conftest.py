import pytest
from api_world import PUBLIC, TOKENS, Api, FakeCommands, FakeDial
from falcon import testing
from prometheus_client import CollectorRegistry

from adapter.config import Project, Settings
from adapter.recording import links
from adapter.recording.archive import Archive
from adapter.store.held import HeldWrites
from adapter.store.store import Store
from adapter.web.app import create_app, download
from adapter.web.auth import Gate
from adapter.web.calling import Calling
from adapter.web.routes import add_api
from adapter.web.stored_recordings import StoredRecordings


@pytest.fixture
def make_api(tmp_path):
    stores = []

    def make(**settings):
        folder = tmp_path / "recordings"
        folder.mkdir()
        loaded = Settings(
            recordings_dir=folder,
            public_url=PUBLIC,
            projects=[Project(id=project, token=token) for project, token in TOKENS.items()],
            **settings,
        )
        store = Store.open(f"sqlite:///{tmp_path}/adapter.db")
        stores.append(store)
        secret = loaded.link_secret
        archive = Archive(
            store=store,
            held=HeldWrites(store),
            outbox=None,
            folder=folder,
            switch_folder=str(folder),
            public_url=PUBLIC,
            link_secret=secret.get_secret_value() if secret else None,
        )
        commands, events, dial = FakeCommands(), [], FakeDial(store)
        app = create_app(loaded, store, verify=links.verify, registry=CollectorRegistry())
        gate = Gate(loaded.projects)
        add_api(
            app,
            gate=gate,
            store=store,
            stored=StoredRecordings(
                store, folder, archive.url, told=lambda *event: events.append(event)
            ),
            commands=commands,
            dial=dial,
            calls=Calling(gate, commands, dial),
            download=download(loaded, store, verify=links.verify),
            public_url=PUBLIC,
        )
        return Api(testing.TestClient(app), store, folder, commands, loaded, events, dial)

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def api(make_api):
    return make_api()
