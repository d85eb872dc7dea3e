"""The parts of an adapter as the settings describe them, each made once; `service` joins them."""

from __future__ import annotations

from collections.abc import Callable

from adapter.callbacks.outbox import Outbox
from adapter.callbacks.retry import RetryPolicy
from adapter.callbacks.schedule import Limits as SendLimits
from adapter.callbacks.sender import Sender, SenderSettings
from adapter.callbacks.transport import Timeouts
from adapter.conferences.conferences import Conferences
from adapter.config import Settings
from adapter.connecting.talk import Talks
from adapter.control.forgotten import ForgottenCalls
from adapter.freeswitch.call import Call
from adapter.freeswitch.dial_strings import Outlet
from adapter.freeswitch.node import Node
from adapter.freeswitch.server import CallServer
from adapter.listeners import Listeners
from adapter.media import Media
from adapter.methods.shared import Shared
from adapter.outgoing import session as web_session
from adapter.queues.queues import Queues
from adapter.queues.switches import Switches
from adapter.queues.telling import QueueTeller
from adapter.recording.archive import Archive
from adapter.recording.recovery import EVENTS, Recovery
from adapter.store.held import HeldWrites
from adapter.store.rows import Recording
from adapter.store.store import Store
from adapter.swml.limits import Limits
from adapter.tally import Tally
from adapter.web.tls import Certificate


def limits(settings: Settings) -> Limits:
    """How far a script may go."""
    script = settings.script
    return Limits(
        transfers=script.transfers, jumps=script.jumps, depth=script.depth, steps=script.steps
    )


def certificate(settings: Settings) -> Certificate | None:
    """What HTTP speaks TLS with; raises UnusableCertificateError."""
    chain, key = settings.tls_cert, settings.tls_key
    return Certificate(chain, key) if chain and key else None


def archive(
    settings: Settings, store: Store, outbox: Outbox, told: Callable[[Recording], None]
) -> Archive:
    """Where recordings are kept; `told` hears of each change of one."""
    secret = settings.link_secret
    return Archive(
        store=store,
        held=HeldWrites(store),
        outbox=outbox,
        folder=settings.recordings_dir,
        switch_folder=settings.recordings_switch_dir,
        public_url=settings.public_url,
        link_secret=secret.get_secret_value() if secret else None,
        jitter_buffer_ms=settings.jitter_buffer_ms,
        told=told,
    )


def shared(settings: Settings, archive: Archive, talks: Talks, worker: str) -> Shared:
    """What the methods of all calls share."""
    outbox, held = archive.outbox, archive.held
    web = web_session(settings.deny_to, pool_connections=64, pool_maxsize=64)
    return Shared(
        outbox=outbox,
        held=held,
        web=web,
        media=Media.of(settings, web, archive),
        conferences=Conferences(settings.conference_profile, settings.default_project.id, archive),
        queues=Queues(archive.store, QueueTeller(outbox, held), worker, switches(settings)),
        outlet=Outlet(settings.sip_profile, settings.gateway, settings.addresses),
        talks=talks,
    )


def switches(settings: Settings) -> Switches:
    """How the switches call each other."""
    return Switches({switch.name: switch.address for switch in settings.switches})


def call_server(
    settings: Settings, listeners: Listeners, handle: Callable[[Call], None], tally: Tally
) -> CallServer:
    """What takes calls from the switches and hands them to `handle`."""
    return CallServer(
        listeners.calls,
        handle,
        allow_from=settings.allow_from,
        max_calls=settings.limits.calls,
        tally=tally,
        connect_deadline=settings.deadlines.connect,
        command_deadline=settings.deadlines.command,
    )


def nodes(settings: Settings, recovery: Recovery, forgotten: ForgottenCalls) -> list[Node]:
    """Connections to the switches; what they tell helps to finish what calls left behind."""

    def on_up(_node: Node) -> None:
        recovery.look()
        forgotten.look()

    return [
        Node(
            node.host,
            node.port,
            node.password.get_secret_value(),
            events=EVENTS,
            on_event=recovery.on_event,
            on_up=on_up,
            deadline=settings.deadlines.command,
        )
        for node in settings.nodes
    ]


def sender(settings: Settings, store: Store, worker: str) -> Sender:
    """What delivers callbacks."""
    policy = settings.callbacks
    keys = {
        project.id: project.signing_key.get_secret_value() if project.signing_key else None
        for project in settings.projects
    }
    retry = RetryPolicy(
        first_retry=policy.first_retry,
        factor=policy.factor,
        max_retry=policy.max_retry,
        give_up=policy.give_up,
    )
    timeouts = Timeouts(
        connect=policy.connect_timeout, read=policy.read_timeout, total=policy.total_timeout
    )
    how = SenderSettings(
        retry=retry,
        timeouts=timeouts,
        limits=SendLimits(per_receiver=policy.per_host),
        deny=settings.deny_to,
    )
    return Sender(store, how, keys=keys, worker=worker)


def space(settings: Settings, project_id: str) -> str:
    """The space of a project, or of the default one where it is not known any more."""
    return (settings.project(project_id) or settings.default_project).space_id
