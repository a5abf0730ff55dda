"""The table of permissions as docs/permissions.md: `python -m tests.unit.gateway.domain.permissions_page` writes it."""

from pathlib import Path

from services.edge.pages.words import ACTIONS
from services.gateway.domain.separation import SEPARATED
from services.organisation.contract import ROLES, Role
from services.organisation.contract.permissions import OPENS, SCOPES, rows

PAGE = Path(__file__).parents[4] / "docs" / "permissions.md"


def page() -> str:
    """The page."""
    lines = [
        "# Who may do what, where",
        "",
        (
            "Made of `services/organisation/contract/permissions.py`; what each operation needs is "
            "`tests/component/access/table.py`. A role is held for a unit."
        ),
        "",
        "| action | 操作 | 范围 | 角色 |",
        "|---|---|---|---|",
    ]
    for action, scope, roles in rows():
        held = "、".join(ROLES[role] for role in ROLES if role in roles)
        lines.append(f"| `{action}` | {ACTIONS[action]} | {SCOPES[scope]} | {held} |")
    lines += [
        "",
        "## Roles that exclude each other",
        "",
        (
            "三员分立, `services/gateway/domain/separation.py`: no account holds both roles of a pair, for whatever "
            "units. Nobody gives roles to themselves."
        ),
        "",
        "| 角色 | 不得兼有 |",
        "|---|---|",
    ]
    for one in Role:
        if others := [other for other in Role if frozenset({one, other}) in SEPARATED]:
            lines.append(f"| {ROLES[one]} | {'、'.join(ROLES[other] for other in others)} |")
    lines += [
        "",
        "## Who opens the records behind a figure",
        "",
        (
            "`OPENS` in the same file: a record behind a figure is opened by whoever may do this on its unit. A kind "
            "that is not here (what is counted of a person, a unit or a place) opens to nobody; judges open no entry."
        ),
        "",
        "| kind of record | action |",
        "|---|---|",
    ]
    lines += [f"| `{kind}` | `{action}` {ACTIONS[action]} |" for kind, action in OPENS.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
