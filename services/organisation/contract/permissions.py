"""Who may do what, where: one table, readable on one screen. A role reaches its unit and what lies below it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import takewhile

from services.kernel.message.event import EVERYWHERE, Command
from services.kernel.message.history import GetHistory
from services.kernel.resource import Resource

from .user import Role

R = Role


__all__ = [
    "BLIND",
    "ELSEWHERE",
    "EVERYWHERE",
    "OPENS",
    "PERMISSIONS",
    "SCOPES",
    "Action",
    "HeldRoles",
    "Scope",
    "may",
    "may_open",
    "opens",
    "permitting",
    "rows",
]
HeldRoles = Iterable[tuple[Role, str]]
"""The roles that somebody holds, each for a unit."""


class Action(StrEnum):
    """What is asked for; each operation of REST, gRPC and pages names one."""

    read_figures = "read_figures"
    rank_units = "rank_units"
    issue_reports = "issue_reports"
    read_units = "read_units"
    read_study = "read_study"
    write_study = "write_study"
    return_study = "return_study"
    read_materials = "read_materials"
    keep_progress = "keep_progress"
    score_entries = "score_entries"
    read_plans = "read_plans"
    write_plans = "write_plans"
    acknowledge_notices = "acknowledge_notices"
    supervise_study = "supervise_study"
    read_tickets = "read_tickets"
    register_tickets = "register_tickets"
    dispatch_tickets = "dispatch_tickets"
    handle_tickets = "handle_tickets"
    call_back_tickets = "call_back_tickets"
    correct_tickets = "correct_tickets"
    read_callers = "read_callers"
    read_research = "read_research"
    write_research = "write_research"
    approve_research = "approve_research"
    import_research = "import_research"
    set_norms = "set_norms"
    import_study = "import_study"
    import_tickets = "import_tickets"
    manage_units = "manage_units"
    manage_campaigns = "manage_campaigns"
    read_submissions = "read_submissions"
    confirm_submissions = "confirm_submissions"
    review_submissions = "review_submissions"
    read_users = "read_users"
    manage_users = "manage_users"
    manage_members = "manage_members"
    see_themselves = "see_themselves"
    grant_roles = "grant_roles"
    end_sessions = "end_sessions"
    read_access_log = "read_access_log"
    operate = "operate"
    keep_calendar = "keep_calendar"


class Scope(StrEnum):
    """On which units a role may do what it may."""

    subtree = "subtree"
    addressed = "addressed"
    judged = "judged"
    themselves = "themselves"
    root = "root"
    platform = "platform"


SCOPES = {
    Scope.subtree: "角色所在单位及其下级",
    Scope.addressed: "角色所在单位及其下级，以及上级下发给本单位的",
    Scope.judged: "本人担任评委的比赛，看不到作者和其他评委的打分",
    Scope.themselves: "本人",
    Scope.root: "最高一级单位的角色（对所有单位生效）",
    Scope.platform: "全平台，不涉及单位记录",
}


_WORK = {R.committee, R.office, R.unit_admin, R.leader, R.handler, R.secretary}
_HOTLINE = {R.agent, R.duty_supervisor}
PERMISSIONS: dict[Action, frozenset[Role]] = {
    Action.read_figures: frozenset({*_WORK, *_HOTLINE, R.judge, R.audit_admin}),
    Action.rank_units: frozenset({R.committee, R.office}),
    Action.issue_reports: frozenset({R.committee, R.office, R.unit_admin}),
    Action.read_units: frozenset(set(Role) - {R.partner}),
    Action.read_study: frozenset({*_WORK, R.audit_admin}),
    Action.write_study: frozenset({R.committee, R.office, R.unit_admin, R.secretary}),
    Action.return_study: frozenset({R.committee, R.office}),
    Action.read_materials: frozenset({*_WORK, R.member, R.audit_admin}),
    Action.keep_progress: frozenset({*_WORK, R.member}),
    Action.score_entries: frozenset({R.judge}),
    Action.read_plans: frozenset({*_WORK, R.member, R.audit_admin}),
    Action.write_plans: frozenset({R.committee, R.office, R.unit_admin}),
    Action.acknowledge_notices: frozenset({R.unit_admin, R.secretary}),
    Action.supervise_study: frozenset({R.committee, R.office, R.unit_admin, R.leader}),
    Action.read_tickets: frozenset({R.committee, R.office, R.unit_admin, R.leader, R.handler, *_HOTLINE}),
    Action.register_tickets: frozenset({R.agent, R.duty_supervisor}),
    Action.dispatch_tickets: frozenset({R.agent, R.duty_supervisor}),
    Action.handle_tickets: frozenset({R.agent, R.duty_supervisor, R.handler}),
    Action.call_back_tickets: frozenset({R.agent, R.duty_supervisor}),
    Action.correct_tickets: frozenset({R.duty_supervisor}),
    Action.read_callers: frozenset({R.agent, R.duty_supervisor}),
    Action.read_research: frozenset({*_WORK, R.audit_admin}),
    Action.write_research: frozenset({R.committee, R.office, R.unit_admin, R.handler}),
    Action.approve_research: frozenset({R.committee, R.office, R.leader}),
    Action.import_research: frozenset({R.committee, R.office, R.unit_admin, R.leader}),
    Action.set_norms: frozenset({R.committee, R.office}),
    Action.import_study: frozenset({R.committee, R.office, R.unit_admin}),
    Action.import_tickets: frozenset({R.duty_supervisor}),
    Action.manage_units: frozenset({R.system_admin}),
    Action.manage_campaigns: frozenset({R.committee, R.office}),
    Action.read_submissions: frozenset({*_WORK, R.audit_admin}),
    Action.confirm_submissions: frozenset({R.committee, R.office, R.unit_admin, R.secretary}),
    # Asked of the superior's unit, so that nobody takes over what they confirmed for a unit of their own alone.
    Action.review_submissions: frozenset({R.committee, R.office, R.unit_admin}),
    Action.read_users: frozenset({R.system_admin, R.security_admin}),
    Action.manage_users: frozenset({R.system_admin}),
    # Membership is sensitive (L2): whoever keeps a list sees its names, nobody else; everybody sees themselves.
    Action.manage_members: frozenset({R.office, R.unit_admin, R.secretary}),
    Action.see_themselves: frozenset({*_WORK, *_HOTLINE, R.member, R.judge}),
    Action.grant_roles: frozenset({R.security_admin}),
    Action.end_sessions: frozenset({R.security_admin}),
    Action.read_access_log: frozenset({R.audit_admin}),
    Action.operate: frozenset({R.operations}),
    Action.keep_calendar: frozenset({R.operations}),
}
"""Action → roles. The three administrators (三员分立) share no action that changes anything."""


ELSEWHERE: dict[Action, Scope] = {
    Action.read_materials: Scope.addressed,
    Action.read_plans: Scope.addressed,
    Action.score_entries: Scope.judged,
    Action.keep_progress: Scope.themselves,
    Action.see_themselves: Scope.themselves,
    Action.manage_campaigns: Scope.root,
    Action.set_norms: Scope.root,
    Action.operate: Scope.platform,
    Action.keep_calendar: Scope.platform,
}
"""Where an action reaches less or more than the role's unit and its subtree, which is what all others reach."""


OPENS: dict[str, Action] = {
    "gateway.member": Action.manage_members,
    "gateway.submission": Action.read_submissions,
    "gateway.unit": Action.read_units,
    "hotline.ticket": Action.read_tickets,
    "research.measure": Action.read_research,
    "research.topic": Action.read_research,
    "research.visit": Action.read_research,
    "study.activity": Action.read_study,
    "study.contest": Action.read_study,
    "study.entry": Action.read_study,
    "study.essay": Action.read_study,
    "study.issue": Action.read_study,
    "study.lecture": Action.read_study,
    "study.notice": Action.read_plans,
    "study.pair": Action.read_study,
    "study.receipt": Action.read_plans,
    "study.session": Action.read_study,
}
"""Kind of record → the action that opens one: what asks its owner for it asks for this. A kind that is not here (what
is counted of a person, a unit or a place) opens to nobody."""

BLIND = frozenset({"study.entry"})
"""Kinds of records that whoever judges does not open through figures, whatever else they are."""


def rows() -> list[tuple[Action, Scope, frozenset[Role]]]:
    """The table, a line an action."""
    return [(action, ELSEWHERE.get(action, Scope.subtree), roles) for action, roles in PERMISSIONS.items()]


def may(roles: HeldRoles, action: Action, path: Sequence[str]) -> tuple[Role, str] | None:
    """The role, and the unit it is held for, by which `action` is allowed on the unit at the end of `path`; or None."""
    allowed = PERMISSIONS[action]
    return next(((role, unit) for role, unit in roles if role in allowed and unit in (*path, EVERYWHERE)), None)


def permitting(
    asked: Mapping[Action, Iterable[type[Command]]], resources: Iterable[Resource] = ()
) -> dict[type[Command], dict[str, frozenset[str]]]:
    """What may be asked of a service by whom: command → action → the roles by which that may be done.

    What its kinds of records are asked their descriptions say; `asked` is the rest.
    """
    found: dict[type[Command], dict[str, frozenset[str]]] = {}
    described = (each for resource in resources if resource.routed for each in _described(resource))
    for action, commands in (*described, *asked.items()):
        for command in commands:
            found.setdefault(command, {})[str(action)] = frozenset(PERMISSIONS[Action(action)])
    return found


def _described(resource: Resource) -> Iterator[tuple[str, Iterable[type[Command]]]]:
    yield resource.read, (resource.get, resource.list, *((GetHistory,) if resource.history else ()))
    if resource.add is not None:
        yield resource.write, (resource.add.variants.values() or (resource.add.command,))
    yield from ((step.action, (step.command,)) for step in resource.steps)


def opens(roles: HeldRoles, kinds: Collection[str]) -> bool:
    """Whether somebody may open records of one of these kinds anywhere; of no kind at all, everybody may."""
    held = {role for role, _ in roles}
    return not kinds or any(kind in OPENS and held & PERMISSIONS[OPENS[kind]] for kind in kinds)


def may_open(roles: HeldRoles, kind: str, path: Sequence[str], hidden: Collection[str] = ()) -> bool:
    """Whether somebody may open a record of a kind that counts for the unit at the end of `path`.

    The path is today's, as permission follows today's tree. From a `hidden` unit down nobody sees it.
    """
    held = [*roles]
    if kind not in OPENS or (kind in BLIND and any(role == Role.judge for role, _ in held)):
        return False
    return may(held, OPENS[kind], [*takewhile(lambda unit: unit not in hidden, path)]) is not None
