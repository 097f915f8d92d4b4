"""The OpenAI client: an answer to a prompt that was mostly cached, with thoughts."""

import os

from openai import OpenAI

QUESTION = "[cached:1920] [thought:64] What is a fanlight?"


def run() -> None:
    client = OpenAI(base_url=os.environ["FAKELLM_URL"] + "/v1", api_key="none")
    client.chat.completions.create(model="o4-mini", messages=[{"role": "user", "content": QUESTION}])
