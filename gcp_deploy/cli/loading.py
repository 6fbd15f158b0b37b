"""The table of commands: each module is imported when its command is used, not for ``--help``."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from gcp_deploy.cli.command import Group, write_examples
from gcp_deploy.errors import UsageError

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Prepare": {
        "init": "Write the commented settings file.",
        "inspect": "Tell what is inside an artifact, without running it.",
        "plan": "Show what deploy would do.",
    },
    "Change what is served": {
        "deploy": "Make an artifact a verified version that is served.",
        "promote": "Make a version the default.",
        "rollback": "Make the previous default the default again.",
        "retire": "Undeploy versions that no rollback needs.",
    },
    "Look": {
        "status": "Show what is served, and what differs from the log.",
        "versions": "List the versions of a model.",
        "history": "Show the release log.",
        "when": "Tell who served at a time, and who decided it.",
    },
    "Use": {
        "predict": "Ask the model for predictions.",
    },
    "Run": {
        "operations": "Wait for something that is still running.",
        "local": "Run the embedded platform as a server.",
    },
}
COMMANDS = {name: text for section in SECTIONS.values() for name, text in section.items()}

SYNONYMS = {
    "apply": "deploy ARTIFACT",
    "audit": "history",
    "check": "inspect ARTIFACT",
    "create": "deploy ARTIFACT",
    "delete": "retire VERSION --delete",
    "describe": "status",
    "diff": "plan ARTIFACT",
    "down": "local down",
    "dry-run": "plan ARTIFACT",
    "help": "--help",
    "info": "status",
    "list": "versions",
    "log": "history",
    "logs": "history",
    "ls": "versions",
    "publish": "deploy ARTIFACT",
    "push": "deploy ARTIFACT",
    "release": "promote VERSION",
    "remove": "retire VERSION",
    "reset": "local reset",
    "revert": "rollback",
    "rm": "retire VERSION",
    "set-default": "promote VERSION",
    "show": "status",
    "start": "local up",
    "stop": "local down",
    "undeploy": "retire VERSION",
    "undo": "rollback",
    "up": "local up",
    "upload": "deploy ARTIFACT",
    "version": "--version",
    "wait": "operations wait NAME",
    "who": "when TIME",
}


class LazyGroup(Group):
    """The commands of the table, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command's module and return its command, or None."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        return getattr(import_module(f"gcp_deploy.cli.commands.{cmd_name}"), cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; for a word that is not ours, say which one is meant."""
        name = args[0]
        if name in SYNONYMS:
            raise UsageError(f"no such command: {name}", hint=f"gcp-deploy {SYNONYMS[name]}")
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=1)
            hint = f"gcp-deploy {near[0]}" if near else "gcp-deploy --help shows the commands"
            raise UsageError(f"no such command: {name}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the table, without importing a command."""
        del ctx
        width = max(map(len, COMMANDS))
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        del ctx
        write_examples(self.epilog, formatter)
