"""What tests of the pages wait for: other threads, and the process that paints."""

from gangan_cli.tui.widgets.panel import Panel


async def until(pilot, condition, patience: float = 30.0) -> None:
    """Wait for what other threads and processes do."""
    for _ in range(int(patience / 0.05)):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.05)
    raise AssertionError(f"it did not come to pass:\n{pilot.app.screen}")


async def read(pilot) -> None:
    """Wait until the store is read and the trends are filled in."""
    state = pilot.app.state
    await until(
        pilot,
        lambda: state.machine and state.runs and all(r.trend or r.problem for r in state.runs.values()),
    )


async def drawn(pilot) -> None:
    await read(pilot)
    await until(pilot, lambda: pilot.app.screen.query(Panel) and all(
        panel.range for panel in pilot.app.screen.query(Panel)))  # fmt: skip
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def pictured(pilot) -> None:
    """Wait for the digits, and for the nearest snapshot where there is one."""
    await read(pilot)
    page = pilot.app.screen
    await until(pilot, lambda: page.images is not None and (page.scrub.by_epoch or page.near))


async def judged(pilot) -> None:
    """Wait until all scores are read."""
    await read(pilot)
    await until(pilot, lambda: all(r.scores or r.problem for r in pilot.app.state.runs.values()))
