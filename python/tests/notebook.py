"""Cells in a real Jupyter kernel."""

from __future__ import annotations

import sys
import textwrap
from typing import Any

from jupyter_client.manager import KernelManager

from server import clean_environment


class Notebook:
    """A kernel of this interpreter, driven as a notebook's page drives it."""

    def __init__(self, url: str) -> None:
        self.manager = KernelManager(transport="ipc")
        self.manager.kernel_spec.argv[0] = sys.executable  # type: ignore[union-attr]
        environment = {"FANLIGHT_SERVER": url, "FANLIGHT_SPOOL_DIR": "off", "FANLIGHT_EXIT_TIMEOUT": "0.2"}
        self.manager.start_kernel(env={**clean_environment(), **environment})
        self.client = self.manager.client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=180)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, cell: str) -> list[str]:
        """HTML that the cell shows. Fails when the cell does."""
        shown: list[str] = []

        def take(message: Any) -> None:
            content = message["content"]
            if message["header"]["msg_type"] in ("display_data", "execute_result"):
                shown.append(content["data"].get("text/html"))
            elif message["header"]["msg_type"] == "error":
                raise AssertionError("\n".join(content["traceback"]))

        self.client.execute_interactive(textwrap.dedent(cell), timeout=120, output_hook=take)
        return [html for html in shown if html]
