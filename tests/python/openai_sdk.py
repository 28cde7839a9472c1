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

from pydantic import BaseModel

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


FLAT_WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Current weather of a city",
    "parameters": {**WEATHER["function"]["parameters"], "additionalProperties": False},
    "strict": True,
}


@check
def a_response_has_text_usage_and_what_was_asked():
    for route in BOTH:
        response = CLIENT.responses.with_raw_response.create(
            model=route, instructions="Be brief.", input="Hello there", max_output_tokens=512
        )
        answer = response.parse()
        assert answer.output_text, (route, answer)
        assert answer.id.startswith("resp_") and answer.status == "completed"
        assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
        assert answer.usage.input_tokens_details.cached_tokens >= 0
        assert answer.usage.input_tokens_details.cache_write_tokens >= 0
        assert answer.usage.output_tokens_details.reasoning_tokens >= 0
        if route == "claude":  # translated; the simulated OpenAI does not repeat the request
            assert answer.instructions == "Be brief." and answer.max_output_tokens == 512
        assert answer.tools == [] and answer.tool_choice == "auto" and answer.parallel_tool_calls
        assert answer.error is None and answer.incomplete_details is None
        assert response.headers["x-interline-attempts"] == "1"
        assert response.headers["x-request-id"]


@check
def a_streamed_response_gives_the_same_text_as_a_whole_one():
    for route in BOTH:
        whole = CLIENT.responses.create(model=route, input=HELLO)
        events = list(CLIENT.responses.create(model=route, input=HELLO, stream=True))
        assert [event.sequence_number for event in events] == list(range(len(events)))
        assert events[0].type == "response.created" and events[-1].type == "response.completed"
        deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
        assert "".join(deltas) == whole.output_text == events[-1].response.output_text, route


@check
def the_stream_helper_accumulates_a_response():
    for route in BOTH:
        with CLIENT.responses.stream(model=route, input=HELLO, tools=[FLAT_WEATHER]) as stream:
            for event in stream:
                if event.type == "response.function_call_arguments.delta":
                    assert event.snapshot is not None
            final = stream.get_final_response()
        call = [item for item in final.output if item.type == "function_call"][0]
        assert call.name == "get_weather" and call.parsed_arguments["city"], (route, call)


@check
def tools_of_a_response_round_trip_by_giving_its_output_back():
    for route in BOTH:
        turn = [{"role": "user", "content": "Hello there"}]
        first = CLIENT.responses.create(
            model=route, input=turn, tools=[FLAT_WEATHER], reasoning={"effort": "low"}
        )
        calls = [item for item in first.output if item.type == "function_call"]
        assert calls and json.loads(calls[0].arguments), (route, first)
        assert any(item.type == "reasoning" for item in first.output), (route, first)
        turn += first.output
        for call in calls:
            result = {"type": "function_call_output", "call_id": call.call_id, "output": "18 C"}
            turn.append(result)
        second = CLIENT.responses.create(
            model=route, input=turn, tools=[FLAT_WEATHER], reasoning={"effort": "low"}
        )
        assert second.output_text and second.status == "completed", (route, second)


class Place(BaseModel):
    city: str


@check
def a_response_is_parsed_into_a_type():
    parsed = CLIENT.responses.parse(model="chat", input=HELLO, text_format=Place)
    assert parsed.output_parsed.city, parsed


@check
def faults_before_content_are_invisible_in_responses():
    for fault in FAULTS:
        for stream in [False, True]:
            suffix = "-stream" if stream else ""
            response = CLIENT.responses.with_raw_response.create(
                model=f"break-{fault}{suffix}", input=HELLO, stream=stream
            )
            assert response.headers["x-interline-fallback"] == "true", (fault, response.headers)
            answer = response.parse()
            if stream:
                answer = list(answer)[-1].response
            assert answer.status == "completed" and answer.output_text, (fault, answer)


@check
def a_cut_response_says_that_it_failed():
    events = list(CLIENT.responses.create(model="break-cut-claude", input=HELLO, stream=True))
    last = events[-1]
    assert last.type == "response.failed" and last.response.status == "failed", last
    assert last.response.error.code == "protocol" and last.response.error.message, last
    assert any(event.type == "response.output_text.delta" for event in events)


@check
def errors_of_responses_are_typed():
    unknown = raises(
        openai.NotFoundError,
        lambda: CLIENT.responses.create(model="no-such-model", input="Hi"),
    )
    assert unknown.code == "not_found", unknown.body
    malformed = raises(
        openai.BadRequestError,
        lambda: CLIENT.responses.create(model="chat", input=[{"role": "user"}]),
    )
    assert malformed.code == "invalid_request" and malformed.param == "input[0].content"
    native = raises(
        openai.BadRequestError,
        lambda: CLIENT.responses.create(model="claude", input="Hi", previous_response_id="resp_1"),
    )
    assert native.code == "unsupported" and "previous_response_id" in str(native), native.body
    kept = raises(openai.NotFoundError, lambda: CLIENT.responses.retrieve("resp_1"))
    assert kept.code == "unsupported", kept.body


if __name__ == "__main__":
    print(f"openai {openai.__version__}, python {sys.version.split()[0]}")
    run()
