"""A platform's store as one file, so that a store written by an earlier version can be kept and opened again."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import bson
from bson import json_util
from pymongo import MongoClient

Document = dict[str, Any]


def keep(client: MongoClient[Document], prefix: str, secrets: Path, to: Path) -> None:
    """Write every database whose name begins with `prefix_`, with its indexes, and the keys that open it."""
    with tarfile.open(to, "w:xz") as archive:
        for path in sorted(secrets.iterdir()):
            _add(archive, f"secrets/{path.name}", path.read_bytes())
        for name in sorted(client.list_database_names()):
            if not name.startswith(f"{prefix}_"):
                continue
            database = client[name]
            for collection in sorted(database.list_collection_names()):
                place = f"{name.removeprefix(f'{prefix}_')}/{collection}"
                indexes = [
                    {**index, "key": list(index["key"].items())} for index in database[collection].list_indexes()
                ]
                _add(archive, f"{place}.indexes.json", json_util.dumps(indexes).encode())
                documents = b"".join(bson.encode(document) for document in database[collection].find().sort("_id", 1))
                _add(archive, f"{place}.bson", documents)


def restore(kept: Path, client: MongoClient[Document], prefix: str, secrets: Path) -> None:
    """Put a kept store under another prefix, and its keys into a folder, as they were."""
    secrets.mkdir(parents=True, exist_ok=True)
    with tarfile.open(kept, "r:xz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            content = file.read()
            place, name = member.name.split("/")
            if place == "secrets":
                (secrets / name).write_bytes(content)
                continue
            database = client[f"{prefix}_{place}"]
            if name.endswith(".indexes.json"):
                collection = database.create_collection(name.removesuffix(".indexes.json"))
                for index in json_util.loads(content):
                    options = {key: value for key, value in index.items() if key not in ("key", "v", "ns")}
                    if index["name"] != "_id_":
                        collection.create_index(index["key"], **options)
            elif documents := bson.decode_all(content):
                database[name.removesuffix(".bson")].insert_many(documents)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
