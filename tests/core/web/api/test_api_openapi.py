"""/openapi.json and the page: complete, self-contained, and no request that breaks the server."""

import re
from urllib.parse import urlencode

import pytest
from api_world import MINE, PUBLIC, TOKENS

RESERVED = re.compile(r"\{(\w+)\}")


def refs(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        for item in value.values():
            yield from refs(item)
    elif isinstance(value, list):
        for item in value:
            yield from refs(item)


def test_the_description_holds_together(api):
    found = api.get("/openapi.json", project=None).json
    assert found["openapi"] == "3.1.0"
    assert found["servers"] == [{"url": PUBLIC}]
    for ref in refs(found):
        at = found
        for key in ref[2:].split("/"):
            at = at[key]
    for path, verbs in found["paths"].items():
        for verb, operation in verbs.items():
            given = {p["name"] for p in operation.get("parameters", []) if p.get("in") == "path"}
            assert given == set(RESERVED.findall(path)), (verb, path)
            assert {"summary", "tags", "responses"} <= set(operation)


def test_every_described_path_is_served(api):
    for path, verbs in api.get("/openapi.json", project=None).json["paths"].items():
        allowed = api.ask("OPTIONS", RESERVED.sub("x", path)).headers["Allow"]
        assert {verb.upper() for verb in verbs} <= set(allowed.split(", ")), path


def test_the_page_loads_nothing_from_elsewhere(api):
    answer = api.get("/api", project=None)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", answer.text)
    assert "import" not in answer.text


def test_no_described_request_breaks_the_server(api):
    """schemathesis sends what the description allows, and what it does not."""
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings

    api.call()
    api.record("x")
    schema = schemathesis.openapi.from_dict(api.get("/openapi.json", project=None).json)

    def try_one(case):
        path = case.formatted_path.replace("/Accounts/x/", f"/Accounts/{MINE}/")
        options = {"params": case.query or None, "headers": dict(case.headers or {})}
        if case.media_type == "application/json":
            options["json"] = case.body
        elif isinstance(case.body, dict):
            options["body"] = urlencode(case.body, doseq=True, errors="replace")
            options["content_type"] = case.media_type
        answer = api.ask(case.method, path, token=TOKENS[MINE], **options)
        assert answer.status_code < 500, (case.method, path, options, answer.text)

    for found in schema.get_all_operations():
        operation = found.ok()
        strategy = operation.as_strategy()
        run = settings(
            max_examples=8,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(case=strategy)(try_one))
        run()
