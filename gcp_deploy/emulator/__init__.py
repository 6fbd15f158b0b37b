"""The embedded platform: Google's REST protocols, spoken on this machine, with state on disk.

It speaks Cloud Storage JSON, ``aiplatform`` v1 and ``ml`` v1 on one loopback port, and is written
from the API documents alone, so that the adapters are tested against something that does not share
their mistakes. It runs inside a command (:class:`gcp_deploy.emulator.platform.Platform`) or as a
server (:mod:`gcp_deploy.emulator.server`). Importing this package imports nothing else.

What no part of it imitates: identity and permissions (every caller may do everything), quotas and
rate limits, billing, regions (each location answers alike), gRPC, HTTP/2, TLS, and IPv6. It listens
on 127.0.0.1 only. State must lie on a local disk: SQLite's write-ahead log does not work over a
network file system.
"""
