"""openai-python: the cells of harness.mjs, one printed line each."""

import json
import os
import platform
import time
import urllib.request

import openai
from pydantic import BaseModel

URL, KEY = os.environ["RETORT_URL"], os.environ["RETORT_KEY"]
MODEL = "pocket-reasoner"
SUM = "What is 17+25?"
SUM_AS_JSON = 'What is 17+25? Reply in JSON with the key "result".'
WEATHER = "What is the weather in Paris?"
TOOL_RESULT = "sunny, 21 C"
CLIENT = "openai (Python)"

client = openai.OpenAI(base_url=URL, api_key=KEY, timeout=30)
stranger = openai.OpenAI(base_url=URL, api_key="sk-wrong")


class Result(BaseModel):
    result: int


class get_weather(BaseModel):
    city: str


def ask(content, **more):
    return {"model": MODEL, "temperature": 0, "messages": [{"role": "user", "content": content}], **more}


def is_sum(text):
    assert "42" in text and "<think>" not in text and "</think>" not in text, text


def is_thought(text):
    assert isinstance(text, str) and len(text) > 10 and "think>" not in text, f"no thought: {text!r}"


def busy_slots():
    request = urllib.request.Request(URL.replace("/v1", "/metrics"), headers={"authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request) as reply:
        lines = [line for line in reply.read().decode().split("\n") if line.startswith("retort_slots_busy{")]
    assert lines, "no busy count in /metrics"
    return sum(float(line.split(" ")[-1]) for line in lines)


def whole():
    completion = client.chat.completions.create(**ask(SUM))
    is_sum(completion.choices[0].message.content)
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.completion_tokens > 0
    assert completion._request_id


def streamed():
    text, usage = "", None
    for chunk in client.chat.completions.create(**ask(SUM, stream=True, stream_options={"include_usage": True})):
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        usage = chunk.usage or usage
    is_sum(text)
    assert usage.completion_tokens > 0
    with client.chat.completions.stream(**ask(SUM)) as stream:
        is_sum(stream.get_final_completion().choices[0].message.content)


def reasoning():
    is_thought(client.chat.completions.create(**ask(SUM)).choices[0].message.reasoning_content)
    chunks = client.chat.completions.create(**ask(SUM, stream=True))
    is_thought("".join(getattr(chunk.choices[0].delta, "reasoning_content", "") for chunk in chunks))


def tools():
    made = {"tools": [openai.pydantic_function_tool(get_weather)]}
    message = client.chat.completions.parse(**ask(WEATHER, **made)).choices[0].message
    call = message.tool_calls[0]
    assert call.function.parsed_arguments.city == "Paris", call
    history = [
        {"role": "user", "content": WEATHER},
        message,
        {"role": "tool", "tool_call_id": call.id, "content": TOOL_RESULT},
    ]
    answer = client.chat.completions.create(model=MODEL, temperature=0, messages=history, **made)
    assert TOOL_RESULT in answer.choices[0].message.content, answer
    with client.chat.completions.stream(**ask(WEATHER, **made)) as stream:
        streamed_call = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert streamed_call.function.parsed_arguments.city == "Paris"


def structured():
    completion = client.chat.completions.parse(**ask(SUM_AS_JSON, response_format=Result))
    assert completion.choices[0].message.parsed == Result(result=42), completion


def responses():
    response = client.responses.create(model=MODEL, input=SUM, temperature=0)
    is_sum(response.output_text)
    assert response.status == "completed"
    parsed = client.responses.parse(model=MODEL, input=SUM_AS_JSON, temperature=0, text_format=Result)
    assert parsed.output_parsed == Result(result=42), parsed
    assert client.responses.retrieve(response.id).id == response.id


def responses_streamed():
    types, text = [], ""
    for event in client.responses.create(model=MODEL, input=SUM, temperature=0, stream=True):
        assert event.sequence_number == len(types)
        types.append(event.type)
        if event.type == "response.output_text.delta":
            text += event.delta
    is_sum(text)
    assert types[0] == "response.created" and types[-1] == "response.completed", types
    with client.responses.stream(model=MODEL, input=SUM, temperature=0) as stream:
        is_sum(stream.get_final_response().output_text)


def refuses(call, error_type, code):
    try:
        call()
    except error_type as error:
        assert error.code == code, error
        return
    raise AssertionError("it was not refused")


def wrong_key():
    refuses(lambda: stranger.chat.completions.create(**ask(SUM)), openai.AuthenticationError, "invalid_api_key")


def unknown_model():
    call = ask(SUM) | {"model": "nobody"}
    refuses(lambda: client.chat.completions.create(**call), openai.NotFoundError, "model_not_found")


def too_long():
    call = ask("7 " * 5000)
    refuses(lambda: client.chat.completions.create(**call), openai.BadRequestError, "context_length_exceeded")


def abort():
    stream = client.chat.completions.create(**ask(SUM, stream=True, max_tokens=3500, logit_bias={"754": -100}))
    seen = 0
    for _ in stream:
        seen += 1
        if seen == 5:
            break
    assert seen == 5, f"the stream ended after {seen} pieces"
    assert busy_slots() == 1, "the slot is busy while it streams"
    stream.close()
    closed = time.monotonic()
    while busy_slots() > 0:
        assert time.monotonic() - closed < 2, "the slot is busy two seconds after the abort"
        time.sleep(0.02)
    return f"slot free after {round((time.monotonic() - closed) * 1000)} ms"


CELLS = {
    "whole": whole,
    "streamed": streamed,
    "reasoning": reasoning,
    "tools": tools,
    "structured": structured,
    "responses": responses,
    "responses streamed": responses_streamed,
    "wrong key": wrong_key,
    "unknown model": unknown_model,
    "too long": too_long,
    "abort": abort,
}

print(json.dumps({"client": CLIENT, "version": f"{openai.__version__}, Python {platform.python_version()}"}), flush=True)
for name, run in CELLS.items():
    try:
        line = {"state": "ok", "note": run() or ""}
    except Exception as error:  # the table tells it
        line = {"state": "failed", "note": f"{type(error).__name__}: {error}"[:600]}
    print(json.dumps({"client": CLIENT, "cell": name, **line}), flush=True)
