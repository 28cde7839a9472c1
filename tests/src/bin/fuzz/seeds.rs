//! Hand-written inputs to begin with, so that every target runs without recordings.
//!
//! Those of a chat format are a request, a whole answer, a stream and an error. They hold what readers
//! branch on (tools, thinking, media, citations, usage) rather than what vendors send most.

/// Server-sent events.
pub(crate) const SSE: [&[u8]; 6] = [
    b"event: a\ndata: {\"x\":1}\n\ndata: [DONE]\n\n",
    b": ping\r\n\r\nid: 7\r\nretry: 100\r\ndata: a\r\ndata: b\r\n\r\n",
    b"\xef\xbb\xbfdata: \xe2\x82\xac\rdata\r\r",
    b"{\"error\":{\"message\":\"no stream\"}}\n",
    b"data:x\n\ndata:  y\n\nunknown: z\ndata\n\n:\n",
    b"event: long\ndata: 0123456789012345678901234567890123456789012345678901234567890123456789\n\n",
];

/// Headers, bodies and durations that say how long to wait.
pub(crate) const RETRY_AFTER: [&str; 9] = [
    "retry-after: 7\nretry-after-ms: 1500\n",
    "retry-after: Wed, 21 Oct 2026 07:28:00 GMT\n",
    "retry-after: 0.5\nx-should-retry: true\n",
    "retry-after: -1\nx-should-retry: false\n",
    "x-ms-retry-after-ms: 99999999999999999999\nx-ratelimit-reset-requests: 1m0.5s\n",
    "anthropic-ratelimit-tokens-reset: 2026-10-21T07:28:00Z\n",
    r#"{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3.5s"}]}}"#,
    "1d2h3m4s5ms",
    "0.25s",
];

/// Configuration files.
pub(crate) const CONFIG: [&str; 4] = [
    "version: 1\nlisten: 127.0.0.1:8080\nproviders:\n  a: { kind: openai, api_key: \"${KEY}\" }\n\
     routes:\n  chat:\n    strategy: fallback\n    targets: [a/gpt-4o, { target: a/b, weight: 2 }]\n    \
     retry: { max_attempts: 3, same_target: 1 }\n    timeouts: { first_token: 30s, idle: 20s, total: 600s }\n    \
     breaker: { preset: simple }\n",
    "providers:\n  mine: &anchor\n    kind: local\n    base_url: \"http://127.0.0.1:11434/v1\"\n  other: *anchor\n",
    r#"{"version":1,"providers":{"a":{"kind":"groq","headers":{"x-a":"b"},"timeouts":{"connect":"5s"}}}}"#,
    "keys: [\"${A}\", file:/nowhere]\nallow_unauthenticated: true\nlisten: '[::1]:0'\n",
];

/// Chat Completions.
pub(crate) const OPENAI_CHAT: [&str; 4] = [
    r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":9,"temperature":0.5,
       "top_p":0.9,"n":2,"stop":["END"],"seed":7,"logprobs":true,"top_logprobs":2,"user":"u",
       "metadata":{"a":"b"},"reasoning_effort":"low","parallel_tool_calls":false,
       "tool_choice":{"type":"function","function":{"name":"add"}},
       "response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object"}}},
       "tools":[{"type":"function","function":{"name":"add","description":"d","parameters":{"type":"object"},"strict":true}}],
       "messages":[{"role":"developer","content":"Be brief."},
         {"role":"user","name":"n","content":[{"type":"text","text":"x"},
           {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},
           {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},
           {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}}]},
         {"role":"assistant","content":null,"reasoning_content":"hm","refusal":"no",
           "tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"x\":1}"}}]},
         {"role":"tool","tool_call_id":"c1","content":"2"}]}"#,
    r#"{"id":"r","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"tool_calls",
       "logprobs":{"content":[{"token":"a","logprob":-0.5,"top_logprobs":[]}]},
       "message":{"role":"assistant","content":"a","reasoning_content":"hm","refusal":null,
         "tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{}"}}]}}],
       "usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,
         "prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":1}}}"#,
    "data: {\"id\":\"r\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
     data: {\"id\":\"r\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n\
     data: {\"id\":\"r\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n\
     data: {\"id\":\"r\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n\
     data: {\"id\":\"r\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}}]}\n\n\
     data: {\"id\":\"r\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n\
     data: {\"id\":\"r\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n\
     data: [DONE]\n\n",
    r#"{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#,
];

/// Responses.
pub(crate) const OPENAI_RESPONSES: [&str; 4] = [
    r#"{"model":"m","stream":true,"instructions":"Be brief.","max_output_tokens":9,"temperature":0.5,
       "reasoning":{"effort":"low","summary":"auto"},"include":["reasoning.encrypted_content"],"store":false,
       "text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object"}}},
       "tools":[{"type":"function","name":"add","parameters":{"type":"object"},"strict":true},{"type":"web_search"}],
       "tool_choice":{"type":"function","name":"add"},"parallel_tool_calls":false,
       "input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"x"},
           {"type":"input_image","image_url":"https://x.example/a.png","detail":"low"}]},
         {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"zzz"},
         {"type":"function_call","call_id":"c1","name":"add","arguments":"{}"},
         {"type":"function_call_output","call_id":"c1","output":"2"},
         {"role":"assistant","content":[{"type":"output_text","text":"a","annotations":[]}]}]}"#,
    r#"{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m","output":[
       {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"zzz"},
       {"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"a","annotations":[]},{"type":"refusal","refusal":"no"}]},
       {"type":"function_call","id":"fc_1","call_id":"c1","name":"add","arguments":"{}","status":"completed"}],
       "usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":1},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":7}}"#,
    "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"model\":\"m\",\"status\":\"in_progress\",\"output\":[]}}\n\n\
     event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[]}}\n\n\
     event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"a\"}\n\n\
     event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"output_index\":1,\"item\":{\"type\":\"function_call\",\"id\":\"fc_1\",\"call_id\":\"c1\",\"name\":\"f\",\"arguments\":\"\"}}\n\n\
     event: response.function_call_arguments.delta\ndata: {\"type\":\"response.function_call_arguments.delta\",\"item_id\":\"fc_1\",\"output_index\":1,\"delta\":\"{}\"}\n\n\
     event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"model\":\"m\",\"status\":\"completed\",\"output\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":2}}}\n\n",
    r#"{"error":{"message":"No such model","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#,
];

/// Messages.
pub(crate) const ANTHROPIC: [&str; 4] = [
    r#"{"model":"m","max_tokens":100,"stream":true,"temperature":0.5,"top_k":3,"stop_sequences":["END"],
       "metadata":{"user_id":"u"},"thinking":{"type":"enabled","budget_tokens":2048},
       "system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral","ttl":"1h"}}],
       "tools":[{"name":"add","description":"d","input_schema":{"type":"object"}},{"type":"web_search_20250305","name":"web_search"}],
       "tool_choice":{"type":"tool","name":"add","disable_parallel_tool_use":true},
       "messages":[{"role":"user","content":[{"type":"text","text":"x"},
           {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
           {"type":"document","source":{"type":"text","media_type":"text/plain","data":"t"},"title":"a"}]},
         {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"zzz"},{"type":"redacted_thinking","data":"yyy"},
           {"type":"tool_use","id":"c1","name":"add","input":{"x":1}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","is_error":true,"content":[{"type":"text","text":"2"}]}]}]}"#,
    r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[
       {"type":"thinking","thinking":"hm","signature":"zzz"},{"type":"text","text":"a","citations":[{"type":"char_location"}]},
       {"type":"tool_use","id":"c1","name":"add","input":{"x":1}}],"stop_reason":"tool_use","stop_sequence":null,
       "usage":{"input_tokens":5,"cache_read_input_tokens":1,"cache_creation_input_tokens":1,"output_tokens":2}}"#,
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"usage\":{\"input_tokens\":5}}}\n\n\
     event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n\
     event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n\
     event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"zzz\"}}\n\n\
     event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
     event: ping\ndata: {\"type\":\"ping\"}\n\n\
     event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"f\",\"input\":{}}}\n\n\
     event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}\n\n\
     event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n\
     event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":2}}\n\n\
     event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#,
];

/// generateContent.
pub(crate) const GEMINI: [&str; 4] = [
    r#"{"systemInstruction":{"parts":[{"text":"Be brief."}]},"safetySettings":[{"category":"C"}],
       "generationConfig":{"maxOutputTokens":9,"temperature":0.5,"topP":0.9,"topK":3,"seed":7,"candidateCount":2,
         "stopSequences":["END"],"responseMimeType":"application/json","responseSchema":{"type":"OBJECT"},
         "thinkingConfig":{"thinkingBudget":100,"includeThoughts":true}},
       "tools":[{"functionDeclarations":[{"name":"add","parameters":{"type":"OBJECT"}}]},{"googleSearch":{}}],
       "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["add"]}},
       "contents":[{"role":"user","parts":[{"text":"x"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}},
           {"fileData":{"fileUri":"gs://b/c.pdf","mimeType":"application/pdf"}}]},
         {"role":"model","parts":[{"text":"hm","thought":true},{"functionCall":{"name":"add","args":{"x":1}},"thoughtSignature":"zzz"}]},
         {"role":"user","parts":[{"functionResponse":{"name":"add","response":{"result":2}}}]}]}"#,
    r#"{"responseId":"r","modelVersion":"m","candidates":[{"index":0,"finishReason":"STOP","safetyRatings":[{"blocked":false}],
       "content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"a"},
         {"functionCall":{"name":"add","args":{"x":1.50}},"thoughtSignature":"zzz"},
         {"executableCode":{"language":"PYTHON","code":"1"}}]}}],
       "usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2,"thoughtsTokenCount":1}}"#,
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"hm\",\"thought\":true}]},\"index\":0}],\"responseId\":\"r\"}\r\n\r\n\
     data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"},{\"functionCall\":{\"name\":\"f\",\"args\":{}}}]},\"groundingMetadata\":{\"q\":1}}]}\r\n\r\n\
     data: {\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":2}}\r\n\r\n",
    r#"{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"36s"}]}}"#,
];

/// Cohere's chat, version 2.
pub(crate) const COHERE: [&str; 4] = [
    r#"{"model":"m","stream":true,"max_tokens":9,"temperature":0.5,"p":0.9,"k":3,"seed":7,"logprobs":true,
       "frequency_penalty":0.5,"stop_sequences":["END"],"thinking":{"type":"enabled","token_budget":500},
       "documents":[{"id":"1","data":{"text":"x"}}],"safety_mode":"STRICT","strict_tools":true,"tool_choice":"REQUIRED",
       "tools":[{"type":"function","function":{"name":"add","description":"d","parameters":{"type":"object"}}}],
       "messages":[{"role":"system","content":"Be brief."},
         {"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}}]},
         {"role":"assistant","tool_plan":"hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"x\":1}"}}]},
         {"role":"tool","tool_call_id":"c1","content":[{"type":"document","document":{"id":"1","data":{"a":1}}}]},
         {"role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"2"}],"citations":[{"start":0,"end":1}]}]}"#,
    r#"{"id":"r","finish_reason":"TOOL_CALL","message":{"role":"assistant","tool_plan":"hm",
       "content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"}],
       "tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{}"}}],
       "citations":[{"start":0,"end":1,"text":"a","sources":[]}]},"logprobs":[{"token_ids":[1],"logprobs":[-0.5]}],
       "usage":{"billed_units":{"input_tokens":1,"output_tokens":1},"tokens":{"input_tokens":5,"output_tokens":2},"cached_tokens":1}}"#,
    "event: message-start\ndata: {\"type\":\"message-start\",\"id\":\"r\",\"delta\":{\"message\":{\"role\":\"assistant\"}}}\n\n\
     event: tool-plan-delta\ndata: {\"type\":\"tool-plan-delta\",\"delta\":{\"message\":{\"tool_plan\":\"hm\"}}}\n\n\
     event: content-start\ndata: {\"type\":\"content-start\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"type\":\"text\",\"text\":\"\"}}}}\n\n\
     event: content-delta\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"text\":\"a\"}}}}\n\n\
     event: citation-start\ndata: {\"type\":\"citation-start\",\"index\":0,\"delta\":{\"message\":{\"citations\":{\"start\":0}}}}\n\n\
     event: tool-call-start\ndata: {\"type\":\"tool-call-start\",\"index\":0,\"delta\":{\"message\":{\"tool_calls\":{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}}}}\n\n\
     event: tool-call-delta\ndata: {\"type\":\"tool-call-delta\",\"index\":0,\"delta\":{\"message\":{\"tool_calls\":{\"function\":{\"arguments\":\"{}\"}}}}}\n\n\
     event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"TOOL_CALL\",\"usage\":{\"tokens\":{\"input_tokens\":5,\"output_tokens\":2}}}}\n\n\
     data: [DONE]\n\n",
    r#"{"id":"e","message":"too many tokens: total number of tokens in the prompt cannot exceed 8"}"#,
];

/// Converse; the stream's messages are written as text and framed by the target.
pub(crate) const BEDROCK: [&str; 4] = [
    r#"{"system":[{"text":"Be brief."},{"cachePoint":{"type":"default","ttl":"1h"}}],
       "inferenceConfig":{"maxTokens":4000,"temperature":0.5,"topP":0.9,"stopSequences":["END"]},
       "toolConfig":{"tools":[{"toolSpec":{"name":"add","description":"d","strict":true,"inputSchema":{"json":{"type":"object"}}}},
         {"cachePoint":{"type":"default"}},{"systemTool":{"name":"nova_grounding"}}],"toolChoice":{"tool":{"name":"add"}}},
       "outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"name":"n","schema":"{\"type\":\"object\"}"}}}},
       "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024},"top_k":5,"reasoning_effort":"low"},
       "guardrailConfig":{"guardrailIdentifier":"g","guardrailVersion":"1"},"requestMetadata":{"a":"b"},
       "messages":[{"role":"user","content":[{"text":"x"},{"image":{"format":"png","source":{"bytes":"AAAA"}}},
           {"document":{"format":"pdf","name":"n","source":{"s3Location":{"uri":"s3://b/c","bucketOwner":"1"}}}},
           {"video":{"format":"mp4","source":{"bytes":"AAAA"}}},{"guardContent":{"text":{"text":"q","qualifiers":["query"]}}}]},
         {"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"zzz"}}},
           {"reasoningContent":{"redactedContent":"eA=="}},{"toolUse":{"toolUseId":"c1","name":"add","input":{"x":1}}}]},
         {"role":"user","content":[{"toolResult":{"toolUseId":"c1","status":"success","content":[{"json":{"a":1}},{"text":"2"}]}}]}]}"#,
    r#"{"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"zzz"}}},
       {"citationsContent":{"content":[{"text":"a"}],"citations":[{"title":"t"}]}},{"text":"b"},
       {"toolUse":{"toolUseId":"c1","name":"f","input":{"x":1.50},"type":"tool_use"}}]}},"stopReason":"tool_use",
       "usage":{"inputTokens":5,"outputTokens":2,"totalTokens":7,"cacheReadInputTokens":3,"cacheWriteInputTokens":1},
       "metrics":{"latencyMs":1},"additionalModelResponseFields":{"stop_sequence":"END"}}"#,
    "event: messageStart\ndata: {\"role\":\"assistant\"}\n\n\
     event: contentBlockDelta\ndata: {\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"text\":\"hm\"}}}\n\n\
     event: contentBlockDelta\ndata: {\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"signature\":\"zzz\"}}}\n\n\
     event: contentBlockStop\ndata: {\"contentBlockIndex\":0}\n\n\
     event: contentBlockDelta\ndata: {\"contentBlockIndex\":1,\"delta\":{\"text\":\"a\"}}\n\n\
     event: contentBlockStart\ndata: {\"contentBlockIndex\":2,\"start\":{\"toolUse\":{\"toolUseId\":\"c\",\"name\":\"f\"}}}\n\n\
     event: contentBlockDelta\ndata: {\"contentBlockIndex\":2,\"delta\":{\"toolUse\":{\"input\":\"{}\"}}}\n\n\
     event: contentBlockStart\ndata: {\"contentBlockIndex\":3,\"start\":{\"toolUse\":{\"type\":\"server_tool_use\",\"name\":\"g\"}}}\n\n\
     event: contentBlockDelta\ndata: {\"contentBlockIndex\":4,\"delta\":{\"citation\":{\"title\":\"t\"}}}\n\n\
     event: messageStop\ndata: {\"stopReason\":\"tool_use\"}\n\n\
     exception: throttlingException\ndata: {\"message\":\"slow down\"}\n\n\
     event: metadata\ndata: {\"usage\":{\"inputTokens\":5,\"outputTokens\":2}}\n\n",
    r#"{"__type":"com.amazon.coral.service#ThrottlingException","message":"Too many tokens, please wait before trying again."}"#,
];

/// Embeddings of OpenAI's form.
pub(crate) const OPENAI_EMBEDDINGS: [&str; 2] = [
    r#"{"model":"m","input":["a",[1,2]],"encoding_format":"base64","dimensions":2,"user":"u"}"#,
    r#"{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5,-1]},
       {"object":"embedding","index":1,"embedding":"AAAAPwAAgL8="}],"usage":{"prompt_tokens":2,"total_tokens":2}}"#,
];

/// Cohere's embeddings, version 2.
pub(crate) const COHERE_EMBEDDINGS: [&str; 2] = [
    r#"{"model":"m","texts":["a","b"],"input_type":"search_query","output_dimension":256,"embedding_types":["float"]}"#,
    r#"{"id":"e","embeddings":{"float":[[0.5,-1],[1,2]]},"texts":["a","b"],"meta":{"billed_units":{"input_tokens":2}}}"#,
];

/// Gemini's embeddings.
pub(crate) const GEMINI_EMBEDDINGS: [&str; 2] = [
    r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":2}]}"#,
    r#"{"embeddings":[{"values":[0.5,-1]},{"values":[1,2]}]}"#,
];
