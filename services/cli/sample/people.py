"""People who cannot exist: every name bears a mark, every number is one that nobody can be given.

A mainland mobile number begins with 1 and an area code is a 0 followed by another digit; 00 is the prefix for calls
abroad. Eleven digits that begin with 00000 therefore ring nowhere.
"""

from collections.abc import Iterator

from faker import Faker

from services.cli.sample.chance import SEED, chance

MARK = "样例·"


def names(purpose: str) -> Iterator[str]:
    """Marked Chinese names without end."""
    faker = Faker("zh_CN")
    faker.seed_instance(f"{SEED}/{purpose}")
    while True:
        yield MARK + faker.name()


def phones(purpose: str) -> Iterator[str]:
    """Telephone numbers that ring nowhere, without end."""
    source = chance("phone", purpose)
    while True:
        yield f"00000{source.randrange(1_000_000):06d}"
