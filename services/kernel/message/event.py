"""What crosses a process boundary: commands with their envelope, events as CloudEvents 1.0."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, ClassVar, Self
from uuid import UUID, uuid5

import orjson
import uuid_utils
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from .lives import Life, UnitFields

CONTENT_TYPE = "application/cloudevents+json"
NAMESPACE = "shengzhi"

_RECORDS = UUID("6f1c8c1e-4a0b-5d53-9f38-2f6b8a1c7d10")


def new_id() -> str:
    """A UUIDv7: unique, and in order of time for the index that holds it."""
    return str(uuid_utils.uuid7())


@lru_cache(maxsize=4096)  # a sheet's rows name few records many times
def record_id(service: str, kind: str, unit: str, number: str) -> str:
    """The id of the record that `unit` numbered `number`: the same number is the same record, everywhere."""
    return str(uuid5(_RECORDS, f"{service}\x1f{kind}\x1f{unit}\x1f{number}"))


class Payload(BaseModel):
    """What happened: the base of every domain event in a contract.

    `unit` is whose it is and `day` the business date; both travel as extension attributes of the CloudEvent, the other
    fields as its data. `type` is the short type, "session.submitted.v1". `examples` are committed beside the schema.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    examples: ClassVar[list[dict[str, Any]]] = []

    unit: str
    day: date

    @classmethod
    def of(cls, event: Event) -> Self:
        """This kind of payload, out of an event that carries it."""
        return cls.model_validate({**event.data, "unit": event.unit, "day": event.day})


class Command(BaseModel):
    """What somebody asks for: the base of every command and query in a contract. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit_fields: ClassVar[UnitFields] = ()
    """Which of its fields name units, and which one says the day on which these must have been there."""
    unmasks: ClassVar[bool] = False
    """Whether it shows what is masked otherwise, for its `reason`: every such look is written down."""


def method_name(command: type[Command]) -> str:
    """The RPC method of a command or query: SubmitSession → submit_session."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", command.__name__).lower()


EVERYWHERE = "*"
"""As the unit of a role: it is held for all of them, the first administrator's even where there is none yet."""
ONESELF = "-"
"""As the unit of a role: it reaches no unit, only what is the actor's own, and the edge has looked whose that is."""
ADMITTED = "admitted"
"""In the answer to a change: the role and unit by which the service found it to be allowed, for the access log."""


class HeldRole(BaseModel):
    """A role and the unit for which somebody holds it."""

    model_config = ConfigDict(frozen=True)

    role: str
    unit: str


class Actor(BaseModel):
    """Who asks: a user's id, the role used, and the unit for which that role is held.

    `action` is what they asked the edge for, `roles` every role of theirs by which that may be done. Timers of a
    service's own are the actor `platform`; no message says that it comes from them.
    """

    model_config = ConfigDict(frozen=True)

    user: str
    role: str
    unit: str
    action: str = ""
    roles: tuple[HeldRole, ...] = ()


class Period(BaseModel):
    """A campaign's span of business days, both included: a record whose day lies in it bears the campaign's id."""

    model_config = ConfigDict(frozen=True)

    id: str
    first: date
    last: date


class Envelope(BaseModel):
    """What the edge knows of a command and nobody types.

    `paths` gives each unit named by the command its way from the root ([root, …, unit]) after so many changes of the
    tree; `named` the same for units that a sheet names beside those for which its sender may act; `lives` says from
    when until when units that are named are there; `deadline` is when the caller stops waiting; `expected` the record's
    version that the caller saw; `periods` are the campaigns; a record's day lies in one of them or in none.
    """

    model_config = ConfigDict(frozen=True)

    command_id: str = Field(min_length=1, max_length=128)
    actor: Actor
    paths: dict[str, list[str]] = {}
    named: dict[str, list[str]] = {}
    lives: dict[str, Life] = {}
    tree: int = 0
    periods: list[Period] = []
    deadline: AwareDatetime
    traceparent: str | None = None
    expected: int | None = None


class Event(BaseModel):
    """A CloudEvent 1.0 in structured JSON mode, with the extension attributes of this platform."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: AwareDatetime
    datacontenttype: str = "application/json"
    aggregateversion: int
    recorded: AwareDatetime
    unit: str
    actor: str
    day: date
    traceparent: str | None = None
    data: dict[str, Any]

    @property
    def service(self) -> str:
        """The service that owns the record."""
        return self.type.split(".", 2)[1]

    @property
    def short_type(self) -> str:
        """The routing key: the type without "shengzhi.<service>."."""
        return self.type.split(".", 2)[2]

    @property
    def of_journal(self) -> bool:
        """Whether it tells of its owner's journal (a watermark, a tally …) and stands in none itself."""
        return self.aggregateversion == 0

    def to_json(self) -> bytes:
        """The message's body."""
        return encode_json({name: value for name, value in vars(self).items() if value is not None})

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """Read a message's body.

        Raises:
            ValueError: it is not such an event; the message says why.
        """
        return cls.model_validate_json(body)


def encode_json(value: Any) -> bytes:
    """JSON as it goes over the wire: UTF-8, instants with a Z."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def body_of(payload: Payload) -> dict[str, Any]:
    """A payload's data as JSON values, but for `unit` and `day`, which are attributes of the event itself."""
    data: Mapping[str, Any] = payload.model_dump(mode="json")
    return {key: value for key, value in data.items() if key not in ("unit", "day")}
