"""``python -m gcp_deploy.emulator --state DIR --port N``: the server process of ``local up``."""

import argparse
import logging
import sys
from pathlib import Path

from gcp_deploy.emulator.server import serve
from gcp_deploy.errors import GcpDeployError


def main() -> int:
    """Serve until told to end; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m gcp_deploy.emulator")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    try:
        serve(arguments.state, port=arguments.port, ready=lambda _description: None)
    except GcpDeployError as error:
        sys.stderr.write(f"{error.message}; {error.hint}\n")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
