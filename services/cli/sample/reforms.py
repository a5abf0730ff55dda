"""What the system administrator writes down of the reform: a name, a move, a merger, each with its day."""

from typing import Any

from services.cli.sample.days import FIRST
from services.cli.sample.joint import Post
from services.cli.sample.province import REFORMED, Province

EFFECTIVE = {"day": REFORMED.isoformat(), "basis": "示例省机构改革方案（样例）"}


def reforms(province: Province) -> list[Post]:
    """By the API, after all else."""
    made = province.reform
    going = {code for gone in made.merged for code in province.within(gone, FIRST)}
    told: list[tuple[str, str, dict[str, Any]]]
    told = [(code, "renamings", {"name": name}) for code, name in made.names.items()]
    told += [(code, "moves", {"parent": above}) for code, above in made.superiors.items() if code not in going]
    merged = [(into, "mergers", {"units": [code]}) for code, into in made.merged.items()]
    return [Post("sysadmin", f"/units/{code}/{what}", {**said, **EFFECTIVE}) for code, what, said in [*told, *merged]]
