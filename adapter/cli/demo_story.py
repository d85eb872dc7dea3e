"""The adapter's own log, told to a person: steps, switch commands, states."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog
from rich.console import Console
from rich.markup import escape


def tell_logs_to(console: Console) -> set[str]:
    """Show what matters of the log on the console, and every warning; returns what was logged."""
    seen: set[str] = set()

    def tell(_: object, level: str, event: MutableMapping[str, Any]) -> str:
        seen.add(event["event"])
        for line in _lines(level, event):
            console.print(line)
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, tell],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    return seen


def _lines(level: str, event: MutableMapping[str, Any]) -> list[str]:
    match event.get("event", ""):
        case "call taken":
            return [f"[bold]call[/]       {escape(event['caller'])} → {escape(event['to'])}"]
        case "step":
            return [f"[bold cyan]step[/]       {event['step']} {escape(_short(event['params']))}"]
        case "switch commands":
            commands = map(_command, event["commands"])
            return [f"[dim]switch       {escape(command)}[/]" for command in commands]
        case str(text) if text.startswith("recording "):
            reason = f" ({event['reason']})" if event.get("reason") else ""
            return [f"[bold green]recording[/]  {text.removeprefix('recording ')}{reason}"]
        case "script finished":
            return ["[bold]script[/]     finished"]
        case str(text) if level in ("warning", "error", "exception"):
            return [f"[bold red]{level}[/]    {escape(text)} {escape(str(event))}"]
    return []


def _short(params: Any) -> str:
    text = ", ".join(f"{name}: {value}" for name, value in params.items())
    return text if len(text) <= 110 else text[:107] + "…"


def _command(command: bytes) -> str:
    """A command in one line, without what every one of its kind has."""
    lines = command.decode("utf-8", "replace").strip().split("\n")
    fields = dict(line.partition(": ")[::2] for line in lines[1:])
    if "execute-app-name" in fields:
        return f"execute {fields['execute-app-name']} {fields.get('execute-app-arg', '')}"
    if "hangup-cause" in fields:
        return f"hangup {fields['hangup-cause']}"
    return lines[0]
