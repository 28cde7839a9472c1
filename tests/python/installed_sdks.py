"""Prints the versions of the official SDKs, as one JSON object: proof that both can be imported."""

import json

import anthropic
import openai

print(json.dumps({"anthropic": anthropic.__version__, "openai": openai.__version__}))
