"""`python -m services.cli.sample FOLDER` writes the sample province's spreadsheets anew."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from services.cli.sample.generate import (
    ACTIVITIES_SENT,
    BY_LIST,
    FIRST_SENT,
    JOINT_LATER,
    JOINT_SENT,
    NAMED,
    SENT_LAST,
    SENT_LATER,
    UNTIDY,
    sample,
)
from services.cli.sample.small import small


def main(
    folder: Annotated[Path, typer.Argument()] = Path("deploy/sample"),
    few: Annotated[bool, typer.Option("--small", help="a province of five units")] = False,
) -> None:
    """Replace the spreadsheets in the folder; anything else in it stays."""
    for old in (*folder.glob("*.json"), *folder.glob("*.xlsx")):
        old.unlink()
    for part in (FIRST_SENT, SENT_LATER, SENT_LAST, BY_LIST, NAMED, JOINT_SENT, ACTIVITIES_SENT, JOINT_LATER, UNTIDY):
        shutil.rmtree(folder / part, ignore_errors=True)
    made = small() if few else sample()
    made.write(folder)
    typer.echo(f"{len(made.province.units)} units, {len(made.books)} workbooks, {len(made.rows)} rows in {folder}")


if __name__ == "__main__":
    typer.run(main)
