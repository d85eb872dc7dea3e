"""What the switch does later: `sched_hangup`, `sched_api`. Source: switch_scheduler.c."""

import time
from collections.abc import Callable

import gevent

from adapter.simswitch.strings import atoi


class ScheduledTasks:
    """Tasks by their group; their greenlets are kept in `greenlets` as well."""

    def __init__(self, greenlets: set[gevent.Greenlet]) -> None:
        self._greenlets = greenlets
        self._groups: dict[str, set[gevent.Greenlet]] = {}

    def add(self, when: str, group: str, do: Callable[[], object]) -> None:
        """Do it at `+seconds` or at a time, in whole seconds of the clock."""
        now = time.time()
        moment = int(now) + atoi(when[1:]) if when.startswith("+") else atoi(when)
        task = gevent.spawn_later(max(0.0, moment - now), do)
        task.name = f"scheduled {group}"
        self._greenlets.add(task)
        self._groups.setdefault(group, set()).add(task)
        task.rawlink(lambda ended: self._forget(group, ended))

    def remove(self, group: str) -> int:
        """Forget what is scheduled for a group; how many tasks that were."""
        tasks = self._groups.pop(group, set())
        for task in tasks:
            self._greenlets.discard(task)
            task.kill(block=False)
        return len(tasks)

    def _forget(self, group: str, task: gevent.Greenlet) -> None:
        self._greenlets.discard(task)
        tasks = self._groups.get(group, set())
        tasks.discard(task)
        if not tasks:
            self._groups.pop(group, None)
