"""The settings of sounds and speech."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ByteSize, Field, SecretStr

from adapter.config.section import Count, Seconds, Section, ShortWord, Size

VoiceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+/\-]+$")]
EngineName = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.:-]*$")]
FunctionName = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]


class VoiceRule(Section):
    """Which voice speaks what a document asks for; each pattern that is given must fit."""

    say_voice: str | None = Field(None, description="voice of the document, `Polly.*`")
    say_language: str | None = Field(None, description="its language; `de` fits de-AT too")
    say_gender: Literal["female", "male"] | None = Field(None, description="its gender")
    engine: ShortWord | None = Field(
        None, description="engine that speaks, `render` for the renderer; as above if not given"
    )
    voice: VoiceName = Field(description="the engine's voice")


class Render(Section):
    """An own renderer of `say:` texts: a program, or a Python function."""

    command: list[str] = Field(
        [],
        description="program and arguments; {voice} {language} {gender} {text} {file} are filled in"
        " and the text comes on standard input too; it writes the WAV {file}",
    )
    function: FunctionName | None = Field(
        None, description="`package.module:name`, called with text, voice, language, gender, path"
    )
    seconds: Seconds = Field(20, description="longest time for one text")


class Speech(Section):
    """Who speaks `say:` texts."""

    engine: ShortWord = Field("flite", description="text to speech module of the switch")
    voice: VoiceName = Field("kal", description="voice when no rule fits")
    voices: list[VoiceRule] | None = Field(
        None, description="voices for what documents ask for; the first rule that fits"
    )
    render: Render = Field(Render(), description="own renderer, for rules with engine: render")


class SpeechModel(Section):
    """A model that the user fetched."""

    language: str = Field(description="what it understands: `de`, `de-CH`, `*` for all others")
    folder: Path = Field(description="where it is")


class Recogniser(Section):
    """Who recognises speech (`prompt`, `transcribe`)."""

    engine: EngineName = Field(
        "pocketsphinx",
        description="pocketsphinx, vosk, an engine that a package brings, or `package.module:name`",
    )
    models: list[SpeechModel] = Field([], description="models by language")
    seconds: Seconds = Field(30, description="longest time to recognise what was said")


class Sms(Section):
    """The web server that sends messages for `send_sms`."""

    url: str | None = Field(None, pattern=r"^https?://", description="where it takes them (POST)")
    token: SecretStr | None = Field(None, description="sent as `Authorization: Bearer`")


class Fax(Section):
    """How faxes are sent and received; times in seconds."""

    t38: bool = Field(True, description="offer T.38 to the other end; audio alone if false")
    answer_timeout: Seconds = Field(60, description="for a fax machine to be heard")
    seconds: Seconds = Field(3600, description="for one fax")
    max_bytes: Size = Field(
        ByteSize(20 * 1024 * 1024), description="largest document that is fetched to be sent"
    )
    max_pages: Count = Field(200, description="pages of it")
    convert_seconds: Seconds = Field(
        60, description="to make pages of a document, or the other way"
    )
