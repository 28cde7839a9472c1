// The Vercel AI SDK with its OpenAI-compatible provider against a running gateway.
//
// This client is strict about streamed tool calls: the first delta must have index, id and name.

import assert from "node:assert/strict";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany, generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

import { check, collect, rejects, run } from "./checks.mjs";

const interline = createOpenAICompatible({
  name: "interline",
  apiKey: "unused",
  baseURL: `${process.env.INTERLINE_BASE_URL}/v1`,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const BOTH = ["chat", "claude"];
const PROMPT = { prompt: "Hello there", maxRetries: 0 };
const tools = {
  get_weather: tool({
    description: "Current weather of a city",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `18 degrees in ${city}`,
  }),
};

check("text is generated with usage", async () => {
  for (const route of BOTH) {
    const result = await generateText({ model: interline(route), ...PROMPT });
    assert.ok(result.text);
    assert.equal(result.finishReason, "stop");
    assert.ok(result.usage.inputTokens > 0 && result.usage.outputTokens > 0);
  }
});

check("text is streamed with usage", async () => {
  for (const route of BOTH) {
    const whole = await generateText({ model: interline(route), ...PROMPT });
    const result = streamText({ model: interline(route), ...PROMPT });
    const text = (await collect(result.textStream)).join("");
    assert.equal(text, whole.text);
    assert.ok((await result.usage).outputTokens > 0);
  }
});

check("tools run in several steps, whole and streamed", async () => {
  for (const route of BOTH) {
    const settings = { model: interline(route), ...PROMPT, tools, stopWhen: stepCountIs(3) };
    const whole = await generateText(settings);
    assert.equal(whole.steps.length, 2);
    assert.equal(whole.steps[0].toolCalls[0].toolName, "get_weather");
    assert.ok(whole.text);
    const streamed = streamText(settings);
    const parts = await collect(streamed.fullStream);
    const kinds = parts.map((part) => part.type);
    assert.ok(kinds.includes("tool-call") && kinds.includes("tool-result"), kinds.join());
    assert.ok(!kinds.includes("error"), JSON.stringify(parts.filter((part) => part.type === "error")));
    assert.equal((await streamed.steps).length, 2);
  }
});

check("objects follow their schema", async () => {
  const schema = z.object({ city: z.string(), degrees: z.number() });
  const { object } = await generateObject({ model: interline("chat"), ...PROMPT, schema });
  schema.parse(object);
});

check("many texts are embedded", async () => {
  const { embeddings, usage } = await embedMany({
    model: interline.embeddingModel("embed"),
    values: ["a cat", "a dog"],
    maxRetries: 0,
  });
  assert.equal(embeddings.length, 2);
  assert.ok(embeddings[0].length > 1);
  assert.ok(usage.tokens > 0);
});

check("an error is an API call error that says what happened", async () => {
  const error = await rejects(
    APICallError,
    generateText({ model: interline("no-such-model"), ...PROMPT }),
  );
  assert.equal(error.statusCode, 404);
  assert.match(error.message, /no-such-model/);
});

check("a cut stream ends with an error part", async () => {
  const result = streamText({ model: interline("break-cut"), ...PROMPT, onError: () => {} });
  const kinds = (await collect(result.fullStream)).map((part) => part.type);
  assert.ok(kinds.includes("error"), kinds.join());
});

await run();
