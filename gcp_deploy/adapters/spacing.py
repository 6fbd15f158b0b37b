"""Keeping calls apart that the service wants apart."""

from gcp_deploy.ports import Clock


class Spacing:
    """Lets at least *seconds* pass between two calls.

    Vertex AI, "Import models to Vertex AI": call UploadModel or DeployModel no more often than once
    every two seconds.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._last: float | None = None

    def wait(self) -> None:
        """Return when the next call may go."""
        now = self._clock.monotonic()
        if self._last is not None and now - self._last < self._seconds:
            self._clock.sleep(self._seconds - (now - self._last))
        self._last = self._clock.monotonic()
