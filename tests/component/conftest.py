"""What several processes' component tests share."""

import pytest
from pymongo import MongoClient

from services.kernel.journal.store import Document
from tests.component.gateway.figures import Figures


@pytest.fixture
def figures(mongo: str, mongo_client: MongoClient[Document], database: str) -> Figures:
    """A gateway database of the test's own."""
    return Figures(mongo, mongo_client, database)
