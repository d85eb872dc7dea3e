"""What a `record_call` step costs over the `uuid_record` in it, on a real FreeSWITCH.

A step lasts from its line in the adapter's log to that of the next step; the command alone is
timed over an event socket of our own, on a call that is up.
"""

import json
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

from worlds.adapter_process import AdapterProcess
from worlds.phones import Dialling
from worlds.real_switch import LocalSwitch, RealSwitch, find_binary
from worlds.steps import SETTLED, record, sleep, stop
from worlds.switches import MAIN
from worlds.waiting import eventually
from worlds.world import document

TIMES = 25


def run() -> None:
    """Measure and print, where there is a FreeSWITCH."""
    binary = find_binary()
    if binary is None:
        Console().print("no FreeSWITCH here: what a record_call step costs was not measured")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        switch = LocalSwitch(folder / "switch", binary)
        try:
            steps, alone = _steps(switch, folder), _alone(switch, folder)
        finally:
            switch.stop()
    table = Table(title=f"on a real FreeSWITCH, medians of {TIMES}")
    for title in ("record_call, the step", "uuid_record alone", "difference"):
        table.add_column(title, justify="right")
    table.add_row(f"{steps:.2f} ms", f"{alone:.2f} ms", f"{steps - alone:.2f} ms")
    Console(width=100).print(table)


def _steps(switch: RealSwitch, folder: Path) -> float:
    """Milliseconds from the beginning of a `record_call` step to that of the next."""
    rounds = [
        part for number in map(str, range(TIMES)) for part in (record(None, number), stop(number))
    ]
    adapter = _adapter(switch, folder / "steps", document([*SETTLED, *rounds]))
    switch.call(Dialling("steps")).wait_ended(60)
    begun = [event for event in adapter.log_events() if event["event"] == "step"]
    adapter.stop()
    at = [datetime.fromisoformat(event["timestamp"]).timestamp() for event in begun]
    pairs = list(zip(begun, at, at[1:], strict=False))
    return statistics.median(
        1000 * (after - before)
        for event, before, after in pairs
        if event["step"].endswith("record_call") and "stop" not in event["step"]
    )


def _alone(switch: RealSwitch, folder: Path) -> float:
    """Milliseconds that `uuid_record` takes to answer."""
    adapter = _adapter(switch, folder / "alone", document([*SETTLED, sleep(30)]))
    phone = switch.call(Dialling("alone"))
    phone.wait_answered()
    # The switch writes its list of channels behind the calls.
    (row,) = eventually(lambda: json.loads(switch.api("show channels as json")).get("rows"))
    taken = []
    for number in range(TIMES):
        path = f"{adapter.recordings}/{number}.wav"
        begin = time.perf_counter()
        switch.api(f"uuid_record {row['uuid']} start {path} 0 {{RECORD_PRE_BUFFER_FRAMES=0}}")
        taken.append(time.perf_counter() - begin)
    phone.hang_up()
    phone.wait_ended()
    adapter.stop()
    return statistics.median(taken) * 1000


def _adapter(switch: RealSwitch, folder: Path, text: str) -> AdapterProcess:
    folder.mkdir()
    path = folder / "document.yaml"
    path.write_text(text)
    return AdapterProcess(folder, switch.adapter_ports[MAIN], {"swml": str(path)}).start()


if __name__ == "__main__":
    run()
