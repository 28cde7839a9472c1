"""The official Anthropic SDK against a running gateway; see `openai_sdk.py` for the routes."""

import os
import sys

import anthropic

from checks import check, raises, run

CLIENT = anthropic.Anthropic(
    api_key="unused", base_url=os.environ["INTERLINE_BASE_URL"], max_retries=0, timeout=30
)
HELLO = [{"role": "user", "content": "Hello there"}]
WEATHER = {
    "name": "get_weather",
    "description": "Current weather of a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
BOTH = ["claude", "chat"]


def create(model, **arguments):
    return CLIENT.messages.create(model=model, max_tokens=256, messages=HELLO, **arguments)


def raw(model, **arguments):
    return CLIENT.messages.with_raw_response.create(
        model=model, max_tokens=256, messages=HELLO, **arguments
    )


@check
def unary_answers_with_text_usage_and_headers():
    for route in BOTH:
        response = raw(route, system="Be brief.")
        message = response.parse()
        assert message.content[0].type == "text" and message.content[0].text, route
        assert message.role == "assistant" and message.type == "message"
        assert message.stop_reason == "end_turn", message
        assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0, message
        assert response.headers["x-interline-attempts"] == "1"
        assert response.headers["request-id"]


@check
def streaming_gives_the_same_text_as_unary():
    for route in BOTH:
        whole = create(route)
        with CLIENT.messages.stream(model=route, max_tokens=256, messages=HELLO) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        assert text == whole.content[0].text, (route, text)
        assert final.stop_reason == "end_turn", (route, final)
        assert final.usage.output_tokens > 0, (route, final)


@check
def tools_round_trip():
    for route in BOTH:
        first = create(route, tools=[WEATHER])
        assert first.stop_reason == "tool_use", (route, first)
        call = next(block for block in first.content if block.type == "tool_use")
        assert call.name == "get_weather" and isinstance(call.input, dict)
        blocks = [block.model_dump(exclude_none=True) for block in first.content]
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "18 degrees"}
        turn = [
            *HELLO,
            {"role": "assistant", "content": blocks},
            {"role": "user", "content": [result]},
        ]
        second = CLIENT.messages.create(
            model=route, max_tokens=256, messages=turn, tools=[WEATHER]
        )
        assert second.content[0].text and second.stop_reason == "end_turn", (route, second)


@check
def streamed_tool_calls_assemble():
    for route in BOTH:
        with CLIENT.messages.stream(
            model=route, max_tokens=256, messages=HELLO, tools=[WEATHER]
        ) as stream:
            final = stream.get_final_message()
        call = next(block for block in final.content if block.type == "tool_use")
        assert call.name == "get_weather" and isinstance(call.input, dict), (route, call)
        assert final.stop_reason == "tool_use", (route, final)


@check
def models_are_listed():
    ids = [model.id for model in CLIENT.models.list()]
    assert "chat" in ids and "claude" in ids, ids


@check
def an_unknown_model_is_not_found():
    error = raises(anthropic.NotFoundError, lambda: create("no-such-model"))
    assert "no-such-model" in str(error), error.body


@check
def a_malformed_request_is_a_bad_request():
    error = raises(anthropic.BadRequestError, lambda: create("chat", tools="not a list"))
    assert error.body["type"] == "error", error.body
    assert error.body["error"]["type"] == "invalid_request_error", error.body


@check
def a_bad_credential_upstream_alone_is_not_the_callers():
    error = raises(anthropic.APIStatusError, lambda: create("only-401"))
    assert error.status_code == 502, error.status_code
    assert not isinstance(error, anthropic.AuthenticationError)
    assert error.body["error"]["attempts"][0]["code"] == "authentication", error.body


@check
def a_rate_limit_on_every_target_is_a_rate_limit_with_a_delay():
    error = raises(anthropic.RateLimitError, lambda: create("only-429"))
    assert int(error.response.headers["retry-after"]) > 0


FAULTS = ["500", "429", "refused", "silence", "error-event", "reset", "garbage"]


@check
def every_fault_before_content_falls_back_in_unary_calls():
    for fault in FAULTS:
        response = raw(f"break-{fault}")
        assert response.parse().content[0].text, fault
        assert response.headers["x-interline-provider"] == "good", (fault, response.headers)
        assert response.headers["x-interline-fallback"] == "true", fault


@check
def every_fault_before_content_falls_back_in_streams():
    for fault in FAULTS:
        with CLIENT.messages.stream(
            model=f"break-{fault}-stream", max_tokens=256, messages=HELLO
        ) as stream:
            assert "".join(stream.text_stream), fault
            assert stream.response.headers["x-interline-fallback"] == "true", fault


@check
def a_cut_stream_raises_instead_of_ending():
    for route in ["break-cut", "break-cut-claude"]:
        received = []

        def read():
            with CLIENT.messages.stream(model=route, max_tokens=256, messages=HELLO) as stream:
                for text in stream.text_stream:
                    received.append(text)

        raises(anthropic.APIStatusError, read)
        assert received, f"{route}: content came before the cut"


if __name__ == "__main__":
    print(f"anthropic {anthropic.__version__}, python {sys.version.split()[0]}")
    run()
