"""One file a command, found by walking this folder.

To add the command ``kexiao measure``, drop a file ``measure.py`` here with two names::

    HELP = Text(zh="计算指标", en="Compute metrics")

    def measure(
        metrics: Annotated[list[str] | None, argument(zh="指标名", en="names of metrics")] = None,
        period: Annotated[str, option("--period", zh="期间，如 2025Q3", en="a period such as 2025Q3")] = "",
    ) -> int | None:
        from kexiao.cycle.measure import measure as compute   # heavy imports inside, so that --help stays quick

        show(compute(session().folder(), metrics or [], period=period), ...)

``argument`` and ``option`` come from ``kexiao.cli.options``; they are typer's, with help in both languages. The options -w/--workspace, --lang,
--format and --no-input are added to every command by ``kexiao.cli.main``; read them from ``session()`` (``kexiao.cli.options``), which also opens
the workspace. Print tables with ``kexiao.cli.output.show`` (terminal table, JSON, CSV or Parquet as the user asked). A returned number is the exit
code. Raise errors of ``kexiao.errors``; ``main`` prints them and ends with their exit code. A file name with an underscore, ``run_all.py``, gives the
command ``run-all``; give a function whose name would hide a Python word a ``_`` at its end.
"""
