"""What each operation of REST, gRPC and pages needs: its action, and how far that reaches.

A new operation is a new line; what kinds' descriptions say is at the end. `page …` is a page; an address that serves
several kinds is a line for each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from services.edge.resources import RESOURCES, step_model
from services.gateway.domain import Action
from services.kernel.message.event import method_name
from tests.component.access.world import PATH

Needs = tuple[Action, Sequence[str] | None]
"""An action, and the path of the unit on which it is needed; None where the role alone decides."""

OPEN = (
    "docs",
    "get_template calendars calendars",
    "get_template hotline tickets",
    "get_template members members",
    "get_template research measures",
    "get_template research topics",
    "get_template research visits",
    "get_template roles users",
    "get_template study activities",
    "get_template study attendance",
    "get_template study entries",
    "get_template study essays",
    "get_template study issues",
    "get_template study lectures",
    "get_template study pairs",
    "get_template study receipts",
    "get_template study sessions",
    "get_template units units",
    "get_template users users",
    "healthz",
    "page login",
    "page login_page",
    "page logout",
    "page oidc_begin",
    "page oidc_return",
    "page unit_view",
    "readyz",
    "sign_in",
)
"""Nobody need be signed in."""

ANYBODY = (
    "change_password",
    "list_campaigns",
    "list_permissions",
    "list_tokens",
    "make_token",
    "me",
    "page home",
    "page imports_page",
    "page permissions_view",
    "page token_made",
    "page token_revoked",
    "page tokens_view",
    "revoke_token",
    "sign_out",
)
"""Whoever is signed in, whatever they are: about themselves, or shown by what their roles may."""

ON_UNIT: dict[Action, tuple[str, ...]] = {
    Action.grant_roles: (
        "add_import roles",
        "get_import roles",
        "list_combined",
        "page import_view roles",
        "set_roles",
    ),
    Action.keep_calendar: (
        "get_export calendars calendars",
        "get_import calendars",
        "page import_view calendars",
    ),
    Action.issue_reports: (
        "issue_report",
        "page issue_made",
    ),
    Action.confirm_submissions: (
        "confirm_submission",
        "page act confirmations",
    ),
    Action.end_sessions: ("revoke_user",),
    Action.import_research: (
        "add_import research",
        "get_import research",
        "page import_view research",
    ),
    Action.import_study: (
        "add_import study",
        "get_import study",
        "page import_sheet",
        "page import_view study",
    ),
    Action.import_tickets: (
        "add_import hotline",
        "get_import hotline",
        "page import_view hotline",
    ),
    Action.manage_members: (
        "add_import members",
        "add_member",
        "correct_member",
        "export_members",
        "get_import members",
        "get_member",
        "list_members",
        "page import_view members",
        "remove_member",
        "transfer_member",
    ),
    Action.manage_units: (
        "add_import units",
        "abolish_unit",
        "add_unit",
        "get_import units",
        "merge_units",
        "move_unit",
        "page change abolition",
        "page change mergers",
        "page change moves",
        "page change renamings",
        "page change splits",
        "page import_view units",
        "rename_unit",
        "split_unit",
    ),
    Action.manage_users: (
        "add_import users",
        "add_user",
        "disable_user",
        "enable_user",
        "get_import users",
        "page import_view users",
        "reset_password",
        "set_identity",
        "unlock_user",
    ),
    Action.read_access_log: (
        "list_audit",
        "page log_view",
    ),
    Action.read_callers: (
        "get_caller",
        "page caller_view",
    ),
    Action.read_figures: (
        "get_coverage",
        "get_initiative_progress",
        "get_report",
        "get_workbook",
        "list_issued_corrections",
        "list_issued_reports",
        "page coverage_view",
        "page issued_report_file",
        "page issued_report_view",
        "page issued_view",
        "page progress_view",
        "page report_file",
        "page report_view",
        "watch_report",
    ),
    Action.read_plans: (
        "get_notice_document",
        "get_notice_progress",
        "get_plan_progress",
        "get_receipt_document",
        "list_behind",
        "list_norm_units",
        "list_norms",
        "list_notice_units",
        "list_plan_units",
        "page behind_view",
        "page norms_view",
        "page paper_view notice",
        "page paper_view receipt",
        "page standings_view notice",
        "page standings_view plan",
    ),
    Action.read_research: (
        "get_export research measures",
        "get_export research topics",
        "get_export research visits",
        "get_findings",
        "page findings_view",
        "get_norm",
        "list_progress",
    ),
    Action.read_study: (
        "get_records",  # of a figure that opens to sessions; another kind of record asks for its own action
        "get_records_workbook",
        "page records_view",
        "get_export study activities",
        "get_export study attendance",
        "get_export study entries",
        "get_export study essays",
        "get_export study issues",
        "get_export study lectures",
        "get_export study pairs",
        "get_export study receipts",
        "get_export study sessions",
        "get_result",
        "list_awards",
        "page awards",
        "page result",
    ),
    Action.read_submissions: (
        "export_submissions",
        "get_submission",
        "list_corrections",
        "list_submissions",
        "page submission_view",
        "page submissions_view",
    ),
    Action.read_units: (
        "get_unit",
        "list_reforms",
        "list_units",
        "page reforms_view",
    ),
    Action.read_users: (
        "get_user",
        "list_users",
    ),
    Action.review_submissions: (
        "accept_submission",
        "excuse_submission",
        "page act acceptances",
        "page act excuses",
        "page act reinstatements",
        "page act returns",
        "reinstate_submission",
        "return_submission",
    ),
    Action.supervise_study: (
        "page remind notice",
        "page remind plan",
        "remind",
    ),
    Action.write_plans: (
        "draft_notice",
        "draft_plan_notice",
        "page revise notice",
        "page revise plan",
        "page revision notice",
        "page revision plan",
        "page take_step plan notices",
    ),
    Action.write_study: (
        "draw_branch_plan",
        "draw_receipt_plan",
        "get_attendance",
        "get_excuse",
        "list_excuses",
        "page revise branch_plan",
        "page revision branch_plan",
        "page take_step branch_plan sessions",
        "page take_step receipt branch-plans",
        "record_excuse",
        "record_planned_session",
        "withdraw_excuse",
    ),
}
"""On the unit that the request names, or whose record it is: the role reaches it from above or inside."""

ON_ROOT: dict[Action, tuple[str, ...]] = {
    Action.manage_campaigns: (
        "open_campaign",
        "open_periods",
        "plan_submissions",
    ),
    Action.set_norms: (
        "page edit",
        "page edit_view",
        "page set_norm",
        "set_initiatives",
        "set_meeting_norm",
        "set_norm",
    ),
}
"""It binds every unit: the role is held for the root."""

BY_ROLE: dict[Action, tuple[str, ...]] = {
    Action.read_research: ("page findings_form",),
    Action.read_callers: ("page caller_form",),
    Action.keep_progress: (
        "get_progress",
        "keep_progress",
        "page keep",
        "page progress",
    ),
    Action.manage_members: ("page record member",),
    Action.keep_calendar: (
        "add_import calendars",
        "set_calendar",
    ),
    Action.operate: (
        "drop_held",
        "get_held",
        "list_held",
        "replay_held",
    ),
    Action.read_figures: (
        "get_catalogue",
        "get_catalogue_workbook",
        "page catalogue_view",
    ),
    Action.read_units: (
        "get_calendar",
        "list_calendars",
        "list_initiatives",
        "page unit_choices",
        "page units_view",
    ),
    Action.register_tickets: ("page form ticket",),
    Action.score_entries: (
        "get_judging",
        "list_judging",
        "page entry",
        "page score",
        "page waiting",
        "score_entry",
    ),
    Action.see_themselves: (
        "get_myself",
        "list_my_absences",
    ),
    Action.write_plans: (
        "page make_plan",
        "page new_plan",
    ),
    Action.write_study: ("page record contest",),
}
"""No unit is named: a list of the role's own, an empty form, the platform's own configuration, or oneself."""

GRPC: dict[str, tuple[Action, bool, dict[str, Any]]] = {
    "GetReport": (Action.read_figures, True, {"period": "2026-03"}),
    "WatchReport": (Action.read_figures, True, {"period": "2026-03"}),
    "ListRecords": (Action.read_study, True, {"period": "2026-03", "figure": "study.sessions.branch"}),
    "GetCatalogue": (Action.read_figures, False, {}),
}
"""Method → action, whether on the unit, and what the request names beside it."""


def described() -> Iterator[tuple[str, Needs]]:
    """What operations on kinds of records need: said by their descriptions, and held here against what is answered."""
    for resource in RESOURCES.values():
        kind, read, write = resource.kind, Action(resource.read), Action(resource.write)
        yield from ((f"page {view} {kind}", (read, PATH)) for view in ("list_view", "record_view"))
        if resource.add is not None and resource.add.form:
            yield f"page form {kind}", (write, None)
            yield f"page record {kind}", (write, PATH)
        for step in resource.steps:
            action = Action(step.action)
            if step.whole:
                yield f"page correction {kind} {step.name}", (action, PATH)
            if step.whole or step.form or step_model(resource, step) is None:
                yield f"page take_step {kind} {step.name}", (action, PATH)
        if resource.routed:
            yield f"list_{resource.plural.replace('-', '_')}", (read, PATH)
            yield method_name(resource.get), (read, PATH)
            if resource.history:
                yield f"list_{kind}_history", (read, PATH)
            if resource.add is not None:
                name = f"record_{kind}" if resource.add.variants else method_name(resource.add.command)
                yield name, (write, PATH)
            yield from ((method_name(step.command), (Action(step.action), PATH)) for step in resource.steps)
