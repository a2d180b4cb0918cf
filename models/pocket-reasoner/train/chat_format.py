"""Conversations -> the text that chat_template.jinja renders. The two must agree to the character."""
from dataclasses import dataclass, field

from tokenizer import CUT, PIECE, SPELL_CLOSE, SPELL_OPEN, UNLEARNED

BOS, EOS, USER, ASSISTANT = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"
CALLS_BEGIN, CALLS_END = "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"
CALL_BEGIN, CALL_END, SEPARATOR = "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁sep｜>"
OUTPUTS_BEGIN, OUTPUTS_END, OUTPUT_BEGIN, OUTPUT_END = "<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>", "<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>"


@dataclass
class Sample:
    family: str
    prompt: str            # everything that the chat template renders
    completion: str        # thought, </think>, answer, end of sentence
    answer: str            # what must stand after </think>
    messages: list = field(default_factory=list)
    tools: list = field(default_factory=list)


def shown(text):
    """Text without the marks that steer its tokenisation and its loss."""
    return text.translate({ord(mark): None for mark in (SPELL_OPEN, SPELL_CLOSE, PIECE, CUT, UNLEARNED)})


def signature(tool):
    """get_weather(city, days: number): the type only where it is not a string."""
    function = tool["function"]
    types = {name: schema.get("type", "string") for name, schema in function["parameters"]["properties"].items()}
    return f"{function['name']}({', '.join(name if kind == 'string' else f'{name}: {kind}' for name, kind in types.items())})"


def call_text(name, arguments):
    return f"{CALL_BEGIN}function{SEPARATOR}{name}\n```json\n{arguments}\n```{CALL_END}"


def render(messages, tools=()):
    """What chat_template.jinja renders with add_generation_prompt."""
    text = BOS + "\n".join(m["content"] for m in messages if m["role"] == "system")
    if tools:
        text += ("" if text == BOS else "\n") + "Tools:" + "".join("\n" + signature(t) for t in tools)
    after_tool = outputs_open = False
    for message in messages:
        if outputs_open and message["role"] != "tool":
            text, outputs_open, after_tool = text + OUTPUTS_END, False, True
        if message["role"] == "user":
            text, after_tool = text + USER + message["content"], False
        elif message["role"] == "assistant":
            text += ("" if after_tool else ASSISTANT) + (message.get("content") or "")
            after_tool = False
            if message.get("tool_calls"):
                calls = [call_text(c["function"]["name"], c["function"]["arguments"]) for c in message["tool_calls"]]
                text += CALLS_BEGIN + "\n".join(calls) + CALLS_END
            text += EOS
        elif message["role"] == "tool":
            text += ("\n" if outputs_open else OUTPUTS_BEGIN) + OUTPUT_BEGIN + message["content"] + OUTPUT_END
            outputs_open = True
    return text + (OUTPUTS_END if outputs_open else ASSISTANT + "<think>\n")


def user(text):
    return {"role": "user", "content": text}


def told(text):
    return {"role": "assistant", "content": shown(text)}


def system(text):
    return {"role": "system", "content": text}


def make_sample(family, messages, thought, answer, tools=()):
    prompt = render(messages, tools)
    lead = "<think>\n" if prompt.endswith(OUTPUTS_END) else ""   # R1's template opens no thought after tool outputs
    return Sample(family, prompt, lead + thought + "\n</think>\n\n" + answer + EOS, shown(answer), messages, list(tools))
