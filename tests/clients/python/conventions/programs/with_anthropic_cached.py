"""The Anthropic client: an answer to a prompt of which parts came from a cache and others went there."""

import os

from anthropic import Anthropic

QUESTION = "[cached:10000] [written:2000] What is a fanlight?"


def run() -> None:
    client = Anthropic(base_url=os.environ["FAKELLM_URL"], api_key="none")
    client.messages.create(
        model="claude-sonnet-4-5",
        max_tokens=100,
        messages=[{"role": "user", "content": QUESTION}],
    )
