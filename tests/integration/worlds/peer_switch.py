"""A second FreeSWITCH to call: it knows SRTP, other codecs, WebRTC media and passwords."""

from __future__ import annotations

import json
from pathlib import Path

from adapter.rendering import render_freeswitch_conf
from worlds.ports import find_ports
from worlds.real_switch import PASSWORD
from worlds.switch_process import SwitchProcess
from worlds.waiting import eventually

USER, SECRET = "alice", "correct-horse"
TONE = "tone_stream://%(10000,0,900);loops=-1"

DIALPLAN = f"""<context name="public">
  <extension name="tone"><condition field="destination_number" expression=".*">
    <action application="answer"/><action application="playback" data="{TONE}"/>
  </condition></extension>
</context>"""

DIRECTORY = f"""<domain name="127.0.0.1"><user id="{USER}"><params>
  <param name="password" value="{SECRET}"/></params></user></domain>"""

MEDIA_PORTS = 40


class PeerSwitch(SwitchProcess):
    """Whoever calls `open_uri` hears a tone; `guarded_uri` wants a user and a password first."""

    def __init__(self, folder: Path, binary: Path) -> None:
        block = find_ports(MEDIA_PORTS + 3)
        open_port, guarded_port, event_port = block[MEDIA_PORTS:]
        super().__init__(folder, binary, event_port)
        self.open_uri = f"sip:anybody@127.0.0.1:{open_port}"
        self.guarded_uri = f"sip:anybody@127.0.0.1:{guarded_port}"
        self._configure(open_port, guarded_port, block[0], block[MEDIA_PORTS - 1])
        self.start(profiles=2)

    def _configure(self, port: int, guarded: int, first_media: int, last_media: int) -> None:
        conf = self._folder / "conf"
        render_freeswitch_conf(
            conf,
            sip_port=port,
            event_socket_port=self._event_port,
            event_socket_password=PASSWORD,
            rtp_start_port=first_media,
            rtp_end_port=last_media,
            codecs="PCMU,PCMA,G722",
            log_level="info",
            switch_name="freeswitch-peer",
        )
        (conf / "dialplan" / "public.xml").write_text(DIALPLAN)
        profile = (conf / "sip_profiles" / "internal.xml").read_text()
        (conf / "sip_profiles" / "guarded.xml").write_text(
            profile.replace('<profile name="internal">', '<profile name="guarded">')
            .replace(f'name="sip-port" value="{port}"', f'name="sip-port" value="{guarded}"')
            .replace('name="auth-calls" value="false"', 'name="auth-calls" value="true"')
            .replace('<param name="apply-inbound-acl" value="callers"/>', "")
        )
        main = conf / "freeswitch.xml"
        main.write_text(main.read_text().replace('<domain name="$${domain}"/>', DIRECTORY))

    def call(self) -> dict[str, str]:
        """The one call that it has: what `show channels` says of it."""

        def look() -> dict[str, str] | None:
            rows = json.loads(self.api("show channels as json")).get("rows", [])
            return next((row for row in rows if row["read_codec"]), None)

        return eventually(look, what="the peer's call")

    def variable(self, name: str) -> str:
        """A variable of the one call."""
        return self.api(f"uuid_getvar {self.call()['uuid']} {name}")
