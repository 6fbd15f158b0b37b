"""The commented example and the docs table, both made from the schema."""

from collections.abc import Sequence

from gcp_deploy.settings.schema import ENDPOINTS, SETTINGS_FILE, TARGET, TOP, Key, Kind

_HEAD = f"""\
# {SETTINGS_FILE}: settings of gcp-deploy.
#
# Nothing has to be set: without a target everything runs on the embedded platform of this
# machine. Take away the '#' before a key to set it. A flag wins over a variable GCP_DEPLOY_KEY,
# that over this file, and this file over Google's own variables.
"""
_TABLES = (
    ("local", "local", "A target on this machine."),
    ("prod", "aiplatform", "A target in the cloud."),
    ("legacy", "ml-engine", "The legacy service, switched off by Google on 2025-01-31."),
)


def example() -> str:
    """Return a settings file in which every key is explained and commented out.

    Lines of explanation begin with ``# ``, lines to be uncommented with ``#`` alone.
    """
    blocks = [_HEAD, *(_block(key) for key in TOP)]
    for name, platform, title in _TABLES:
        blocks.append(f"# {title}\n#[targets.{name}]\n")
        if name == "prod":
            blocks.append(_block(TARGET[0]))
        else:
            blocks.append(f'#platform = "{platform}"\n')
        blocks += [_block(key) for key in TARGET[1:] if key.shown == name]
    blocks.append(
        "# Addresses that stand in for Google's: an emulator, a proxy, a private endpoint.\n"
        "#[targets.legacy.endpoints]\n"
    )
    blocks += [_block(key) for key in ENDPOINTS]
    return "\n".join(blocks)


def table() -> str:
    """Return a Markdown table of all keys, for the docs."""
    rows = [
        "| key | value | default | variables | meaning |",
        "|---|---|---|---|---|",
        *_rows("", TOP),
        *_rows("targets.NAME.", TARGET),
        *_rows("targets.NAME.endpoints.", ENDPOINTS),
    ]
    return "\n".join(rows) + "\n"


def _block(key: Key) -> str:
    from textwrap import wrap

    default = f" Default: {key.default}." if key.default else ""
    doc = "".join(f"# {line}\n" for line in wrap(key.doc + default, 94))
    return f"{doc}#{key.name} = {_toml(key)}\n"


def _toml(key: Key) -> str:
    """Write the example's value; TOML and JSON write texts, numbers and lists alike."""
    import json

    if key.kind is Kind.TABLE:
        pairs = ", ".join(f"{one} = {json.dumps(value)}" for one, value in key.example.items())
        return f"{{ {pairs} }}"
    return json.dumps(key.example)


def _rows(path: str, keys: Sequence[Key]) -> list[str]:
    return [
        f"| `{path}{key.name}` | {key.type_name} | {key.default} | "
        f"{', '.join(f'`{one}`' for one in (*key.own_variables, *key.google))} | {key.doc} |"
        for key in keys
    ]
