"""A call plays a sound to its end, and does what it is told meanwhile.

Source: switch_ivr_play_say.c (switch_ivr_play_file).
"""

from collections.abc import Callable

from adapter.simswitch.heard import Heard
from adapter.simswitch.player import LONG_WAIT, FileHandle, Player
from adapter.simswitch.session import Session
from adapter.simswitch.thread import Ending
from adapter.simswitch.tones import Sound, milliseconds

OnDigit = Callable[[str], bool]
"""Whether this digit ends it."""


def play(
    session: Session, sound: Sound, on_digit: OnDigit | None = None, file: FileHandle | None = None
) -> Ending:
    """To the end of the sound; it stands still while a message's application runs."""
    channel = session.channel
    heard = Heard(channel.seconds_since_start(), sound.kind, sound.name)
    channel.heard.append(heard)
    if session.flat:
        heard.ms, heard.running = milliseconds(sound.source) or 0.0, False
        return Ending.DONE if channel.ready else Ending.GONE
    player = Player(channel, sound.source)
    heard.so_far = lambda: player.milliseconds
    try:
        return _play(session, player, on_digit, file)
    finally:
        player.stop()
        heard.ms, heard.running, heard.so_far = player.milliseconds, False, None


def _play(
    session: Session, player: Player, on_digit: OnDigit | None, file: FileHandle | None
) -> Ending:
    while True:
        if not session.can_go_on():
            return Ending.GONE
        if session.take_break():
            return Ending.BROKEN
        if session.has_messages:
            player.stop()
            session.run_messages()
            player.go_on()
            continue
        if _digit_ends(session, on_digit):
            return Ending.BROKEN
        if file is not None and file.paused:
            _stand_still(session, player)
            continue
        left = player.seconds_left()
        if left <= 0:
            return Ending.DONE
        session.pause(min(left, session.look_again()))


def _stand_still(session: Session, player: Player) -> None:
    player.stop()
    session.pause(LONG_WAIT)
    player.go_on()


def _digit_ends(session: Session, on_digit: OnDigit | None) -> bool:
    if on_digit is None or not session.channel.digits:
        return False
    digit = session.channel.take_digit()
    return digit is not None and on_digit(digit)
