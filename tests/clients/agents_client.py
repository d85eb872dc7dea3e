"""Run by the Python that has `signalwire-agents`: what its users write, and what came of it."""

import json
import sys

from signalwire_agents.rest import SignalWireClient

given = json.loads(sys.argv[1])
client = SignalWireClient()  # who and where, from the environment
calls = client.calling
leg = calls.dial(**given["dial"])
results = {"leg": leg}
sys.stdout.write(json.dumps(results) + "\n")
sys.stdout.flush()
sys.stdin.readline()  # the call is answered now
audio = {"format": "wav", "stereo": True, "direction": "both", "end_silence_timeout": 0}
record = {"record": {"audio": audio}, "control_id": "r1", "status_url": given["status_url"]}
results["record"] = calls.record(leg["id"], **record)["status"]
results["pause"] = calls.record_pause(leg["id"], control_id="r1", behavior="silence")["status"]
results["resume"] = calls.record_resume(leg["id"], control_id="r1")["status"]
results["stop"] = calls.record_stop(leg["id"], control_id="r1")["status"]
results["end"] = calls.end(leg["id"], reason="hangup")["status"]
try:
    calls.end(leg["id"])
except Exception as error:
    results["again"] = str(error)
sys.stdout.write(json.dumps(results) + "\n")
