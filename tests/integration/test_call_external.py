"""Methods that need a package: each fails with its reason, and the script goes on."""

from worlds.world import World

EXTERNAL = {
    "ai": ({"prompt": {"text": "hello"}}, "an AI agent needs"),
    "amazon_bedrock": ({"prompt": {"text": "hello"}}, "an AI agent needs"),
    "ai_sidecar": ({"lang": "en-US"}, "an AI that listens needs"),
    "live_transcribe": ({"action": "stop"}, "live text needs"),
    "live_translate": ({"action": "stop"}, "live translation needs"),
}


def test_what_needs_a_package_fails_and_says_so(world: World) -> None:
    report = world.report()
    steps = [
        step
        for name, (params, _) in EXTERNAL.items()
        for step in ({name: params}, report.step(name))
    ]
    world.run(steps)
    log = [str(event) for event in world.log_events() if event["event"] == "script warning"]
    for name, (_, reason) in EXTERNAL.items():
        found = report.wait(name)
        assert found[f"{name}_result"] == "failed"
        assert found["script_error"] == "relay_script_method_execute_failed"
        (told,) = [line for line in log if f"{name} is not performed" in line]
        assert reason in told
        assert "docs/extending.md" in told
