"""What schemathesis cannot know of a server that runs a model, and what OpenAPI has no words for."""

import re
import uuid
from itertools import count

import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

MODEL = "pocket-reasoner"

# Requests that fit their schema and are refused for what their parts say of each other, or of the server: JSON Schema
# has no words for these. Any other 400 to a request that fits is a finding.
NOT_IN_THE_SCHEMA = [
    r"disagree",  # two spellings of one wish
    r"is only allowed when|is only allowed to be false when",  # a field that goes with another one
    r"exclude each other|'echo' with 'logprobs' is not supported",
    r"may be absent or null only in an assistant message",
    r"of the assistant can be continued|Only the last message can be continued|with tool calls cannot be continued",
    r"'tools' has no function named|leaves out a message",  # the latter: a template that knows no system message
    r"nested too deep|nested more than \d+ levels",
    r"Missing required parameter: '(input|model)'",  # may be left out where another field stands in for it
    r"There is no token|not found|Cannot cancel a response that is",  # of this model, of what is kept
    r"maximum context length|more than \d+ choices",
    r"Idempotency-Key was sent with another request body",  # the coverage phase knows no hook for headers
    r"The key `__proto__` is not allowed",
    r"(Invalid|Unsupported) schema",  # the schema within the request: a language of its own, refused by path
]


@schemathesis.check
def acceptance(ctx, response, case):
    """As positive_data_acceptance, but for the written list above."""
    if response.status_code == 400 and any(re.search(words, response.text) for words in NOT_IN_THE_SCHEMA):
        return None
    return positive_data_acceptance(ctx, response, case)


@schemathesis.hook
def map_body(context, body):
    """Names a model that is served: any text would be as right, and a 404."""
    if isinstance(body, dict) and isinstance(body.get("model"), str) and body["model"]:
        return {**body, "model": MODEL}
    return body


@schemathesis.hook
def map_headers(context, headers):
    """A key of its own for each request that has one: the same key with another body is refused, as it should be."""
    key = (headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) <= 255:
        headers = {**headers, "Idempotency-Key": str(uuid.uuid4())}
    return headers


clients = count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Each request from another client, by way of a proxy of ours: else the limit on wrong keys answers for the key."""
    number = next(clients)

    def forwarded(request):
        request.headers["x-forwarded-for"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return request

    # Not in the case's own headers: it would count as changed, and its checks would not know it any more.
    kwargs["auth"] = forwarded
