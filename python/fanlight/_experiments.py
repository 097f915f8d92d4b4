"""Experiments: where traces are kept."""

from __future__ import annotations

from typing import Any

from . import _core, _server
from .entities import Experiment
from .exceptions import RestException


def set_experiment(experiment_name: str | None = None, experiment_id: str | None = None) -> Experiment:
    """Traces that start from now on go to this experiment; the server makes it when it gets the first one.

    Asks nothing of the server: the experiment's other facts are looked up when they are used. Raises `ValueError`
    unless exactly one of the two is given.
    """
    if (experiment_name is None) == (experiment_id is None):
        raise ValueError("an experiment is set by its name or by its id")
    if experiment_name is not None:
        _core.configure(experiment_name=str(experiment_name))
        return Experiment(None, str(experiment_name))
    _core.configure(experiment_id=str(experiment_id))
    return Experiment(str(experiment_id), "")


def active_experiment_id() -> str:
    """The id of the experiment that traces go to; it is made when it does not exist."""
    name, id = _core.experiment()
    if id is not None:
        return id
    return "0" if name is None else id_of_name(name)


_ids: dict[tuple[str, str | None, str], str] = {}


def id_of_name(name: str, create: bool = True) -> str:
    """Raises `RestException` when there is no such experiment and it is not to be made."""
    from ._settings import get_workspace

    key = (_core.server_url(), get_workspace(), name)
    known = _ids.get(key)
    if known is None:
        found = get_experiment_by_name(name)
        if found is not None:
            known = found.experiment_id
        elif create:
            known = create_experiment(name)
        else:
            raise RestException(f"no experiment is named {name!r}", "RESOURCE_DOES_NOT_EXIST", 404)
        _ids[key] = known
    return known


def create_experiment(
    name: str, artifact_location: str | None = None, tags: dict[str, Any] | None = None
) -> str:
    """Answers the new id. Raises `RestException` when the name is taken."""
    body: dict[str, Any] = {"name": name}
    if artifact_location:
        body["artifact_location"] = artifact_location
    if tags:
        body["tags"] = [{"key": str(key), "value": str(value)} for key, value in tags.items()]
    try:
        return str(_server.call("POST", f"{_server.V2}/experiments/create", body)["experiment_id"])
    except RestException as error:
        # Another process, or the first trace, may have made it in the meantime.
        if error.error_code == "RESOURCE_ALREADY_EXISTS" and not tags and (found := get_experiment_by_name(name)):
            return found.experiment_id
        raise


def get_experiment_by_name(name: str) -> Experiment | None:
    """`None` when there is no such experiment."""
    _server.flush()
    query = _server.query({"experiment_name": name})
    try:
        return _experiment(_server.call("GET", f"{_server.V2}/experiments/get-by-name{query}")["experiment"])
    except RestException as error:
        if error.status == 404:
            return None
        raise


def get_experiment(experiment_id: str) -> Experiment:
    """Raises `RestException` when there is no such experiment."""
    query = _server.query({"experiment_id": experiment_id})
    return _experiment(_server.call("GET", f"{_server.V2}/experiments/get{query}")["experiment"])


def search_experiments(
    view_type: Any = None,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
) -> list[Experiment]:
    """All that fit, newest first unless `order_by` says otherwise."""
    body: dict[str, Any] = {"max_results": min(max_results or 1000, 1000)}
    if filter_string:
        body["filter"] = filter_string
    if order_by:
        body["order_by"] = order_by
    if view_type is not None:
        body["view_type"] = {1: "ACTIVE_ONLY", 2: "DELETED_ONLY", 3: "ALL"}.get(view_type, str(view_type))
    found: list[Experiment] = []
    while True:
        reply = _server.call("POST", f"{_server.V2}/experiments/search", body)
        found += [_experiment(each) for each in reply.get("experiments", [])]
        body["page_token"] = reply.get("next_page_token")
        if not body["page_token"] or (max_results is not None and len(found) >= max_results):
            return found[:max_results]


def delete_experiment(experiment_id: str) -> None:
    _server.call("POST", f"{_server.V2}/experiments/delete", {"experiment_id": experiment_id})
    _ids.clear()


def restore_experiment(experiment_id: str) -> None:
    _server.call("POST", f"{_server.V2}/experiments/restore", {"experiment_id": experiment_id})


def rename_experiment(experiment_id: str, new_name: str) -> None:
    _server.call("POST", f"{_server.V2}/experiments/update", {"experiment_id": experiment_id, "new_name": new_name})
    _ids.clear()


def set_experiment_tag(key: str, value: Any, experiment_id: str | None = None) -> None:
    """Of the experiment that traces go to, unless another one is named."""
    body = {"experiment_id": experiment_id or active_experiment_id(), "key": key, "value": str(value)}
    _server.call("POST", f"{_server.V2}/experiments/set-experiment-tag", body)


def set_experiment_tags(tags: dict[str, Any]) -> None:
    for key, value in tags.items():
        set_experiment_tag(key, value)


def _experiment(data: dict[str, Any]) -> Experiment:
    return Experiment(
        data["experiment_id"],
        data["name"],
        data.get("artifact_location"),
        data.get("lifecycle_stage", "active"),
        {tag["key"]: tag.get("value", "") for tag in data.get("tags", [])},
        data.get("creation_time"),
        data.get("last_update_time"),
    )
