"""Prints the versions of the clients, as one JSON object: proof that all can be imported."""

import json
from importlib import metadata

import anthropic  # noqa: F401
import langchain_core  # noqa: F401
import langchain_openai  # noqa: F401
import openai  # noqa: F401

NAMES = ["anthropic", "langchain-core", "langchain-openai", "openai"]
print(json.dumps({name: metadata.version(name) for name in NAMES}))
