// The official OpenAI SDK for JavaScript against a running gateway.
//
// The Rust test starts the gateway and its simulated vendors, and passes the gateway's address.
// Routes: `chat` (an OpenAI-format vendor), `claude` (an Anthropic-format vendor), and one `break-…`
// route per fault, whose first target is broken and whose second one is well.

import assert from "node:assert/strict";

import OpenAI from "openai";

import { check, collect, rejects, run } from "./checks.mjs";

const client = new OpenAI({
  apiKey: "unused",
  baseURL: `${process.env.INTERLINE_BASE_URL}/v1`,
  maxRetries: 0,
  timeout: 20_000,
});
const BOTH = ["chat", "claude"];
const HELLO = [{ role: "user", content: "Hello there" }];
const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};
const WEATHER = { type: "function", function: { name: "get_weather", parameters: PARAMETERS } };

check("a whole answer has text, usage and the gateway's headers", async () => {
  for (const model of BOTH) {
    const { data, response } = await client.chat.completions
      .create({ model, messages: HELLO })
      .withResponse();
    assert.ok(data.choices[0].message.content);
    assert.equal(data.choices[0].finish_reason, "stop");
    assert.ok(data.usage.prompt_tokens > 0 && data.usage.completion_tokens > 0);
    assert.equal(response.headers.get("x-interline-attempts"), "1");
    assert.ok(data._request_id);
  }
});

check("a stream gives the text of the whole answer", async () => {
  for (const model of BOTH) {
    const whole = await client.chat.completions.create({ model, messages: HELLO });
    const stream = await client.chat.completions.create({ model, messages: HELLO, stream: true });
    const chunks = await collect(stream);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    assert.equal(text, whole.choices[0].message.content);
  }
});

check("tools are called and answered", async () => {
  for (const model of BOTH) {
    const first = await client.chat.completions.create({ model, messages: HELLO, tools: [WEATHER] });
    const message = first.choices[0].message;
    const call = message.tool_calls[0];
    assert.equal(call.function.name, "get_weather");
    JSON.parse(call.function.arguments);
    const result = { role: "tool", tool_call_id: call.id, content: "18 degrees" };
    const messages = [...HELLO, message, result];
    const second = await client.chat.completions.create({ model, messages, tools: [WEATHER] });
    assert.ok(second.choices[0].message.content);
  }
});

check("the stream helper assembles tool calls", async () => {
  for (const model of BOTH) {
    const stream = client.chat.completions.stream({ model, messages: HELLO, tools: [WEATHER] });
    const final = await stream.finalChatCompletion();
    assert.equal(final.choices[0].message.tool_calls[0].function.name, "get_weather");
    assert.equal(final.choices[0].finish_reason, "tool_calls");
  }
});

check("embeddings come back as numbers, whatever encoding was asked of the wire", async () => {
  // The SDK itself asks for base64 where the caller names no encoding.
  const usual = await client.embeddings.create({ model: "embed", input: ["a cat", "a dog"] });
  const floats = await client.embeddings.create({
    model: "embed",
    input: ["a cat", "a dog"],
    encoding_format: "float",
  });
  assert.equal(usual.data.length, 2);
  assert.ok(usual.data[0].embedding.length > 1);
  usual.data.forEach((one, place) => {
    one.embedding.forEach((number, index) => {
      assert.ok(Math.abs(number - floats.data[place].embedding[index]) < 1e-6);
    });
  });
  assert.ok(usual.usage.prompt_tokens > 0);
});

check("the Responses API answers over any vendor", async () => {
  for (const model of BOTH) {
    const response = await client.responses.create({ model, input: "Hello there" });
    assert.equal(response.status, "completed");
    assert.ok(response.output_text);
    assert.ok(response.usage.input_tokens > 0 && response.usage.output_tokens > 0);
  }
});

check("a Responses stream has typed, numbered events and ends with its answer", async () => {
  for (const model of BOTH) {
    const whole = await client.responses.create({ model, input: "Hello there" });
    const events = await collect(
      await client.responses.create({ model, input: "Hello there", stream: true }),
    );
    assert.equal(events[0].type, "response.created");
    assert.equal(events.at(-1).type, "response.completed");
    events.forEach((event, place) => assert.equal(event.sequence_number, place));
    const deltas = events.filter((event) => event.type === "response.output_text.delta");
    assert.equal(deltas.map((event) => event.delta).join(""), whole.output_text);
    assert.equal(events.at(-1).response.output.at(-1).content[0].text, whole.output_text);
  }
});

check("the Responses API calls tools and takes their results", async () => {
  const tools = [{ type: "function", name: "get_weather", parameters: PARAMETERS, strict: false }];
  for (const model of BOTH) {
    const stream = client.responses.stream({ model, input: "Hello there", tools });
    const first = await stream.finalResponse();
    const call = first.output.find((item) => item.type === "function_call");
    assert.equal(call.name, "get_weather");
    JSON.parse(call.arguments);
    const result = { type: "function_call_output", call_id: call.call_id, output: "18 degrees" };
    const input = [{ role: "user", content: "Hello there" }, ...first.output, result];
    const second = await client.responses.create({ model, input, tools });
    assert.ok(second.output_text);
  }
});

check("models are listed", async () => {
  const ids = (await collect(client.models.list())).map((model) => model.id);
  for (const model of BOTH) assert.ok(ids.includes(model));
});

check("errors are of the SDK's classes", async () => {
  const unknown = await rejects(
    OpenAI.NotFoundError,
    client.chat.completions.create({ model: "no-such-model", messages: HELLO }),
  );
  assert.equal(unknown.code, "not_found");
  const limited = await rejects(
    OpenAI.RateLimitError,
    client.chat.completions.create({ model: "only-429", messages: HELLO }),
  );
  assert.ok(Number(limited.headers.get("retry-after")) > 0);
});

check("a broken target is not noticed", async () => {
  for (const fault of ["500", "429", "refused", "reset", "garbage"]) {
    const { data, response } = await client.chat.completions
      .create({ model: `break-${fault}`, messages: HELLO })
      .withResponse();
    assert.ok(data.choices[0].message.content, fault);
    assert.equal(response.headers.get("x-interline-fallback"), "true", fault);
  }
});

check("a cut stream raises instead of ending", async () => {
  const stream = await client.chat.completions.create({
    model: "break-cut",
    messages: HELLO,
    stream: true,
  });
  await rejects(OpenAI.APIError, collect(stream));
});

check("a cut Responses stream tells of its failure", async () => {
  const stream = await client.responses.create({
    model: "break-cut",
    input: "Hello there",
    stream: true,
  });
  const events = [];
  try {
    for await (const event of stream) events.push(event.type);
  } catch (error) {
    assert.ok(error instanceof OpenAI.APIError, String(error));
    events.push("error");
  }
  assert.ok(["response.failed", "error"].includes(events.at(-1)), events.join());
});

await run();
