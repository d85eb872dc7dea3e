"""`swml-adapter callbacks`."""

import json
import time

import pytest

HIDDEN = ("sesame", "bob")


def listed(world, *arguments):
    done = world.run("callbacks", "list", "--json", *arguments)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def ids(world, *arguments):
    return [row["id"] for row in listed(world, *arguments)]


def test_what_is_not_delivered_is_listed_in_order(world):
    world.tell("one")
    world.tell("two", "pending")
    world.tell("three", "delivered")
    world.tell("four")
    assert ids(world) == ["one", "two", "four"]
    assert ids(world, "--state", "delivered") == ["three"]
    assert ids(world, "--state", "failed") == ["one", "four"]


def test_by_receiver_and_stream(world):
    world.tell("one")
    world.tell("two", stream="rec-2")
    world.tell("three", origin="http://10.0.0.1:8000", url="http://10.0.0.1:8000/")
    assert ids(world, "--stream", "rec-2") == ["two"]
    assert ids(world, "--receiver", "https://api.example.com/any/path") == ["one", "two"]
    assert ids(world, "--receiver", "http://10.0.0.1:8000") == ["three"]


def test_pages(world):
    for number in range(5):
        world.tell(f"cb-{number}", "pending" if number % 2 else "failed")
    done = world.run("callbacks", "list", "--limit", "2")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["id", "cb-0", "cb-1"]
    assert "--after 2" in done.stderr
    assert ids(world, "--limit", "2", "--after", "2") == ["cb-2", "cb-3"]
    last = world.run("callbacks", "list", "--after", "4")
    assert "cb-4" in last.stdout
    assert "more" not in last.stderr


def test_a_line_says_what_matters(world):
    world.tell("waits", "pending")
    world.tell("is sent", "pending", claimed_by="w", claimed_until=time.time() + 50)
    world.tell("due", "pending", next_attempt_at=1.0, last_error=None)
    lines = world.run("callbacks", "list").stdout.splitlines()
    assert lines[1].split("  ")[0] == "waits"
    for words in ("pending", "2h", "3", "in 2m", "rec-1", "https://api.example.com:443"):
        assert words in lines[1]
    assert lines[1].endswith("answered 503")
    assert " sending " in lines[2]
    assert " now " in lines[3]
    assert lines[3].endswith(" 503")


def test_credentials_are_never_shown(world):
    world.tell("cb", last_error="refused by https://bob:sesame@api.example.com/cb")
    world.tell("bad", origin="", url="ftp://bob:sesame@h/", stream="rec-2")
    for arguments in (("list",), ("list", "--json"), ("show", "cb"), ("show", "bad", "--json")):
        done = world.run("callbacks", *arguments)
        assert done.exit_code == 0
        assert not [word for word in HIDDEN if word in done.output]
    assert "ftp://h/" in done.output


def test_one_with_its_body(world):
    world.tell("cb", body=b'{"event":"caf\xc3\xa9"}')
    done = world.run("callbacks", "show", "cb")
    assert done.stdout.splitlines()[-1] == '{"event":"café"}'
    assert "https://api.example.com/cb?token=[hidden]" in done.stdout
    shown = json.loads(world.run("callbacks", "show", "cb", "--json").stdout)
    assert (shown["body"], shown["last_status"], shown["attempts"]) == ('{"event":"café"}', 503, 3)


def test_no_control_character_reaches_the_terminal(world):
    world.tell(
        "cb", body=b'"\x1b[2J\xc2\x9b"', last_error="answered 500 \x1b]0;x\x07", stream="\x1b"
    )
    for arguments in (("list",), ("show", "cb"), ("list", "--json"), ("show", "cb", "--json")):
        output = world.run("callbacks", *arguments).output
        assert all(letter.isprintable() or letter == "\n" for letter in output)


# --- again -----------------------------------------------------------------------------------


def test_one_is_sent_again(world):
    world.tell("one")
    world.tell("two")
    done = world.run("callbacks", "retry", "one")
    assert done.exit_code == 0
    assert "1 callback due; a running adapter sends within 30 s" in done.stdout
    assert (world.state_of("one"), world.state_of("two")) == ("pending", "failed")
    row = world.store.callback("one")
    assert row.next_attempt_at <= time.time()
    assert row.body == b'{"n":1}'


@pytest.mark.parametrize(
    ("arguments", "again"),
    [
        (["--all"], {"a", "b", "c"}),
        (["--receiver", "https://api.example.com"], {"a", "b"}),
        (["--stream", "rec-2"], {"b"}),
        (["--stream", "rec-2", "--receiver", "http://other:80"], set()),
        (["a", "c", "unknown"], {"a", "c"}),
    ],
)
def test_failed_ones_are_sent_again(world, arguments, again):
    world.tell("a")
    world.tell("b", stream="rec-2")
    world.tell("c", stream="rec-3", origin="http://other:80", url="http://other/")
    world.tell("done", "delivered")
    done = world.run("callbacks", "retry", *arguments)
    assert done.exit_code == (0 if again else 1)
    assert {one for one in "abc" if world.state_of(one) == "pending"} == again
    assert world.state_of("done") == "delivered"


def test_waiting_ones_do_not_have_to_wait(world):
    world.tell("waits", "pending", next_attempt_at=time.time() + 300)
    assert world.run("callbacks", "retry", "--all").exit_code == 1
    assert world.run("callbacks", "retry", "--all", "--state", "pending").exit_code == 0
    assert world.store.callback("waits").next_attempt_at <= time.time()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("unknown", "there is no callback unknown"),
        ("done", "done was delivered at 1970-01-01 00:02:00Z"),
        ("nowhere", "nowhere cannot be sent: no host"),
    ],
)
def test_why_one_is_not_sent_again(world, name, reason):
    world.tell("done", "delivered", finished_at=120.0)
    world.tell("nowhere", origin="", last_error="no host")
    done = world.run("callbacks", "retry", name)
    assert done.exit_code == 1
    assert done.stderr == f"{reason}\n"


# --- dropped ---------------------------------------------------------------------------------


def test_dropping_asks_first(world):
    world.tell("one")
    refused = world.run("callbacks", "drop", "one", input="n\n")
    assert refused.exit_code == 1
    assert "1 callback: delete undelivered?" in refused.stdout
    assert world.state_of("one") == "failed"
    assert world.run("callbacks", "drop", "one", input="y\n").exit_code == 0
    assert world.state_of("one") is None


def test_dropping_all_of_a_kind(world):
    world.tell("a")
    world.tell("b", "pending")
    world.tell("c", "delivered")
    done = world.run("callbacks", "drop", "--all", "--yes")
    assert "1 callback dropped" in done.stdout
    assert [world.state_of(one) for one in "abc"] == [None, "pending", "delivered"]
    done = world.run("callbacks", "drop", "--stream", "rec-1", "--state", "pending", "--yes")
    assert [world.state_of(one) for one in "abc"] == [None, None, "delivered"]


def test_what_was_delivered_cannot_be_dropped(world):
    world.tell("done", "delivered", finished_at=0.0)
    done = world.run("callbacks", "drop", "done", "--yes")
    assert done.exit_code == 1
    assert "was delivered" in done.stderr


# --- mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["retry", "drop"])
@pytest.mark.parametrize(
    "arguments", [[], ["one", "--all"], ["--receiver", "api.example.com"], ["--state", "delivered"]]
)
def test_which_ones_must_be_clear(world, command, arguments):
    world.tell("one")
    assert world.run("callbacks", command, *arguments).exit_code == 2
    assert world.state_of("one") == "failed"


def test_a_command_makes_no_database(world):
    done = world.run("callbacks", "list", "--data-dir", str(world.place / "elsewhere"))
    assert done.exit_code == 2
    assert "elsewhere/adapter.db: name the adapter's --config or --data-dir" in done.stderr
    assert not (world.place / "elsewhere").exists()


def test_a_database_elsewhere_needs_no_file(world):
    world.settings("database_url: postgresql://me:sesame@127.0.0.1:1/calls")
    done = world.run("callbacks", "list")
    assert done.exit_code == 2
    assert "check that the database runs" in done.stderr
    assert "sesame" not in done.stderr


def test_settings_that_are_wrong(world):
    world.settings("retention: {days: soon}")
    done = world.run("callbacks", "list")
    assert done.exit_code == 2
    assert "retention.days" in done.stderr


def test_a_database_that_is_none(world):
    (world.place / "elsewhere").mkdir()
    (world.place / "elsewhere" / "adapter.db").write_bytes(b"no database" * 100)
    done = world.run("callbacks", "show", "x", "--data-dir", str(world.place / "elsewhere"))
    assert done.exit_code == 2
    assert "not a store" in done.stderr


def test_it_works_while_no_adapter_runs(world):
    world.tell("one")
    world.store.close()
    assert world.run("callbacks", "retry", "one").exit_code == 0
    (row,) = listed(world)
    assert (row["state"], row["retried_at"] is None) == ("pending", False)
