"""What is wrong with the settings, all of it at once.

A person who sets up a switch should not have to start the program five times to learn of five
mistakes, so every check yields faults and only the loader raises.  A fault never repeats the value
of a secret.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: the setting (`callbacks.give_up`, `routes[0].to`), the problem, the way out."""

    setting: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.problem}; {self.remedy}"


class SettingsError(ValueError):
    """The settings cannot be used; `faults` has every reason and the text one line for each."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))
