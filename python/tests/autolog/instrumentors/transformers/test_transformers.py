"""Transformers, with a tiny model of random weights that the test makes."""

from __future__ import annotations

import os
from typing import Any

os.environ.update(TF_USE_LEGACY_KERAS="1", HF_HUB_OFFLINE="1", TF_CPP_MIN_LOG_LEVEL="3")

from recorded import Recorded


def test_transformers(autolog: Any, recorded: Recorded) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, PreTrainedTokenizerFast, TextGenerationPipeline, TFGPT2LMHeadModel

    autolog("transformers")
    words = {word: number for number, word in enumerate(["<end>", "Hello", "there", "You", "said"])}
    tokens = Tokenizer(models.WordLevel(words, unk_token="<end>"))
    tokens.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokens, eos_token="<end>", pad_token="<end>")
    sizes: Any = {"vocab_size": 5, "n_positions": 32, "n_embd": 8, "n_layer": 1, "n_head": 1}
    model = TFGPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0))
    pipeline = TextGenerationPipeline(model=model, tokenizer=tokenizer, framework="tf")
    [answer] = pipeline("Hello there", max_new_tokens=4)
    [call] = recorded.calls()
    assert (call.input[0].text, call.output[0].text) == ("Hello there", answer["generated_text"])
