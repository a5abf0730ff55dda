"""The sample accounts: one of every kind of user, and a jury. Their passwords are made when they are loaded."""

from services.cli.sample.joint import JUDGES
from services.cli.sample.people import names
from services.cli.sample.province import DESK, ROOT, Province
from services.cli.workbook import Cells
from services.organisation.contract import ROLES, Role


def accounts(province: Province) -> list[Cells]:
    """Rows of 用户名册 without a password."""
    department = province.departments[0]
    unit, branch = department.unit.code, department.branches[0].code
    held = {
        "committee": (Role.committee, ROOT),
        "office": (Role.office, ROOT),
        "unit-admin": (Role.unit_admin, unit),
        "leader": (Role.leader, unit),
        "handler": (Role.handler, unit),
        "secretary": (Role.secretary, branch),
        "member": (Role.member, branch),
        "agent": (Role.agent, ROOT),  # the desk gives tickets to every department
        "supervisor": (Role.duty_supervisor, ROOT),
        **dict.fromkeys(JUDGES, (Role.judge, ROOT)),
        "line12345": (Role.partner, DESK),
        "sysadmin": (Role.system_admin, ROOT),
        "secadmin": (Role.security_admin, ROOT),
        "auditadmin": (Role.audit_admin, ROOT),
        "operations": (Role.operations, ROOT),
    }
    called = names("accounts")
    return [
        {"id": name, "name": next(called), "role": ROLES[role], "unit": code} for name, (role, code) in held.items()
    ]
