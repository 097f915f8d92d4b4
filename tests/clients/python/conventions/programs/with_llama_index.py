"""LlamaIndex: a chat with a system message."""

import os

from llama_index.core.llms import ChatMessage
from llama_index.llms.openai import OpenAI


def run() -> None:
    llm = OpenAI(model="gpt-4o-mini", api_base=os.environ["FAKELLM_URL"] + "/v1", api_key="none")
    llm.chat([ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content="What is a fanlight?")])
