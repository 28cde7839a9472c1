"""The official OpenAI SDK against a running gateway.

The Rust test starts the gateway and its simulated vendors, and passes the gateway's address.
Routes: `chat` (an OpenAI-format vendor), `claude` (an Anthropic-format vendor), and one `break-…`
route per fault, whose first target is broken and whose second one is well.
"""

import json
import os
import sys
import time

import openai

from checks import check, raises, run

BASE_URL = os.environ["INTERLINE_BASE_URL"] + "/v1"
CLIENT = openai.OpenAI(api_key="unused", base_url=BASE_URL, max_retries=0, timeout=30)
HELLO = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello there"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
BOTH = ["chat", "claude"]


def raw(**arguments):
    return CLIENT.chat.completions.with_raw_response.create(**arguments)


@check
def unary_answers_with_text_usage_and_headers():
    for route in BOTH:
        response = raw(model=route, messages=HELLO)
        completion = response.parse()
        assert completion.choices[0].message.content, route
        assert completion.choices[0].message.role == "assistant"
        assert completion.choices[0].finish_reason == "stop", completion
        assert completion.usage.prompt_tokens > 0 and completion.usage.completion_tokens > 0
        assert completion.usage.total_tokens == (
            completion.usage.prompt_tokens + completion.usage.completion_tokens
        )
        assert response.headers["x-interline-attempts"] == "1"
        assert response.headers["x-interline-fallback"] == "false"
        assert response.headers["x-interline-provider"]
        assert response.headers["x-request-id"]


@check
def streaming_gives_the_same_text_as_unary():
    for route in BOTH:
        whole = CLIENT.chat.completions.create(model=route, messages=HELLO)
        chunks = list(CLIENT.chat.completions.create(model=route, messages=HELLO, stream=True))
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        assert text == whole.choices[0].message.content, (route, text)
        roles = [c.choices[0].delta.role for c in chunks if c.choices and c.choices[0].delta.role]
        assert roles[0] == "assistant", roles
        finishes = [c.choices[0].finish_reason for c in chunks if c.choices]
        assert finishes[-1] == "stop" and finishes[:-1] == [None] * (len(finishes) - 1)


@check
def usage_comes_in_a_stream_only_when_asked():
    for route in BOTH:
        asked = CLIENT.chat.completions.create(
            model=route, messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        usages = [c.usage for c in asked if c.usage is not None]
        assert len(usages) == 1 and usages[0].completion_tokens > 0, (route, usages)
        silent = CLIENT.chat.completions.create(model=route, messages=HELLO, stream=True)
        for chunk in silent:
            assert chunk.usage is None, (route, chunk)
            assert chunk.choices, (route, chunk)


@check
def tools_round_trip():
    for route in BOTH:
        first = CLIENT.chat.completions.create(model=route, messages=HELLO, tools=[WEATHER])
        choice = first.choices[0]
        assert choice.finish_reason == "tool_calls", (route, choice)
        call = choice.message.tool_calls[0]
        assert call.function.name == "get_weather" and call.id
        json.loads(call.function.arguments)
        turn = [*HELLO, choice.message.model_dump(exclude_none=True)]
        turn.append({"role": "tool", "tool_call_id": call.id, "content": "18 degrees"})
        second = CLIENT.chat.completions.create(model=route, messages=turn, tools=[WEATHER])
        assert second.choices[0].message.content, (route, second)
        assert second.choices[0].finish_reason == "stop"


@check
def streamed_tool_calls_assemble():
    for route in BOTH:
        with CLIENT.chat.completions.stream(model=route, messages=HELLO, tools=[WEATHER]) as stream:
            final = stream.get_final_completion()
        call = final.choices[0].message.tool_calls[0]
        assert call.function.name == "get_weather" and call.id, (route, call)
        json.loads(call.function.arguments)
        assert final.choices[0].finish_reason == "tool_calls"


@check
def models_are_listed():
    ids = [model.id for model in CLIENT.models.list()]
    assert "chat" in ids and "claude" in ids, ids
    assert CLIENT.models.retrieve("chat").id == "chat"


@check
def an_unknown_model_is_not_found():
    error = raises(
        openai.NotFoundError,
        lambda: CLIENT.chat.completions.create(model="no-such-model", messages=HELLO),
    )
    assert error.code == "not_found" and "no-such-model" in str(error), error.body


@check
def a_malformed_request_is_a_bad_request():
    error = raises(
        openai.BadRequestError,
        lambda: CLIENT.chat.completions.create(model="chat", messages="not a list"),
    )
    assert error.code == "invalid_request" and "messages" in str(error), error.body


@check
def the_callers_mistake_is_relayed_and_never_falls_back():
    error = raises(
        openai.BadRequestError,
        lambda: CLIENT.chat.completions.create(model="break-400", messages=HELLO),
    )
    assert error.response.headers["x-interline-attempts"] == "1", error.response.headers


@check
def a_bad_credential_upstream_falls_back():
    response = raw(model="break-401", messages=HELLO)
    assert response.parse().choices[0].message.content
    assert response.headers["x-interline-fallback"] == "true"


@check
def a_bad_credential_upstream_alone_is_not_the_callers():
    error = raises(
        openai.InternalServerError,
        lambda: CLIENT.chat.completions.create(model="only-401", messages=HELLO),
    )
    assert error.status_code == 502 and error.code == "all_targets_failed", error.body
    attempt = error.body["attempts"][0]
    assert attempt["code"] == "authentication" and attempt["status"] == 401, attempt


@check
def a_rate_limit_on_every_target_is_a_rate_limit_with_a_delay():
    error = raises(
        openai.RateLimitError,
        lambda: CLIENT.chat.completions.create(model="only-429", messages=HELLO),
    )
    assert int(error.response.headers["retry-after"]) > 0, error.response.headers
    assert error.body["attempts"][0]["code"] == "rate_limited"


FAULTS = ["500", "429", "refused", "silence", "error-event", "reset", "garbage"]


@check
def every_fault_before_content_falls_back_in_unary_calls():
    for fault in FAULTS:
        response = raw(model=f"break-{fault}", messages=HELLO)
        assert response.parse().choices[0].message.content, fault
        assert response.headers["x-interline-provider"] == "good", (fault, response.headers)
        assert response.headers["x-interline-fallback"] == "true", fault
        assert int(response.headers["x-interline-attempts"]) >= 2, fault


@check
def every_fault_before_content_falls_back_in_streams():
    for fault in FAULTS:
        response = raw(model=f"break-{fault}-stream", messages=HELLO, stream=True)
        assert response.headers["x-interline-fallback"] == "true", (fault, response.headers)
        text = "".join(c.choices[0].delta.content or "" for c in response.parse() if c.choices)
        assert text, fault


@check
def a_cut_stream_raises_instead_of_ending():
    received = []

    def read():
        for chunk in CLIENT.chat.completions.create(
            model="break-cut", messages=HELLO, stream=True
        ):
            received.append(chunk)

    error = raises(openai.APIError, read)
    assert received, "content came before the cut"
    assert error.body["code"] == "protocol" or error.code == "protocol", error.body


@check
def a_deadline_is_a_gateway_timeout():
    began = time.monotonic()
    error = raises(
        openai.InternalServerError,
        lambda: CLIENT.chat.completions.create(
            model="only-silence", messages=HELLO, extra_headers={"x-interline-timeout-ms": "300"}
        ),
    )
    assert error.status_code == 504 and error.code == "timeout", (error.status_code, error.body)
    assert time.monotonic() - began < 5


if __name__ == "__main__":
    print(f"openai {openai.__version__}, python {sys.version.split()[0]}")
    run()
