"""LangChain's OpenAI classes against a running gateway: chat, streams, tools, structure, Responses, embeddings.

Routes as in `openai_sdk.py`, and `embed`.
"""

import os

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from checks import check, run

BASE_URL = os.environ["INTERLINE_BASE_URL"] + "/v1"
BOTH = ["chat", "claude"]


def chat(route, **settings):
    return ChatOpenAI(
        model=route, api_key="unused", base_url=BASE_URL, max_retries=0, timeout=30, **settings
    )


class City(BaseModel):
    """A city and how warm it is."""

    name: str
    degrees: int


@tool
def get_weather(city: str) -> str:
    """Current weather of a city."""
    return f"18 degrees in {city}"


@check
def a_whole_answer_has_text_and_usage():
    for route in BOTH:
        message = chat(route).invoke("Hello there")
        assert message.text, (route, message)
        assert message.usage_metadata["input_tokens"] > 0, (route, message)
        assert message.usage_metadata["output_tokens"] > 0, (route, message)


@check
def a_stream_gives_the_same_text():
    for route in BOTH:
        whole = chat(route).invoke("Hello there").text
        chunks = list(chat(route, stream_usage=True).stream("Hello there"))
        assert "".join(chunk.text for chunk in chunks) == whole, route
        assert any(chunk.usage_metadata for chunk in chunks), route


@check
def tools_are_called_and_answered():
    for route in BOTH:
        model = chat(route).bind_tools([get_weather])
        question = HumanMessage("Hello there")
        first = model.invoke([question])
        call = first.tool_calls[0]
        assert call["name"] == "get_weather", (route, first)
        result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
        second = model.invoke([question, first, result])
        assert second.text, (route, second)


@check
def streamed_tool_calls_assemble():
    for route in BOTH:
        total = None
        for chunk in chat(route).bind_tools([get_weather]).stream("Hello there"):
            total = chunk if total is None else total + chunk
        assert total.tool_calls[0]["name"] == "get_weather", (route, total)
        assert "city" in total.tool_calls[0]["args"], (route, total)


@check
def structured_output_is_parsed():
    model = chat("chat").with_structured_output(City, method="json_schema")
    assert isinstance(model.invoke("Hello there"), City)
    for route in BOTH:
        model = chat(route).with_structured_output(City, method="function_calling")
        assert isinstance(model.invoke("Hello there"), City), route


@check
def the_responses_api_is_served_over_any_vendor():
    for route in BOTH:
        model = chat(route, use_responses_api=True)
        message = model.invoke("Hello there")
        assert message.text and message.usage_metadata["output_tokens"] > 0, (route, message)
        streamed = "".join(chunk.text for chunk in model.stream("Hello there"))
        assert streamed == message.text, (route, streamed)
        call = model.bind_tools([get_weather]).invoke("Hello there").tool_calls[0]
        assert call["name"] == "get_weather", (route, call)


@check
def texts_are_embedded():
    # Counting tokens first would fetch a vocabulary from the network.
    embeddings = OpenAIEmbeddings(
        model="embed", api_key="unused", base_url=BASE_URL, check_embedding_ctx_length=False
    )
    one, other = embeddings.embed_documents(["a cat", "a dog"])
    assert len(one) == len(other) > 1 and one != other
    assert embeddings.embed_query("a cat") == one


if __name__ == "__main__":
    run()
