"""Hook commands: each event once, as JSON, in nobody's way."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from gencove_tui.engine.loop.hooks import Hook
from tests.waiting import until


@pytest.fixture
def dialect():
    return "v2"


@pytest.fixture
def hooked(ledger, rule, wants):
    """A running hook: ``hooked([command …])``."""

    @contextlib.asynccontextmanager
    async def run(command, **fields):
        wanted = wants(project_id="p", hook=tuple(command), **fields)
        slots = asyncio.Semaphore(4)
        hook = Hook(ledger, "default", ledger.rules.get(rule), wanted, slots)
        task = asyncio.create_task(hook.run())
        await until(lambda: ledger.loop.rule(rule).hook_event is not None, "the start")
        try:
            yield hook
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return run


def script(tmp_path, text):
    path = tmp_path / "hook.py"
    path.write_text(text)
    return [sys.executable, str(path)]


KEEPS = "import sys\nwith open({!r}, 'a') as f: f.write(sys.stdin.read() + '\\n')\n"


def tell(ledger, hook, rule, kind="sample.delivered", message="A: delivered"):
    ledger.events.add(kind, message, {"client_id": "A"}, rule_id=rule)
    hook.nudge()


async def test_each_wanted_event_of_the_rule_comes_once_and_in_order(ledger, rule, hooked, tmp_path):
    out = tmp_path / "out"
    ledger.events.add("sample.delivered", "before the hook", rule_id=rule)
    async with hooked(script(tmp_path, KEEPS.format(str(out)))) as hook:
        tell(ledger, hook, rule)
        tell(ledger, hook, rule, "watch.seen", "not asked for")
        tell(ledger, hook, None, "sample.delivered", "of another rule")
        tell(ledger, hook, rule, "rule.problem", "the last")
        await until(lambda: out.exists() and "the last" in out.read_text(), "the last event")
    first, second = map(json.loads, out.read_text().splitlines())
    assert first["event"] == "sample.delivered"
    assert first["severity"] == "success"
    assert first["data"] == {"client_id": "A"}
    assert first["rule"]["id"] == rule
    assert first["rule"]["destination"] == "gncv://lab/run/"
    assert second["event"] == "rule.problem"
    assert second["id"] > first["id"]


async def test_events_of_a_time_without_an_engine_come_later(ledger, rule, hooked, tmp_path):
    out = tmp_path / "out"
    command = script(tmp_path, KEEPS.format(str(out)))
    async with hooked(command):
        pass
    ledger.events.add("sample.failed", "meanwhile", rule_id=rule)
    async with hooked(command):
        await until(lambda: out.exists() and "meanwhile" in out.read_text(), "the event")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import sys; sys.exit(4)", "exit code 4"),
        ("import sys; sys.stdin.close(); sys.exit(1)", "exit code 1"),
    ],
)
async def test_a_failure_is_told_once_until_it_works_again(ledger, rule, hooked, tmp_path, text, why):
    async with hooked(script(tmp_path, text)) as hook:
        tell(ledger, hook, rule)
        tell(ledger, hook, rule)
        last = ledger.events.last_id()
        await until(lambda: ledger.loop.rule(rule).hook_event >= last, "both")
        failed = [e for e in ledger.events.newest(20) if e.kind == "hook.failed"]
        assert len(failed) == 1
        assert why in failed[0].message
        assert why in ledger.loop.rule(rule).hook_problem
        script(tmp_path, "")
        tell(ledger, hook, rule)
        await until(lambda: ledger.loop.rule(rule).hook_problem == "", "the recovery")
        assert ledger.events.newest(1)[0].kind == "hook.recovered"


async def test_a_command_that_does_not_exist_is_told(ledger, rule, hooked):
    async with hooked(["/no/such/command"]) as hook:
        tell(ledger, hook, rule)
        await until(lambda: ledger.loop.rule(rule).hook_problem, "the notice")
        assert "can't be started" in ledger.loop.rule(rule).hook_problem


async def test_what_hangs_is_ended_with_its_children(ledger, rule, hooked, tmp_path):
    sign = tmp_path / "sign"
    command = ["/bin/sh", "-c", f"sleep 600 & echo $! > '{sign}'; wait"]
    async with hooked(command, hook_seconds=3) as hook:
        tell(ledger, hook, rule)
        await until(lambda: ledger.loop.rule(rule).hook_problem, "the end")
        assert "longer than 3 s" in ledger.loop.rule(rule).hook_problem
    pid = int(sign.read_text())
    await until(lambda: not _lives(pid), "the child's end")


async def test_what_a_command_leaves_at_work_behind_it_is_not_waited_for(ledger, rule, hooked, tmp_path):
    sign = tmp_path / "sign"
    command = ["/bin/sh", "-c", f"sleep 600 & echo $! > '{sign}'"]
    try:
        async with hooked(command, hook_seconds=30) as hook:
            tell(ledger, hook, rule)
            last = ledger.events.last_id()
            await until(lambda: ledger.loop.rule(rule).hook_event >= last, "the end", patience=20)
            assert ledger.loop.rule(rule).hook_problem == ""
    finally:
        os.kill(int(sign.read_text()), signal.SIGKILL)


async def test_only_its_own_events_put_a_hook_behind(ledger, rule, hooked, tmp_path, monkeypatch):
    monkeypatch.setattr("gencove_tui.engine.loop.hooks.LONGEST_QUEUE", 3)
    out = tmp_path / "out"
    command = script(tmp_path, KEEPS.format(str(out)))
    async with hooked(command):
        pass
    ledger.events.add("sample.failed", "the first", rule_id=rule)
    for _ in range(20):
        ledger.events.add("watch.seen", "one of a burst", rule_id=rule)
    async with hooked(command):
        await until(lambda: out.exists() and "the first" in out.read_text(), "the event")
    for number in range(6):
        ledger.events.add("sample.failed", f"number {number}", rule_id=rule)
    async with hooked(command):
        await until(lambda: "number 5" in out.read_text(), "the newest event")
    assert "number 2" not in out.read_text()
    assert "number 3" in out.read_text()
    assert any("behind" in event.message for event in ledger.events.newest(50) if event.kind == "hook.failed")


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_command_that_talks_a_lot_is_read_to_its_end(ledger, rule, hooked, tmp_path):
    async with hooked(script(tmp_path, "print('x' * 3_000_000)")) as hook:
        tell(ledger, hook, rule)
        last = ledger.events.last_id()
        await until(lambda: ledger.loop.rule(rule).hook_event >= last, "the end")
        assert ledger.loop.rule(rule).hook_problem == ""


async def test_no_secret_reaches_the_command(ledger, rule, hooked, tmp_path, monkeypatch):
    out = tmp_path / "out"
    monkeypatch.setenv("GENCOVE_API_KEY", "the-key")
    monkeypatch.setenv("LAB", "ours")
    text = f"import os, sys\nopen({str(out)!r}, 'w').write(sys.stdin.read() + repr(dict(os.environ)))\n"
    async with hooked(script(tmp_path, text)) as hook:
        tell(ledger, hook, rule)
        await until(lambda: out.exists() and "ours" in out.read_text(), "the event")
    assert "the-key" not in out.read_text()
