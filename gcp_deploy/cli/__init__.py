"""The command line: parse, one use case, render. A command per file, in ``commands``.

    main        the entry point             session    what a command works with
    failures    errors become exit codes    reporter   stderr, while working
    loading     the table of commands       documents  results as JSON
    command     the parser of one command   tables     results for people
    options     what every command accepts  render     the one or the other, to stdout
    completion  live names for the shell    times      points in time as people type them

Imports of the rooms below stand inside functions, so that ``--help`` costs what Typer costs.
"""
