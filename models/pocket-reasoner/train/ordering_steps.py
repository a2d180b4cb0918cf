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


def yes_or_no(sign, kind):
    """'bigger means >, it is <: no': one look at two signs decides."""
    wanted = "<" if kind in SMALLER else ">"
    return f"{kind} means {wanted}, it is {sign}: {'yes' if sign == wanted else 'no'}."


def look_up(x, y, sign, kind):
    """'less means smaller: 9.11.': leads from the question's word to the number."""
    if sign == "=":
        return "They are equal."
    low, high = (x, y) if sign == "<" else (y, x)
    return f"{kind} means {f'smaller: {low}' if kind in SMALLER else f'larger: {high}'}."


def labelled(numbers):
    """[9, 24] -> ['a009', 'b024']: always three figures, so that nobody has to look for the longest number first."""
    width = max(3, len(str(max(numbers))))
    return [f"{label}{str(n).zfill(width)}" for label, n in zip("abcdefghij", numbers)]


def turn_around(numbers):
    """The working that reverses a list: the letter says which number is next."""
    names = labelled(numbers)
    return f"In order: {' '.join(names)}.\nTurned around: {' '.join(names[::-1])}."


def sort(numbers, descending, style):
    """Selection sort: every pass carries the letter of the best so far and judges it against each other number, digit by
    digit: 'a:c 00=72>'. Letters keep the place; the numbers are looked up again by them where the list is done."""
    named = {name[0]: name[1:] for name in labelled(numbers)}
    left, done = list(named), []
    text = f"Name and pad: {' '.join(labelled(numbers))}.\n"
    while left:
        best = left[0]
        for other in left[1:]:
            steps, sign = digit_steps(named[best], named[other])
            text += f"{best}:{other} {steps.replace(':', '').replace(' ', '')} "
            if sign == ("<" if descending else ">"):
                best = other
        left.remove(best)
        done.append(best)
        text += f"get {best}: {' '.join(done)}, left {' '.join(left) or 'none'}.\n"
        if style == "careful":
            text += f"{best} is {int(named[best])}.\n"
    return text + f"In order: {' '.join(name + named[name] for name in done)}."
