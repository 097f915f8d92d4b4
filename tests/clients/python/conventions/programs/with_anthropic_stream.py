"""The Anthropic client: a stream."""

import os

from anthropic import Anthropic


def run() -> None:
    client = Anthropic(base_url=os.environ["FAKELLM_URL"], api_key="none")
    stream = client.messages.create(
        model="claude-sonnet-4-5",
        max_tokens=100,
        messages=[{"role": "user", "content": "Count to three, slowly."}],
        stream=True,
    )
    for _ in stream:
        pass
