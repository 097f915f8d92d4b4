"""Vector stores through OpenLLMetry's instrumentors: two in this process, the others against a stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recorded import Recorded
from stand_in import answering

VECTOR = [0.1, 0.2]


def names(recorded: Recorded) -> list[str]:
    return [span["name"] for span in recorded.spans()]


def test_lancedb(tmp_path: Path, autolog: Any, recorded: Recorded) -> None:
    import lancedb

    autolog("lancedb")
    table = lancedb.connect(tmp_path).create_table("things", data=[{"id": 1, "vector": VECTOR}])
    table.add([{"id": 2, "vector": [0.3, 0.4]}])
    table.search(VECTOR).limit(1).to_list()
    table.delete("id = 1")
    assert names(recorded) == ["lancedb.add", "lancedb.search", "lancedb.delete"]


def test_milvus(tmp_path: Path, autolog: Any, recorded: Recorded) -> None:
    import pymilvus

    autolog("milvus")
    client = pymilvus.MilvusClient(str(tmp_path / "milvus.db"))
    client.create_collection("things", dimension=2)
    client.insert("things", [{"id": 1, "vector": VECTOR}])
    client.search("things", [VECTOR], limit=1)
    client.query("things", filter="id == 1")
    client.delete("things", ids=[1])
    client.close()
    assert names(recorded) == [
        "milvus.create_collection",
        "milvus.insert",
        "milvus.search",
        "milvus.query",
        "milvus.delete",
    ]


def test_marqo(autolog: Any, recorded: Recorded) -> None:
    import marqo

    autolog("marqo")
    answers = {
        "/documents": {"errors": False, "items": [{"_id": "1", "status": 200}], "index_name": "things"},
        "/search": {"hits": [{"_id": "1", "title": "a thing", "_score": 0.9}], "limit": 1, "processingTimeMs": 2},
        "/documents/delete-batch": {"status": "succeeded"},
    }
    with answering(answers) as server:
        index = marqo.Client(server.url).index("things")
        index.add_documents([{"_id": "1", "title": "a thing"}], tensor_fields=["title"])
        index.search("thing")
        index.delete_documents(["1"])
    assert names(recorded) == ["marqo.add_documents", "marqo.search", "marqo.delete_documents"]


def test_pinecone(autolog: Any, recorded: Recorded) -> None:
    from pinecone import Pinecone

    autolog("pinecone")
    match = {"id": "1", "score": 0.9, "values": []}
    answers = {
        "/vectors/upsert": {"upsertedCount": 1},
        "/query": {"matches": [match], "namespace": "", "usage": {"readUnits": 5}},
        "/vectors/delete": {},
    }
    with answering(answers) as server:
        index = Pinecone(api_key="secret").Index(host=server.url)
        index.upsert([("1", VECTOR)])
        index.query(vector=VECTOR, top_k=1)
        index.delete(ids=["1"])
    assert names(recorded) == ["pinecone.upsert", "pinecone.query", "pinecone.delete"]


def test_weaviate(autolog: Any, recorded: Recorded) -> None:
    import weaviate
    from weaviate.connect import ConnectionParams

    autolog("weaviate")
    answers = {
        "/v1/schema": {"class": "Things", "properties": []},
        "/v1/objects": {"id": "00000000-0000-0000-0000-000000000001", "class": "Things"},
        "/v1/meta": {"version": "1.30.0"},
        "/schema/Things": {},
    }
    with answering(answers) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        where = ConnectionParams.from_params(host, int(port), False, host, 1, False)
        client = weaviate.WeaviateClient(where, skip_init_checks=True)
        client.connect()
        things = client.collections.get("Things")
        things.data.insert({"title": "a thing"})
        client.collections.delete("Things")
        client.close()
    assert names(recorded) == [
        "db.weaviate.collections.get",
        "db.weaviate.collections.data.insert",
        "db.weaviate.collections.delete",
    ]
