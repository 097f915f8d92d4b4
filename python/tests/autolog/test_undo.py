"""Every library that is installed here goes back to what it was."""

from __future__ import annotations

import pytest

from undone import check, installed


@pytest.mark.parametrize("name", installed())
def test_undo_restores(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check(name, monkeypatch)
