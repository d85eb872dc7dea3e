"""The API commands (`api …`), each found by its name. What a call is told is in `call_api`.

Source: mod_commands.c; the texts of the answers are the switch's, since adapters read them.
"""

import json
import time
from collections.abc import Callable

from adapter.simswitch.call_api import CALL_COMMANDS
from adapter.simswitch.causes import cause_named
from adapter.simswitch.conference_api import conference
from adapter.simswitch.forking import command, load, unload
from adapter.simswitch.originate import Origination
from adapter.simswitch.session import Session
from adapter.simswitch.sim_api import sim
from adapter.simswitch.strings import new_uuid, separate
from adapter.simswitch.switch import Switch
from adapter.simswitch.tapping import is_tap

ApiCommand = Callable[[Switch, str], str]

# API commands that run programs on a real switch; here they are only noted
PROGRAMS = frozenset({"system", "bg_system", "spawn", "bg_spawn", "spawn_stream", "lua", "luarun"})


def version(switch: Switch, argument: str) -> str:
    number = switch.settings.version
    if "short" in argument:
        return f"{number}\n"
    return f"FreeSWITCH Version {number}-simulated~64bit ({number} simulated 64bit)\n"


def status(switch: Switch, _argument: str) -> str:
    seconds = int(switch.uptime_seconds())
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    running = len(switch.sessions())
    return (
        f"UP 0 years, {days} days, {hours} hours, {minutes} minutes, {seconds % 60} seconds, "
        "0 milliseconds, 0 microseconds\n"
        f"FreeSWITCH (Version {switch.settings.version} simulated 64bit) is ready\n"
        f"{switch.calls_placed} session(s) since startup\n"
        f"{running} session(s) - peak {running}, last 5min {running} \n"
        "0 session(s) per Sec out of max 10000, peak 0, last 5min 0 \n"
        "100000 session(s) max\nmin idle cpu 0.00/99.00\nCurrent Stack Size/Max 240K/8192K\n"
    )


def hostname(switch: Switch, _argument: str) -> str:
    """The machine's name, which is the switch's as well."""
    return switch.settings.hostname


def module_exists(switch: Switch, argument: str) -> str:
    return str(argument in switch.settings.modules).lower() if argument else ""


def show(switch: Switch, argument: str) -> str:
    """`show channels [as json]`, `show calls …`, `show … count`."""
    words = argument.lower().split()
    if not words or words[0] not in {"channels", "calls"}:
        return "-USAGE: channels|calls [count|as json]\n"
    rows = [_row(session) for session in switch.sessions()]
    if "json" in words:
        data = {"row_count": len(rows), "rows": rows} if rows else {"row_count": 0}
        return json.dumps(data, separators=(",", ":"))
    if "count" in words or not rows:
        return f"\n{len(rows)} total.\n"
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    return "\n".join(lines) + f"\n\n{len(rows)} total.\n"


def _row(session: Session) -> dict[str, str]:
    channel = session.channel
    created = channel.times.created // 1_000_000
    return {
        "uuid": channel.uuid,
        "direction": channel.facts.direction,
        "created": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(created)),
        "created_epoch": str(created),
        "name": channel.name,
        "state": f"CS_{channel.state.name}",
        "cid_name": channel.facts.from_name,
        "cid_num": channel.facts.from_number,
        "ip_addr": channel.facts.network_addr,
        "dest": channel.facts.to_number,
        "application": channel.get("current_application") or "",
        "application_data": channel.get("current_application_data") or "",
        "dialplan": "XML",
        "context": channel.facts.context,
        "read_codec": "PCMU",
        "write_codec": "PCMU",
        "hostname": channel.get("hostname") or "",
        "callstate": channel.callstate,
        "call_uuid": channel.uuid,
    }


def create_uuid(_switch: Switch, _argument: str) -> str:
    return new_uuid()


def global_getvar(switch: Switch, argument: str) -> str:
    if argument:
        return switch.variables.get(argument, "")
    return "".join(f"{name}={value}\n" for name, value in switch.variables.items())


def global_setvar(switch: Switch, argument: str) -> str:
    name, _, value = argument.partition("=")
    switch.variables[name] = value
    return "+OK"


def reloadxml(_switch: Switch, _argument: str) -> str:
    return "+OK [Success]\n"


def hupall(switch: Switch, argument: str) -> str:
    words = separate(argument, " ", 11)
    cause = cause_named(words[0]) if words else "MANAGER_REQUEST"
    wanted = dict(zip(words[1::2], words[2::2], strict=False))
    for session in switch.sessions():
        if all(session.channel.get(name) == value for name, value in wanted.items()):
            session.channel.hangup(cause)
    if not wanted:
        return f"+OK hangup all channels with cause {cause}\n"
    name, value = next(iter(wanted.items()))
    return f"+OK hangup all channels matching [{name}]=[{value}] with cause: {cause}\n"


def strftime(_switch: Switch, argument: str) -> str:
    return time.strftime(argument or "%Y-%m-%d %T")


def echo(_switch: Switch, argument: str) -> str:
    return argument


def originate(switch: Switch, argument: str) -> str:
    """`<dial string> <extension>|&<application>(<arguments>) [<dialplan>] [<context>]`."""
    words = separate(argument, " ", 10)
    if len(words) < 2:
        return "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>]\n"
    origination = Origination(switch, words[0], taps=is_tap(words[1]))
    leg = origination.run()
    if leg is None:
        return f"-ERR {origination.cause}\n"
    if words[2:3] == ["inline"]:
        leg.session.run_inline(words[1])
    else:
        leg.session.send_to(words[1], words[3] if len(words) > 3 else "default")
    return f"+OK {leg.party.uuid}\n"


def sched_api(switch: Switch, argument: str) -> str:
    """`+seconds group command`: an API command later."""
    words = argument.split(" ", 2)
    if len(words) < 3:
        return "-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]\n"
    name, _, rest = words[2].partition(" ")
    switch.tasks.add(words[0], words[1], lambda: COMMANDS[name](switch, rest))
    return "+OK Added: 1\n"


def sched_del(switch: Switch, argument: str) -> str:
    return f"+OK Deleted: {switch.tasks.remove(argument)}\n"


def program(_switch: Switch, _argument: str) -> str:
    """A program is never run; `expanded_call` and the listener have noted it."""
    return "+OK\n"


COMMANDS: dict[str, ApiCommand] = {
    **CALL_COMMANDS,
    "version": version,
    "status": status,
    "hostname": hostname,
    "switchname": hostname,
    "module_exists": module_exists,
    "show": show,
    "create_uuid": create_uuid,
    "global_getvar": global_getvar,
    "global_setvar": global_setvar,
    "reloadxml": reloadxml,
    "hupall": hupall,
    "strftime": strftime,
    "echo": echo,
    "conference": conference,
    "originate": originate,
    "sched_api": sched_api,
    "sched_del": sched_del,
    "sim": sim,
    "load": load,
    "unload": unload,
    "uuid_audio_stream": command("audio_stream"),
    "uuid_audio_fork": command("audio_fork"),
    **dict.fromkeys(PROGRAMS, program),
}
