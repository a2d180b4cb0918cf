"""Written working for + - * and / on paper. style: brief, normal or careful."""
from ordering_steps import digit_steps

PLACES = ["Ones", "Tens", "Hundreds", "Thousands", "Next", "Next", "Next"]


def add_lines(a, b, style):
    """One line a digit, from the right; the last number on each line is the sum so far."""
    width = max(len(str(a)), len(str(b)))
    upper, lower = str(a).zfill(width), str(b).zfill(width)
    lines, carry, got = [], 0, ""
    for i in range(width):
        x, y = int(upper[-1 - i]), int(lower[-1 - i])
        total = x + y + carry
        text = f"{x}+{y}{'+1' if carry else ''}={total}"
        carry, digit = total // 10, total % 10
        got = f"{digit}{got}"
        if style == "careful":
            text = f"{PLACES[i]}: {text}, write {digit}, carry {carry}"
        elif carry:
            text += ", carry 1"
        lines.append(f"{text}: {got}")
    if carry:
        lines.append(f"carry 1: 1{got}")
    return lines


def add(a, b, style):
    width = max(len(str(a)), len(str(b)))
    head = f"Line up {str(a).zfill(width)} and {str(b).zfill(width)}.\n"
    text = head + "\n".join(add_lines(a, b, style)) + f"\nSo {a}+{b}={a + b}."
    if style == "careful":
        text += f"\nCheck: {a + b}-{b}={a}. Good."
    return text


def subtract(a, b, style):
    high, low = max(a, b), min(a, b)
    width = len(str(high))
    upper, lower = str(high).zfill(width), str(low).zfill(width)
    text = f"Line up {str(a).zfill(width)} and {str(b).zfill(width)}.\n"
    steps, sign = digit_steps(str(a).zfill(width), str(b).zfill(width))
    text += f"{steps}\n"
    if sign == "<":
        text += f"Swap: {upper} and {lower}, with a minus sign.\n"
    borrow, got = 0, ""
    for i in range(width):
        x, y = int(upper[-1 - i]), int(lower[-1 - i])
        under = x - borrow < y
        digit = x - borrow - y + (10 if under else 0)
        got = f"{digit}{got}"
        less = f"-{y}{'-1' if borrow else ''}"
        step = f"{x}{less}<0, 1{x}{less}={digit}" if under else f"{x}{less}={digit}"
        if style == "careful":
            step = f"{PLACES[i]}: {step}, write {digit}, borrow {int(under)}"
        elif under:
            step += ", borrow 1"
        text += f"{step}: {got}\n"
        borrow = int(under)
    if str(int(got)) != got:
        text += f"Without zeros in front: {int(got)}.\n"
    text += f"So {a}-{b}={a - b}."
    if style == "careful":
        text += f"\nCheck: {a - b}+{b}={a}. Good."
    return text


def times_digit(a, digit, style):
    if digit == 0:
        return ["Anything times 0 is 0: 0"]
    figures, carry, got, lines = str(a), 0, "", []
    for i in range(len(figures)):
        x = int(figures[-1 - i])
        product = x * digit
        text = f"{x}*{digit}={product}"
        total = product + carry
        if carry:
            text += f", {product}+{carry}={total}"
        carry, unit = total // 10, total % 10
        last = i == len(figures) - 1
        got = f"{total if last else unit}{got}"
        if carry and not last:
            text += f", carry {carry}"
        if style == "careful":
            text = f"{PLACES[i]}: {text}"
        lines.append(f"{text}: {got}")
    return lines


def multiply(a, b, style):
    if len(str(b)) > len(str(a)):
        text, x, y = f"Swap: {b}*{a}.\n", b, a
    else:
        text, x, y = "", a, b
    if y < 10:
        text += "\n".join(times_digit(x, y, style))
    else:
        tens, ones = y // 10, y % 10
        text += f"Split {y} into {tens}0 and {ones}.\n{x}*{ones}:\n" + "\n".join(times_digit(x, ones, style))
        text += f"\n{x}*{tens}:\n" + "\n".join(times_digit(x, tens, style)) + f"\nWith the zero: {x * tens}0.\n"
        p, q = x * tens * 10, x * ones
        width = max(len(str(p)), len(str(q)))
        text += f"Line up {str(p).zfill(width)} and {str(q).zfill(width)}.\n" + "\n".join(add_lines(p, q, style))
    text += f"\nSo {a}*{b}={a * b}."
    if style == "careful":
        text += f" The factors were {a} and {b}, nothing is left to do."
    return text


def divide(a, b, style):
    """Long division by one digit, from the left; ends in the quotient and the rest."""
    rest, got, lines = 0, "", []
    for figure in str(a):
        current = rest * 10 + int(figure)
        digit, rest = divmod(current, b)
        got += str(digit)
        step = f"{current}/{b}={digit}, {digit}*{b}={digit * b}, rest {rest}"
        if style == "careful":
            step = f"Bring down {figure}: {step}"
        lines.append(f"{step}: {got}")
    text = "\n".join(lines)
    if str(int(got)) != got:
        text += f"\nWithout zeros in front: {int(got)}."
    text += f"\nSo {a}/{b}={int(got)} rest {rest}."
    if style == "careful":
        text += f"\nCheck: {int(got)}*{b}={int(got) * b}, and {int(got) * b}+{rest}={a}. Good."
    return text


def work_out(a, operator, b, style):
    return {"+": add, "-": subtract, "*": multiply, "/": divide}[operator](a, b, style)
