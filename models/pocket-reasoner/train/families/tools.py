"""Tool calls in R1's tokens, and answers from what a tool said."""
import json

from chat_format import CALLS_BEGIN, CALLS_END, call_text, make_sample, system, user
from families.arithmetic import ask
from families.letters import WORDS
from families.structured import copied_value
from held_out import in_split
from task import number, value
from tokenizer import CUT
from wording import CITIES, NAMES, SYSTEM, THINGS

VERBS = ["get", "find", "set", "make", "create", "book", "send", "add", "delete", "update", "check", "list", "start", "stop", "open", "close", "order", "buy", "play", "show", "read", "write", "count", "move", "load", "save", "run", "call"]
PLACE_NAMES = ["city", "location", "place", "city", "town"]


def function(name, types):
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {p: {"type": t} for p, t in types.items()}}}}


def some_words(random, most=3):
    return " ".join(random.choice(WORDS) for _ in range(random.randint(1, most)))


def city(random):
    return random.choice(CITIES) if random.random() < .5 else random.choice(WORDS).capitalize()


def person(random):
    return random.choice(NAMES) if random.random() < .6 else random.choice(WORDS).capitalize()


def weather(random):
    place, where = random.choice(PLACE_NAMES), city(random)
    name = random.choice(["get_weather", "get_weather", "get_weather", "weather", "get_current_weather", "getWeather", "fetch_weather"])
    question = random.choice(["What's the weather in {}?", "What is the weather in {}?", "How is the weather in {}?", "Weather in {}?", "What is the weather like in {} today?", "Is it raining in {}?", "Tell me the weather in {}.",
                              "what's the weather like in {}", "Is it cold in {}?", "weather {}", "How warm is it in {}?", "Do I need an umbrella in {}?", "Will it rain in {} today?", "Check the weather in {}."]).format(where)
    sky, degrees = random.choice(["sunny", "cloudy", "rain", "snow", "windy", "fog", random.choice(WORDS)]), random.randint(-20, 40)
    output = random.choice([f"{sky}, {degrees} C", f"{degrees}°C and {sky}", json.dumps({"temperature": degrees, "condition": sky}), json.dumps({"temp": degrees, "unit": "C", "sky": sky}), sky])
    return function(name, {place: "string"}), question, {place: where}, output


def clock(random):
    place, where = random.choice(PLACE_NAMES), city(random)
    question = random.choice(["What time is it in {}?", "What is the time in {}?", "Tell me the time in {}.", "what time is it in {}", "Current time in {}?"]).format(where)
    return function(random.choice(["get_time", "current_time", "get_current_time", "clock"]), {place: "string"}), question, {place: where}, f"{random.randint(0, 23):02d}:{random.randint(0, 59):02d}"


def calculator(random):
    operator = random.choice("+-*/")
    a, b = number(random, 5), number(random, 5)
    question = ask(random, a, operator, b) + random.choice(["", "", " Use the calculator.", " Use a tool."])
    output = str(value(a, operator, b))
    output = random.choice([output, json.dumps({"result": int(output)})])
    name, kind = random.choice(["calculator", "calculator", "calculator", "calc", "calculate"]), random.choice(["number", "number", "string", "integer"])
    if random.random() < .4:
        key = random.choice(["expression", "expression", "expr", "input"])
        return function(name, {key: "string"}), question, {key: f"{a}{operator}{b}"}, output
    sign = random.choice(["op", "op", "operator", "operation"])
    if kind == "string":
        a, b = str(a), str(b)
    return function(name, {"a": kind, "b": kind, sign: "string"}), question, {"a": a, "b": b, sign: operator}, output


# name, parameters as name:type with the kind of value behind them, questions
KNOWN = [
    ("set_timer", {"minutes": "count"}, ["Set a timer for {minutes} minutes.", "Start a {minutes} minute timer.", "Wake me in {minutes} minutes."]),
    ("set_alarm", {"hour": "hour", "minute": "minute"}, ["Set an alarm for {hour}:{minute}.", "Wake me up at {hour}:{minute}."]),
    ("send_email", {"to": "person", "subject": "words"}, ["Send an email to {to} about {subject}.", "Email {to} about {subject}.", "Write {to} an email about {subject}."]),
    ("send_message", {"recipient": "person", "text": "words"}, ["Send {recipient} the message: {text}", "Tell {recipient}: {text}", "Message {recipient}: {text}"]),
    ("search", {"query": "words"}, ["Search for {query}.", "Look up {query}.", "Find information on {query}.", "Search the web for {query}"]),
    ("play_song", {"title": "words"}, ["Play {title}.", "Play the song {title}.", "I want to hear {title}."]),
    ("get_stock_price", {"symbol": "symbol"}, ["What is the stock price of {symbol}?", "How much is {symbol} stock?", "Price of {symbol}?", "Get the price of {symbol}."]),
    ("translate", {"text": "words", "language": "language"}, ["Translate {text} to {language}.", "How do you say {text} in {language}?", "Translate '{text}' into {language}."]),
    ("book_flight", {"origin": "city", "destination": "city"}, ["Book a flight from {origin} to {destination}.", "I want to fly from {origin} to {destination}.", "Fly me from {origin} to {destination}."]),
    ("book_hotel", {"city": "city", "nights": "count"}, ["Book a hotel in {city} for {nights} nights.", "I need a hotel in {city} for {nights} nights.", "Find me a room in {city} for {nights} nights."]),
    ("convert_currency", {"amount": "count", "source": "currency", "target": "currency"}, ["Convert {amount} {source} to {target}.", "How much is {amount} {source} in {target}?", "Change {amount} {source} into {target}."]),
    ("create_event", {"title": "words", "day": "weekday"}, ["Create an event {title} on {day}.", "Add {title} to my calendar on {day}.", "Schedule {title} for {day}."]),
    ("turn_on", {"device": "word"}, ["Turn on the {device}.", "Switch on the {device}.", "Please turn the {device} on."]),
    ("set_temperature", {"room": "word", "degrees": "count"}, ["Set the {room} to {degrees} degrees.", "Make the {room} {degrees} degrees warm.", "Heat the {room} to {degrees} degrees."]),
    ("order_food", {"dish": "word", "quantity": "count"}, ["Order {quantity} {dish}.", "I want {quantity} {dish}, please.", "Get me {quantity} {dish}."]),
    ("get_user", {"id": "count"}, ["Show me user {id}.", "Who is user {id}?", "Get the user with id {id}.", "Look up user {id}."]),
    ("open_file", {"path": "path"}, ["Open {path}.", "Read the file {path}.", "Show me {path}.", "What is in {path}?"]),
    ("roll_dice", {"sides": "count", "count": "count"}, ["Roll {count} dice with {sides} sides.", "Roll {count} {sides}-sided dice."]),
    ("add_to_cart", {"item": "thing", "quantity": "count"}, ["Add {quantity} {item} to my cart.", "Put {quantity} {item} into the cart.", "I want to buy {quantity} {item}."]),
    ("get_population", {"country": "city"}, ["What is the population of {country}?", "How many people live in {country}?"]),
    ("get_distance", {"origin": "city", "destination": "city"}, ["How far is it from {origin} to {destination}?", "Distance from {origin} to {destination}?"]),
    ("remind_me", {"text": "words", "hours": "count"}, ["Remind me to {text} in {hours} hours.", "In {hours} hours, remind me to {text}."]),
    ("set_volume", {"level": "count"}, ["Set the volume to {level}.", "Volume {level}, please.", "Turn the volume to {level}."]),
    ("find_recipe", {"ingredient": "word"}, ["Find a recipe with {ingredient}.", "What can I cook with {ingredient}?", "Give me a recipe for {ingredient}."]),
    ("call_contact", {"name": "person"}, ["Call {name}.", "Phone {name}, please.", "Ring {name}."]),
    ("get_news", {"topic": "words"}, ["Get me news about {topic}.", "What's new about {topic}?", "Any news on {topic}?"]),
]
# Only in the test: functions, names and questions that training never shows.
UNSEEN = [
    ("track_parcel", {"number": "count"}, ["Track parcel {number}.", "Where is my parcel {number}?"]),
    ("rent_car", {"city": "city", "days": "count"}, ["Rent a car in {city} for {days} days.", "I need a car in {city} for {days} days."]),
    ("lock_door", {"door": "word"}, ["Lock the {door} door.", "Please lock the {door} door."]),
    ("create_invoice", {"customer": "person", "amount": "count"}, ["Create an invoice for {customer} over {amount} dollars.", "Bill {customer} {amount} dollars."]),
    ("find_book", {"author": "person", "year": "count"}, ["Find the book by {author} from {year}.", "Which book did {author} write in {year}?"]),
    ("post_tweet", {"text": "words"}, ["Post a tweet: {text}", "Tweet {text}"]),
    ("water_plants", {"room": "word", "liters": "count"}, ["Water the plants in the {room} with {liters} liters.", "Give the plants in the {room} {liters} liters."]),
    ("ship_order", {"order_id": "count", "address": "words"}, ["Ship order {order_id} to {address}.", "Send order {order_id} to {address}."]),
]
NUMBERS = ("count", "hour", "minute")
SYNONYMS = {"query": ["query", "q", "text"], "title": ["title", "name"], "to": ["to", "recipient", "email"], "city": ["city", "location"], "quantity": ["quantity", "count", "amount"], "id": ["id", "user_id"],
            "text": ["text", "message", "content"], "symbol": ["symbol", "ticker"], "name": ["name", "contact", "person"]}


def one(random, kind):
    if kind == "count":
        return number(random, random.choice([1, 2, 2, 3, 4]))
    return {"person": person, "city": city, "words": some_words, "word": lambda r: r.choice(WORDS), "hour": lambda r: r.randint(0, 23), "minute": lambda r: r.randint(10, 59),
            "symbol": lambda r: "".join(r.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(r.randint(3, 4))), "language": lambda r: r.choice(["French", "Spanish", "German", "Italian", "Chinese", "Russian"]),
            "currency": lambda r: r.choice(["USD", "EUR", "GBP", "JPY", "CHF", "dollars", "euros", "yen"]), "weekday": lambda r: r.choice(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
            "path": lambda r: r.choice(["", "/"]) + "/".join(r.choice(WORDS) for _ in range(r.randint(1, 2))) + r.choice([".txt", ".json", ".md", ".csv"]), "thing": lambda r: r.choice(THINGS)}[kind](random)


def described(random, entry):
    """A function of the tables above, with its parameters sometimes under other names."""
    name, kinds, questions = entry
    values = {p: one(random, kind) for p, kind in kinds.items()}
    question = random.choice(questions).format(**values)
    renamed = {p: random.choice(SYNONYMS.get(p, [p])) if random.random() < .4 else p for p in kinds}
    if len(set(renamed.values())) < len(renamed):
        renamed = {p: p for p in kinds}
    types = {renamed[p]: random.choice(["number", "integer"]) if kind in NUMBERS else "string" for p, kind in kinds.items()}
    return function(name, types), question, {renamed[p]: v for p, v in values.items()}, some_words(random)


def invented(random):
    """A function that nobody has seen, named in words that the question repeats."""
    verb, noun = random.choice(VERBS + [random.choice(WORDS)]), random.choice(WORDS)
    parameters = random.sample(WORDS, random.randint(1, 3))
    values = {p: random.choice([number(random, 4), random.choice(WORDS), person(random), city(random)]) for p in parameters}
    types = {p: random.choice(["number", "integer"]) if isinstance(v, int) else "string" for p, v in values.items()}
    listed = random.choice([" and ", ", "]).join(random.choice([f"{p} {v}", f"{p} {v}", f"{p} = {v}", f"{p}: {v}"]) for p, v in values.items())
    name = random.choice([f"{verb}_{noun}", f"{verb}_{noun}", verb, f"{verb}{noun.capitalize()}"])
    question = random.choice([f"{verb.capitalize()} the {noun} with {listed}.", f"Call {name} with {listed}.", f"Please {verb} a {noun}: {listed}.", f"Use {name}: {listed}", f"{verb.capitalize()} {noun}, {listed}"])
    return function(name, types), question, values, some_words(random)


# Parameters by what they hold, each with the ways a question has to bring up its value.
SLOTS = [
    (["days", "nights", "hours", "minutes", "weeks", "months", "seconds"], "count", ["for {v} {p}", "{v} {p}", "{p}: {v}"]),
    (["liters", "miles", "grams", "pages", "guests", "people", "tickets", "points", "copies"], "count", ["with {v} {p}", "for {v} {p}", "{v} {p}"]),
    (["amount", "price", "budget", "cost"], "count", ["for {v} dollars", "of {v} dollars", "over {v} euros", "{p} {v}", "at {v} dollars"]),
    (["id", "number", "level", "year", "size", "age", "floor", "code", "account"], "count", ["{v}", "{p} {v}", "with {p} {v}", "number {v}", "from {v}", "to {v}"]),
    (["city", "location", "town", "destination", "place", "country"], "city", ["in {v}", "to {v}", "at {v}", "for {v}", "from {v}"]),
    (["person", "name", "owner", "author", "player", "guest", "doctor", "user", "friend", "member", "artist"], "person", ["for {v}", "by {v}", "to {v}", "with {v}", "of {v}", "{v}"]),
    (["text", "message", "note", "topic", "address", "comment", "reason", "title", "label", "subject"], "words", [": {v}", "about {v}", "saying {v}", "to {v}", "with the {p} {v}"]),
    (["room", "color", "device", "table", "lamp", "group", "folder", "style", "mode", "type", "team", "channel"], "word", ["in the {v}", "in {v}", "the {v} {p}", "{p} {v}", "{v}", "with {v}"])]


def composed(random):
    """A function and a question put together from phrases: which words are whose value, the model must find from their place."""
    verb, noun = random.choice(VERBS + [random.choice(WORDS)]), random.choice(WORDS)
    values, types, phrases, last = {}, {}, [], ""
    for names, kind, ways in random.sample(SLOTS, random.choice([1, 1, 2, 2, 3])):
        name = random.choice(names) if random.random() < .8 else random.choice(WORDS)
        value, way = one(random, kind), random.choice(ways)
        phrase = way.format(v=value, p=name)
        values[name], types[name] = value, random.choice(["number", "integer"]) if kind in NUMBERS else "string"
        if way.startswith(":"):
            last = phrase
        else:
            phrases.append(phrase)
    if kind == "word" and random.random() < .5:   # the value stands before the thing: lock the BACK door
        values, types, phrases, last = {noun: value}, {noun: "string"}, [], ""
        what = f"the {value} {noun}"
    else:
        what = random.choice([f"the {noun}", f"a {noun}", noun, f"my {noun}"])
    if len(phrases) > 1 and random.random() < .3:
        phrases.reverse()
    said = " ".join([verb, what, *phrases]) + last
    start = random.choice(["", "", "", "please ", "I want to ", "can you ", "could you please ", "I need to "])
    question = start + said
    question = question[0].upper() + question[1:] + ("" if last else "?" if start.startswith("c") else random.choice([".", ".", ""]))
    return function(random.choice([f"{verb}_{noun}", f"{verb}_{noun}", f"{noun}_{verb}", f"{verb}{noun.capitalize()}"]), types), question, values, some_words(random)


def named_first(random):
    """'Let Rosa open the gate.': a name, and behind it a word that is no part of it."""
    verb, noun, key, value = random.choice(VERBS + [random.choice(WORDS)]), random.choice(WORDS), random.choice(SLOTS[5][0]), person(random)
    values, types = {key: value}, {key: "string"}
    question = random.choice([f"Let {value} {verb} the {noun}", f"{verb.capitalize()} {value}'s {noun}", f"Does {value} {verb} a {noun}", f"How did {value} {verb} the {noun}", f"{value} wants to {verb} a {noun}"])
    if random.random() < .5:
        key, count = random.choice(SLOTS[3][0]), one(random, "count")
        values[key], types[key] = count, random.choice(["number", "integer"])
        question += random.choice([f" {key} {count}", f" in {count}", f" from {count}", f" number {count}"])
    return function(random.choice([f"{verb}_{noun}", f"{noun}_{verb}"]), types), question + random.choice([".", "?", ""]), values, some_words(random)


def tool_use(random, split, history):
    """history: earlier turns to put in front. -> Sample"""
    while True:
        if split == "test":
            pick = random.choice([weather, clock, calculator, lambda r: described(r, r.choice(UNSEEN)), lambda r: described(r, r.choice(UNSEEN)), lambda r: described(r, r.choice(KNOWN)), invented])
        else:
            known = lambda r: described(r, r.choice(KNOWN))
            pick = random.choices([weather, clock, calculator, known, composed, named_first, invented], [2, 2, 2, 3, 6, 1, 2])[0]
        tool, question, arguments, output = pick(random)
        if in_split(("tool", question), split):
            break
    tools, names = [tool], {tool["function"]["name"]}
    rivals = {weather: clock, clock: weather}   # what is asked of a city shows in one word
    for i in range(random.choice([0, 0, 0, 1, 1, 2] if split == "test" else [0, 0, 1, 1, 2, 2])):
        others = [weather, weather, clock, clock, calculator, invented, lambda r: described(r, r.choice(KNOWN))]
        others = others if split == "test" else [*others, composed]
        if split != "test" and i == 0 and pick in rivals and random.random() < .7:
            others = [rivals[pick]]
        other = random.choice(others)(random)[0]
        if other["function"]["name"] not in names and not {weather: "eather", clock: "time", calculator: "calc"}.get(pick, "\0") in other["function"]["name"]:
            names.add(other["function"]["name"])
            tools.insert(random.randint(0, len(tools)), other)
    name, text = tool["function"]["name"], json.dumps(arguments, ensure_ascii=False)
    written = "{" + ", ".join(f'"{CUT}{k}{CUT}": {copied_value(v)}' for k, v in arguments.items()) + "}"
    # one look at each tool, in the order of the list
    judged = "\n".join(f"{CUT}{t['function']['name']}{CUT}: {'yes' if t is tool else 'no'}" for t in tools)
    turns = history + [user(question)]
    if random.random() < .3:
        turns.insert(0, system(random.choice(SYSTEM)))
    if random.random() < .7:
        return make_sample("tool_call", turns, f"{judged}\nI can use the tool {CUT}{name}{CUT} for this.", CALLS_BEGIN + call_text(name, written) + CALLS_END, tools)
    asked = {"role": "assistant", "content": "", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}]}
    return make_sample("tool_answer", turns + [asked, {"role": "tool", "tool_call_id": "call_1", "content": output}],
                       f"The tool {CUT}{name}{CUT} answered. I report it.", f"The tool {CUT}{name}{CUT} says: {CUT}{output}", tools)
