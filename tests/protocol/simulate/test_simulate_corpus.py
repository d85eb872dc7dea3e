"""Every public document runs to its end, whether or not all of its methods are performed.

Also those that the published schema refuses; all but the one that is no YAML.
"""

import csv
import json
from pathlib import Path

import pytest

from adapter.simulate import Kind, Plan, Simulation, Stub, simulate
from adapter.swml.reader import read

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "swml" / "corpus"

STUBS = [
    Stub(url="*.mp3", sound=1),
    Stub(url="*.wav", sound=1),
    Stub(url="*", body={"sections": {"main": []}}),
]


@pytest.fixture(scope="module")
def readable():
    """Names of the documents that can be read."""
    if not CORPUS.is_dir():
        pytest.skip(f"the public documents are not in {CORPUS}")
    with (CORPUS / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["file"] for row in rows if row["schema_valid"] != "parse-error"]


def complete(text, name):
    """A fragment as the document that it would be part of."""
    if ".frag." not in name:
        return text
    steps = read(text).value
    return json.dumps({"sections": {"main": steps if isinstance(steps, list) else [steps]}})


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_public_documents_run_to_their_end(readable, suffix, tmp_path):
    names = [name for name in readable if name.endswith(suffix)]
    assert len(names) > 50
    for name in names:
        file = tmp_path / name
        file.write_text(complete((CORPUS / name).read_text("utf-8"), name), "utf-8")
        outcome = simulate(Simulation(file, Plan(digits=("1", "1", "1")), stubs=STUBS))
        assert not outcome.stopped, (name, outcome.stopped)
        lines = outcome.trace.lines()
        alone = any("nobody else comes" in line for line in lines)  # in a conference
        assert lines[-1] == f"end the {'caller hung up' if alone else 'script ran to its end'}", (
            name
        )
        unknown = [entry.text for entry in outcome.trace.of(Kind.WARNING)]
        assert not [text for text in unknown if "there is no method" in text], name
