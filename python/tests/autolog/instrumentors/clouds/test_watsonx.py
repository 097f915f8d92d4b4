"""IBM watsonx.ai through OpenLLMetry's instrumentor."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from recorded import Recorded
from stand_in import answering


def test_watsonx(autolog: Any, recorded: Recorded) -> None:
    """Its client takes HTTPS only: this one reaches the stand-in."""
    import httpx
    from ibm_watsonx_ai import APIClient, Credentials
    from ibm_watsonx_ai.foundation_models import ModelInference

    autolog("watsonx")
    counts = {"generated_token_count": 5, "input_token_count": 9}
    result = {"generated_text": "You said: Hello there", "stop_reason": "eos_token", **counts}
    answers = {
        "/ml/v1/text/generation": {"model_id": "ibm/granite-3-8b-instruct", "results": [result]},
        "/v2/projects/p": {"entity": {"storage": {"type": "bmcos_object_storage"}, "compute": []}},
    }

    with answering(answers) as server:
        port = int(server.url.rpartition(":")[2])

        class ToStandIn(httpx.HTTPTransport):
            def handle_request(self, request: httpx.Request) -> httpx.Response:
                request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=port)
                return super().handle_request(request)

        def part(content: dict[str, Any]) -> str:
            return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

        claims = {"exp": time.time() + 3600, "iat": time.time(), "account": {"bss": "b"}, "iam_id": "i", "sub": "s"}
        token = f"{part({'alg': 'none'})}.{part(claims)}.secret"
        credentials = Credentials(url="https://us-south.ml.cloud.ibm.com", token=token)
        client = APIClient(credentials, project_id="p", httpx_client=httpx.Client(transport=ToStandIn()))
        model = ModelInference(model_id="ibm/granite-3-8b-instruct", api_client=client, project_id="p", validate=False)
        model.generate("Hello there")
    assert recorded.tree() == ["watsonx.model_init LLM", "watsonx.generate LLM"]
    [call] = recorded.calls()
    assert (call.model, call.output[0].text) == ("ibm/granite-3-8b-instruct", "You said: Hello there")
    assert recorded.tokens() == (9, 5)
    assert ".secret" not in str(recorded.spans())
