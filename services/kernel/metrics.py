"""Every metric of the platform: one closed, described list. A name that is not here is not exported."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

COMMANDS = Counter(
    "shengzhi_commands_total",
    "Commands and queries answered, by method and outcome (accepted, repeated, a refusal's kind, failed)",
    ["service", "method", "outcome"],
)
COMMAND_SECONDS = Histogram(
    "shengzhi_command_seconds", "From a command's arrival to its answer", ["service", "method"], buckets=_FAST
)
TRANSACTIONS_AGAIN = Counter(
    "shengzhi_transactions_again_total",
    "Transactions begun again after another one's write (conflict), or cut off to be tried again (too_slow)",
    ["service", "reason"],
)
REQUESTS_REFUSED = Counter(
    "shengzhi_requests_refused_total",
    "Messages that were not taken as requests of the edge, by reason "
    "(unsigned, unknown_key, wrong_signature, replayed, expired, not_permitted)",
    ["service", "reason"],
)
ANSWERS_REFUSED = Counter(
    "shengzhi_answers_refused_total", "Messages to the edge that no service signed as its answer, by reason", ["reason"]
)
EVENTS_REFUSED = Counter(
    "shengzhi_events_refused_total",
    "Messages in a queue of ours that no process of the platform signed; none of them has an effect",
    ["queue", "reason"],
)
UNPUBLISHED = Gauge("shengzhi_outbox_entries", "Journal entries not yet published (counted to 10,000)", ["service"])
UNPUBLISHED_AGE = Gauge("shengzhi_outbox_oldest_seconds", "Age of the oldest entry not yet published", ["service"])
PUBLISHED = Counter("shengzhi_events_published_total", "Events confirmed by the broker", ["service"])
UNROUTABLE = Counter(
    "shengzhi_events_unroutable_total", "Events that no queue wanted; they stay unpublished", ["service"]
)
PUBLISH_SECONDS = Histogram(
    "shengzhi_publish_batch_seconds",
    "From a batch's first publish to its last confirm",
    ["service"],
    buckets=_FAST,
)
CONFIRM_SECONDS = Histogram(
    "shengzhi_confirm_seconds", "From a batch's last message written to its last confirm", ["service"], buckets=_FAST
)
PUBLISH_FAILURES = Counter(
    "shengzhi_publish_failures_total", "Batches cut short; the rest is published again", ["service", "reason"]
)
LEASE_CHANGES = Counter("shengzhi_relay_lease_changes_total", "Times this process took the relay's lease", ["service"])
CONSUMED = Counter("shengzhi_events_consumed_total", "Events that took effect", ["queue"])
DUPLICATES = Counter("shengzhi_events_duplicate_total", "Events that came again and had no effect", ["queue"])
HELD = Gauge("shengzhi_held_messages", "Messages set aside, by sort (waiting, retry, parked)", ["queue", "sort"])
HELD_TOTAL = Counter("shengzhi_held_total", "Messages set aside so far, by sort", ["queue", "sort"])
BATCH_SECONDS = Histogram("shengzhi_batch_seconds", "One batch's transaction", ["queue"], buckets=_FAST)
END_TO_END = Histogram(
    "shengzhi_event_age_seconds",
    "From an event's recording to its effect in the subscriber",
    ["queue"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)
WATERMARK_AGE = Gauge("shengzhi_watermark_age_seconds", "Now less the watermark last applied", ["owner"])
CALENDAR_YEARS_MISSING = Gauge(
    "shengzhi_calendar_years_missing",
    "Years whose working calendar is not there: of this year, and from 1 November on of the next",
)
IMPORT_ROWS = Counter("shengzhi_import_rows_total", "Spreadsheet rows by outcome", ["service", "outcome"])
HTTP_REQUESTS = Counter("shengzhi_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
HTTP_SECONDS = Histogram("shengzhi_http_request_seconds", "HTTP requests", ["method", "route"], buckets=_FAST)
GRPC_REQUESTS = Counter("shengzhi_grpc_requests_total", "gRPC calls answered", ["method", "code"])
STREAMS = Gauge("shengzhi_streams", "Reports that somebody watches at this moment")
SIGN_INS = Counter("shengzhi_sign_ins_total", "Attempts to sign in, by outcome", ["outcome"])
COMBINED_ROLES = Gauge("shengzhi_combined_roles", "Accounts that hold roles which exclude each other")
UNMASKED_LOOKS = Counter("shengzhi_unmasked_looks_total", "Looks at unmasked personal data", ["service"])
RECONCILIATION_DIFFERENCES = Counter(
    "shengzhi_reconciliation_differences_total",
    "Days for which a subscriber holds other events than their owner published; each causes a re-send",
    ["subscriber", "owner"],
)
