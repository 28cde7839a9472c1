// A list of named checks: each runs, is printed as `ok` or `FAIL`, and decides the exit code.

import assert from "node:assert/strict";

const LIMIT_MS = 30_000;
const checks = [];

/** Registers a check; its name is the rule it guards. */
export function check(name, body) {
  checks.push([name, body]);
}

/** Runs every check and ends the process. */
export async function run() {
  let failed = 0;
  for (const [name, body] of checks) {
    try {
      await within(LIMIT_MS, body());
      console.log(`ok ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${name}: ${error?.stack ?? error}`);
    }
  }
  console.log(`${checks.length - failed} passed, ${failed} failed`);
  process.exit(failed > 0 || checks.length === 0 ? 1 : 0);
}

/** Awaits `promise`, which must be rejected with an error of `kind`, and gives the error. */
export async function rejects(kind, promise) {
  try {
    const value = await promise;
    assert.fail(`expected ${kind.name}, got ${JSON.stringify(value)}`);
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
}

/** All items of an async iterable. */
export async function collect(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

async function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took over ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
