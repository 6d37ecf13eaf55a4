"""The command that measures a data-set folder."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app.cli.arguments import Budget, Folder
from app.cli.evaluation_options import page_beside, parse_ks, parse_parts, parse_protocol, parse_seen, require_one_goal
from app.cli.output import AsJson, console_for
from app.cli.progress import progress_bars
from app.cli.reading import (
    DateFormat,
    Delimiter,
    Encoding,
    Events,
    Ignore,
    MappingFile,
    Maps,
    Times,
    Timezone,
    wishes_of,
)
from app.cli.running import console
from app.cli.showing_evaluation import print_report
from app.cli.similar import measure_similar, require_alone
from app.config import load_settings
from app.schemas.training_jobs import MAX_SEED
from app.worker.training_run import load_training
from models.data.described import describe
from models.data.folder_reader import read_folder
from models.data.schema import EMPTY, read_schema


def evaluate(
    folder: Folder,
    protocol: Annotated[
        str | None,
        typer.Option(help="fixed, leave-last-out, temporal, timeline or random; the default depends on the files."),
    ] = None,
    k: Annotated[str, typer.Option(help="Lengths of the lists that are measured.")] = "5,10,20",
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="The same seed and data give the same figures.")] = 0,
    budget: Budget = None,
    only: Annotated[str, typer.Option(help="Use these parts alone, without the network; for example item_knn.")] = "",
    output: Annotated[
        Path | None, typer.Option(help="Write the figures to this JSON file, and a report in HTML next to it.")
    ] = None,
    goal: Annotated[
        str | None, typer.Option(help="Event types that count as success, for example purchase; as BRAID_GOAL.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="TOML file that declares attributes of items and users; as BRAID_SCHEMA.")
    ] = None,
    include_seen: Annotated[bool, typer.Option(help="Allow recommendations of items in the history.")] = False,
    exclude_seen: Annotated[
        str,
        typer.Option(help="Event types whose items are left out of a user's lists; by default those of the goal."),
    ] = "",
    test_days: Annotated[
        float | None,
        typer.Option(min=0, help="Days of the temporal or timeline test; by default a tenth of the time span."),
    ] = None,
    maps: Maps = None,
    ignore: Ignore = None,
    events: Events = None,
    mapping: MappingFile = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    times: Times = None,
    timezone: Timezone = None,
    date_format: DateFormat = None,
    similar: Annotated[
        bool, typer.Option("--similar", help="Measure similar items instead: do they foretell what is liked next?")
    ] = False,
    show: Annotated[
        list[str] | None, typer.Option(help="With --similar: print the lists of the item with this title, or id.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also print all settings, and the seconds by phase.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train with the automatic recipe on a folder, and compare its accuracy with popularity and each part alone."""
    ks = parse_ks(k)
    protocol = parse_protocol(protocol)
    require_one_goal(goal)
    parts = parse_parts(only)
    others = {"--protocol": protocol, "--only": only.strip(), "--include-seen": include_seen, "--test-days": test_days}
    require_alone(similar, others, show)
    settings = load_settings(goal=goal, schema=schema)
    seen = parse_seen(exclude_seen, settings.event_types, include_seen=include_seen)
    declared = EMPTY if settings.schema is None else read_schema(settings.schema)
    wishes = wishes_of(
        maps=maps,
        ignore=ignore,
        events=events,
        mapping=mapping,
        timestamps="seconds",
        encoding=encoding,
        delimiter=delimiter,
        times=times,
        timezone=timezone,
        date_format=date_format,
    )
    dataset = replace(read_folder(folder, wishes), user_types=declared.users)
    said = console_for(as_json)
    for line in dataset.told:
        said.print(line)
    if dataset.items is not None:
        catalogue = describe(dataset.items, declared)
        dataset = replace(dataset, items=catalogue.table)
        for note in catalogue.notes():
            said.print(f"catalogue: {note}")
    page = page_beside(None if similar else output)
    for path in filter(None, (output, page)):
        path.open("a").close()  # fail before the work if the output cannot be written
    training = load_training()
    config = training.EvaluationConfig(
        protocol=protocol,
        ks=ks,
        seed=seed,
        budget=budget,
        parts=parts,
        with_network=not only.strip(),
        network=settings.network,
        event_types=settings.event_types,
        rating_scale=settings.rating_scale,
        visit_pause=settings.visit_pause_minutes * 60,
        rotation=settings.rotates,
        goal=next(iter(settings.goals), None),
        include_seen=include_seen,
        exclude_seen=seen,
        test_days=test_days,
    )
    if similar:
        measure_similar(training, dataset, config, show or (), output, as_json=as_json)
        return
    with progress_bars() as progress:
        report = training.evaluate_folder(dataset, config, progress=progress)
    if as_json:
        typer.echo(report.to_json())
    else:
        print_report(report, console, verbose=verbose)
    if output is not None and page is not None:
        output.write_text(report.to_json() + "\n", encoding="utf-8")
        page.write_text(training.render_page(report, folder.resolve().name), encoding="utf-8")
        said.print(f"written to {output} and {page}")
