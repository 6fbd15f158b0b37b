"""Loads each file that is named, with the server's guard alone, and prints what came of it."""

import json
import sys
from pathlib import Path

from gcp_deploy.serving.guard import CannotLoad
from gcp_deploy.serving.loading import load


def outcome(path: Path) -> list[str]:
    with path.open("rb") as file:
        try:
            return ["loaded", type(load(file.fileno()).model).__name__]
        except CannotLoad as error:
            return [error.kind, error.detail]


if __name__ == "__main__":
    sys.stdout.write(json.dumps({name: outcome(Path(name)) for name in sys.argv[1:]}))
