"""Precedence: flag > our variable > settings file > Google's variable > default."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gcp_deploy.domain import names
from gcp_deploy.errors import BadName, BadSettings
from gcp_deploy.settings import file as settings_file
from gcp_deploy.settings.faults import Fault, not_expected, raise_any, unknown_key
from gcp_deploy.settings.model import Endpoints, Settings
from gcp_deploy.settings.schema import ENDPOINTS, LOCAL, SETTINGS_FILE, TARGET, TOP, Key
from gcp_deploy.settings.sources import DEFAULT, Sources
from gcp_deploy.settings.validate import validate

STATE_DIR = ".gcp-deploy"
NEEDED = ("project", "region", "bucket")
"""What every command on a cloud platform needs; the prediction client needs no bucket."""

_LOCAL_DEFAULTS = {"project": "local-project", "region": "us-central1", "bucket": "local-models"}
_DEFAULTS: dict[str, Any] = {
    "model": "",
    "output": "table",
    "trusted_modules": (),
    "project": "",
    "region": "",
    "bucket": "",
    "prefix": "gcp-deploy",
    "machine_type": "n1-standard-2",
    "min_replicas": 1,
    "dedicated": True,
    "image": "",
    "runtime_version": "",
    "python_version": "",
    "service_account": "",
    "impersonate_service_account": "",
    "quota_project": "",
    "labels": {},
    "endpoints.storage": "",
    "endpoints.aiplatform": "",
    "endpoints.ml": "",
}


def load(
    *,
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    cwd: Path,
    require: Collection[str] = NEEDED,
) -> Settings:
    """Return the settings for one command.

    Flags are named as the keys (``state`` may stand for ``state_dir``); None means not given. An
    empty variable means not set. *require* names what a cloud platform has to have. All faults of
    all sources are told in one BadSettings.
    """
    flags = {("state_dir" if name == "state" else name): one for name, one in flags.items()}
    file = settings_file.find(cwd)
    top, targets, faults = validate(file)
    sources = Sources(flags, environ, file, faults)
    known = {key.name for key in (*TOP, *TARGET)}
    faults += [Fault("flags", "", unknown_key(name, known)) for name in flags if name not in known]
    taken = {key.name: sources.take(key, top, _DEFAULTS.get(key.name)) for key in TOP}
    target = _target_name(sources, taken["target"], targets)
    taken |= _take_target(sources, targets.get(target, {}))
    if taken["platform"] != LOCAL and target == LOCAL and LOCAL not in targets:
        target = str(taken["platform"])
    _check_together(sources, taken)
    raise_any(faults)
    _require(taken, target, require)
    return _settings(sources, taken, target, cwd)


def _target_name(sources: Sources, name: str | None, targets: Mapping[str, Any]) -> str:
    """Which target: the one named, else the only one, else ``local``."""
    if name is None:
        if len(targets) == 1:
            sources.won["target"] = sources.file.name
            return next(iter(targets))
        if not targets or LOCAL in targets:
            return LOCAL
        raise_any(sources.faults)
        raise BadSettings(
            f"{sources.file.name}: which target: {', '.join(sorted(targets))}?",
            hint=f'--target {min(targets)}, or target = "{min(targets)}" in the file',
        )
    if name not in targets and name != LOCAL:
        known = sorted({LOCAL, *targets})
        sources.fault("target", not_expected(name, f"a target: {', '.join(known)}"))
    return name


def _take_target(sources: Sources, said: Mapping[str, Any]) -> dict[str, Any]:
    platform_key, protocol_key, *rest = TARGET
    platform = sources.take(platform_key, said, LOCAL)
    sources.google = platform != LOCAL
    default = platform if platform != LOCAL else names.AIPLATFORM
    protocol = sources.take(protocol_key, said, default)
    defaults = _DEFAULTS | (_LOCAL_DEFAULTS if platform == LOCAL else {})
    if protocol == names.ML_ENGINE:
        # The same model may live on both: each has a release log of its own.
        defaults["prefix"] = "gcp-deploy-ml-engine"
    defaults["runtime"] = "prebuilt" if protocol == names.ML_ENGINE else "serving-image"
    taken = {key.name: sources.take(key, said, defaults.get(key.name)) for key in rest}
    for key in ENDPOINTS:
        path = f"endpoints.{key.name}"
        taken[path] = sources.take(key, said, defaults[path], path)
    if taken["labels"] and "labels" in said:
        taken["labels"] = said["labels"] | taken["labels"]
    if taken["max_replicas"] is None:
        taken["max_replicas"] = taken["min_replicas"]
    return taken | {"platform": platform, "protocol": protocol}


def _check_together(sources: Sources, taken: Mapping[str, Any]) -> None:
    """Check what only holds or fails in company."""
    if sources.faults:
        return
    platform, protocol = taken["platform"], taken["protocol"]
    if platform not in (LOCAL, protocol):
        told = not_expected(protocol, f"nothing else than {platform!r} on platform {platform!r}")
        sources.fault("protocol", told)
    if protocol == names.ML_ENGINE and taken["runtime"] != "prebuilt":
        sources.fault("runtime", not_expected(taken["runtime"], "'prebuilt' on ml-engine"))
    if taken["max_replicas"] < taken["min_replicas"]:
        expected = f"at least min_replicas, {taken['min_replicas']}"
        sources.fault("max_replicas", not_expected(taken["max_replicas"], expected))
    if taken["model"]:
        try:
            names.check_model(taken["model"], protocol)
        except BadName as error:
            told = not_expected(taken["model"], f"a model name on {protocol}: {error.hint}")
            sources.fault("model", told)


def _require(taken: Mapping[str, Any], target: str, require: Collection[str]) -> None:
    missing = [key for key in TARGET if key.name in require and not taken[key.name]]
    if missing:
        listed = ", ".join(key.name for key in missing)
        raise BadSettings(
            f"target {target!r} on {taken['platform']} has no {listed}",
            hint="; ".join(_ways(key, target) for key in missing),
        )


def _ways(key: Key, target: str) -> str:
    variables = (*key.own_variables, *key.google[:1])
    return (
        f"{key.name}: {key.flag_name}, {' or '.join(variables)}, "
        f'or {key.name} = "{key.example}" under [targets.{target}] in {SETTINGS_FILE}'
    )


def _check_state(directory: Path) -> None:
    """Refuse a state directory that can be none, because it lies at or below a file."""
    with suppress(PermissionError):  # who keeps the state there will tell
        for one in (directory, *directory.parents):
            if one.is_file():
                raise BadSettings(
                    f"the state cannot be kept in {directory}: {one} is a file, not a directory",
                    hint="--state DIR, or GCP_DEPLOY_STATE_DIR",
                )


def _settings(sources: Sources, taken: dict[str, Any], target: str, cwd: Path) -> Settings:
    beside = sources.file.path.parent if sources.file.path else cwd
    base = beside if sources.won["state_dir"] in (DEFAULT, sources.file.name) else cwd
    state_dir = base / Path(taken.pop("state_dir") or STATE_DIR).expanduser()
    if taken["platform"] == LOCAL:
        _check_state(state_dir.absolute())
    endpoints = Endpoints(*(taken.pop(f"endpoints.{key.name}") for key in ENDPOINTS))
    return Settings(
        **taken
        | {
            "target": target,
            "state_dir": state_dir.absolute(),
            "impersonate": taken.pop("impersonate_service_account"),
            "endpoints": endpoints,
            "settings_file": sources.file.path,
            "sources": dict(sources.won),
        }
    )
