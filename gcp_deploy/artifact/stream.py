"""Reading unpacked bytes the way ``pickle._Unpickler`` does: through frames, or past them.

Opcodes and their arguments come from the current frame (protocol 4 and later), raw array bytes
always from the file behind it, so the frame is held in memory and the file is a stream.
"""

from collections.abc import Callable, Iterator

from gcp_deploy.artifact.limits import Limits
from gcp_deploy.errors import ArtifactUnreadable


class Stream:
    """The unpacked bytes of the file, read once from front to back."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._chunk = b""
        self._at = 0
        self._before = 0

    @property
    def position(self) -> int:
        """The number of bytes read so far."""
        return self._before + self._at

    def read(self, size: int) -> bytes:
        """Return exactly *size* bytes."""
        end = self._at + size
        if end <= len(self._chunk):
            data = self._chunk[self._at : end]
            self._at = end
            return data
        parts = []
        while size:
            if self._at == len(self._chunk) and not self._next():
                raise truncated(self.position)
            part = self._chunk[self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Pass over exactly *size* bytes."""
        while size:
            if self._at == len(self._chunk) and not self._next():
                raise truncated(self.position)
            step = min(size, len(self._chunk) - self._at)
            self._at += step
            size -= step

    def readline(self, limit: int) -> bytes:
        """Return the bytes up to and with the next line feed."""
        parts = []
        size = 0
        while True:
            if self._at == len(self._chunk) and not self._next():
                raise truncated(self.position)
            end = self._chunk.find(b"\n", self._at) + 1
            part = self._chunk[self._at : end or len(self._chunk)]
            self._at += len(part)
            size += len(part)
            if size > limit:
                raise ArtifactUnreadable(f"line of more than {limit} bytes at {self.position}")
            parts.append(part)
            if end:
                return b"".join(parts)

    def at_end(self) -> bool:
        """Tell whether nothing is left."""
        return self._at == len(self._chunk) and not self._next()

    def _next(self) -> bool:
        self._before += len(self._chunk)
        self._at = 0
        self._chunk = next(self._chunks, b"")
        return bool(self._chunk)


class Input:
    """The bytes of one pickle: its frames, over the stream.

    *on_odd* hears of numbers and texts that Python reads but no pickler writes.
    """

    def __init__(self, stream: Stream, limits: Limits, on_odd: Callable[[str], None]) -> None:
        self.stream = stream
        self.limits = limits
        self.on_odd = on_odd
        self._frame: bytes | None = None
        self._at = 0

    @property
    def position(self) -> int:
        """Where the next byte stands in the unpacked file."""
        left = 0 if self._frame is None else len(self._frame) - self._at
        return self.stream.position - left

    def read(self, size: int) -> bytes:
        """Return *size* bytes as ``_Unframer.read`` would."""
        frame = self._frame
        if frame is None:
            return self.stream.read(size)
        end = self._at + size
        if end <= len(frame):
            data = frame[self._at : end]
            self._at = end
            return data
        self._leave_frame()
        return self.stream.read(size)

    def skip(self, size: int) -> None:
        """Pass over *size* bytes as ``_Unframer.read`` would."""
        if self._frame is not None:
            if self._at + size <= len(self._frame):
                self._at += size
                return
            self._leave_frame()
        self.stream.skip(size)

    def readline(self) -> bytes:
        """Return a line without its line feed, as ``_Unframer.readline`` would."""
        if self._frame is not None and self._at < len(self._frame):
            end = self._frame.find(b"\n", self._at)
            if end < 0:
                raise ArtifactUnreadable(f"a line goes beyond its frame at byte {self.position}")
            line = self._frame[self._at : end]
            self._at = end + 1
            return line
        self._frame = None
        return self.stream.readline(self.limits.line)[:-1]

    def start_frame(self, size: int) -> None:
        """Load the next frame."""
        if self._frame is not None and self._at < len(self._frame):
            raise ArtifactUnreadable(f"a frame inside another at byte {self.position}")
        if size > self.limits.frame:
            raise ArtifactUnreadable(f"frame of {size} bytes at byte {self.position}")
        self._frame = self.stream.read(size)
        self._at = 0

    def ends_with_frame(self) -> bool:
        """Tell whether no byte of the current frame is left."""
        return self._frame is None or self._at == len(self._frame)

    def _leave_frame(self) -> None:
        if not self.ends_with_frame():
            raise ArtifactUnreadable(f"a value goes beyond its frame at byte {self.position}")
        self._frame = None


def truncated(position: int) -> ArtifactUnreadable:
    """Return the error for a file that ends at *position* in the middle of something."""
    return ArtifactUnreadable(
        f"the file ends too early, after {position} unpacked bytes",
        hint="the file was cut, or is no joblib file: copy or save it again",
    )
