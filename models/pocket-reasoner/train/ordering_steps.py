"""Written working for comparing and sorting. Both numbers stand in front of the sign that judges
them: a model that must write the sign first has to look ahead, and was wrong one time in five."""

LARGER, SMALLER = ["larger", "bigger", "greater", "higher"], ["smaller", "less", "lower"]


def pad_pair(x, y):
    """'9.11', '9.9' -> '9.11', '9.90'"""
    (x_whole, _, x_part), (y_whole, _, y_part) = x.partition("."), y.partition(".")
    whole, part = max(len(x_whole), len(y_whole)), max(len(x_part), len(y_part))

    def pad(left, right):
        return left.zfill(whole) + ("." + right.ljust(part, "0") if part else "")
    return pad(x_whole, x_part), pad(y_whole, y_part)


def sign_of(x, y):
    return "<" if x < y else ">" if x > y else "="


def digit_steps(x, y):
    """-> ('1:1= 9:9= 6:7<', '<'): digit by digit until two differ."""
    steps, sign = [], "="
    for a, b in zip(x, y):
        if a == ".":
            continue
        sign = sign_of(a, b)
        steps.append(f"{a}:{b}{sign}")
        if sign != "=":
            break
    return " ".join(steps), sign


def compare(x, y):
    """-> (working, sign) with sign <, > or =."""
    steps, sign = digit_steps(*pad_pair(x, y))
    text = f"Pad both: {' and '.join(pad_pair(x, y))}.\n{steps}\nSo {x} {sign} {y}."
    if sign != "=":
        low, high = (x, y) if sign == "<" else (y, x)
        text += f"\nSmaller: {low}. Larger: {high}."
    return text, sign


def look_up(x, y, sign, kind):
    """'less means smaller: 9.11.': leads from the question's word to the number."""
    if sign == "=":
        return "They are equal."
    low, high = (x, y) if sign == "<" else (y, x)
    return f"{kind} means {f'smaller: {low}' if kind in SMALLER else f'larger: {high}'}."


def sort(numbers, descending, style):
    """Selection sort: every pass carries the best so far and judges each number against it."""
    width = len(str(max(numbers)))
    left, done = [str(n).zfill(width) for n in numbers], []
    text = f"Pad: {', '.join(left)}.\n"
    while len(left) > 1:
        best, steps = left[0], []
        for other in left[1:]:
            sign = sign_of(best, other)
            steps.append(f"{best}:{other}{sign}")
            if sign == ("<" if descending else ">"):
                best = other
        left.remove(best)
        done.append(best)
        text += f"{' '.join(steps)} take {best}, left {', '.join(left)}.\n"
        if style == "careful":
            text += f"In order so far: {', '.join(done)}.\n"
    done.append(left[0])
    return text + f"All: {', '.join(done)}."
