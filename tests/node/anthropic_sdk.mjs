// The official Anthropic SDK for JavaScript against a running gateway.
//
// Routes as in `openai_sdk.mjs`: every check runs over a vendor of the same format and of another one.

import assert from "node:assert/strict";

import Anthropic from "@anthropic-ai/sdk";

import { check, collect, rejects, run } from "./checks.mjs";

const client = new Anthropic({
  apiKey: "unused",
  baseURL: process.env.INTERLINE_BASE_URL,
  maxRetries: 0,
  timeout: 20_000,
});
const BOTH = ["claude", "chat"];
const HELLO = { max_tokens: 200, messages: [{ role: "user", content: "Hello there" }] };
const WEATHER = {
  name: "get_weather",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

check("a whole answer has text, usage and a request id", async () => {
  for (const model of BOTH) {
    const message = await client.messages.create({ model, ...HELLO });
    assert.equal(message.content[0].type, "text");
    assert.ok(message.content[0].text);
    assert.equal(message.stop_reason, "end_turn");
    assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
    assert.ok(message._request_id);
  }
});

check("the stream helper assembles the whole answer", async () => {
  for (const model of BOTH) {
    const whole = await client.messages.create({ model, ...HELLO });
    const final = await client.messages.stream({ model, ...HELLO }).finalMessage();
    assert.equal(final.content[0].text, whole.content[0].text);
    assert.equal(final.stop_reason, "end_turn");
  }
});

check("tools are called and answered", async () => {
  for (const model of BOTH) {
    const first = await client.messages.stream({ model, ...HELLO, tools: [WEATHER] }).finalMessage();
    const call = first.content.find((block) => block.type === "tool_use");
    assert.equal(call.name, "get_weather");
    assert.equal(first.stop_reason, "tool_use");
    const result = { type: "tool_result", tool_use_id: call.id, content: "18 degrees" };
    const messages = [
      ...HELLO.messages,
      { role: "assistant", content: first.content },
      { role: "user", content: [result] },
    ];
    const second = await client.messages.create({ model, ...HELLO, messages, tools: [WEATHER] });
    assert.ok(second.content[0].text);
  }
});

check("the beta resource is served as well", async () => {
  for (const model of BOTH) {
    const message = await client.beta.messages.create({ model, ...HELLO, betas: ["interleaved-thinking-2025-05-14"] });
    assert.ok(message.content[0].text);
  }
});

check("tokens are counted", async () => {
  for (const model of BOTH) {
    const short = await client.messages.countTokens({ model, messages: HELLO.messages });
    const messages = [{ role: "user", content: "Hello there, how are you today? ".repeat(50) }];
    const long = await client.messages.countTokens({ model, messages });
    assert.ok(short.input_tokens > 0 && long.input_tokens > 10 * short.input_tokens);
  }
});

check("models are listed", async () => {
  const ids = (await collect(client.models.list())).map((model) => model.id);
  for (const model of BOTH) assert.ok(ids.includes(model));
});

check("errors are of the SDK's classes", async () => {
  await rejects(
    Anthropic.NotFoundError,
    client.messages.create({ model: "no-such-model", ...HELLO }),
  );
  const limited = await rejects(
    Anthropic.RateLimitError,
    client.messages.create({ model: "only-429", ...HELLO }),
  );
  assert.ok(Number(limited.headers.get("retry-after")) > 0);
});

check("a cut stream raises instead of ending", async () => {
  for (const model of ["break-cut", "break-cut-claude"]) {
    const stream = await client.messages.create({ model, ...HELLO, stream: true });
    await rejects(Anthropic.APIError, collect(stream));
  }
});

await run();
