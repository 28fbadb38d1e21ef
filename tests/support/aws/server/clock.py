"""The world's time, which is real time plus what a test has added, and what is to happen at which moment."""

import heapq
import time
from datetime import datetime, timezone
from typing import Callable


class Clock:
    def __init__(self) -> None:
        self._ahead = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        # (real seconds, seconds ahead) after each jump: a moment of the world can be told as a moment of the machine.
        self._jumps: list[tuple[float, float]] = [(0.0, 0.0)]

    def now(self) -> float:
        """Seconds since the epoch, as the world has it."""
        return time.time() + self._ahead

    def date(self, seconds: float | None = None) -> datetime:
        return datetime.fromtimestamp(self.now() if seconds is None else seconds, timezone.utc)

    def real(self, moment: float) -> float:
        """The machine's time at a moment of the world; a moment within a jump is the instant of the jump."""
        for index in range(len(self._jumps) - 1, -1, -1):
            at, ahead = self._jumps[index]
            if moment >= at + ahead:
                return moment - ahead
            before = self._jumps[index - 1][1] if index > 0 else 0.0
            if moment >= at + before:
                return at
        return moment

    def after(self, ms: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (self.now() + ms / 1000, self._count, action))

    def run_due(self) -> None:
        while self._due and self._due[0][0] <= self.now():
            heapq.heappop(self._due)[2]()

    def step(self, goal: float) -> bool:
        """On to the next thing that is to happen, at most to `goal`; False once it is there."""
        more = bool(self._due) and self._due[0][0] <= goal
        self._jump((self._due[0][0] if more else goal) - self.now())
        self.run_due()
        return more

    def _jump(self, seconds: float) -> None:
        if seconds <= 0:
            return
        self._ahead += seconds
        self._jumps.append((time.time(), self._ahead))
