"""The flow as a picture: an SVG of the table in `flow.py`, for `run_bot.py flow`.

A box is a state. Its lines are all that can happen there, and where each trigger leads; what is the
same at every question stands once, in a box of its own. Arrows show the way of a payment that goes
on. Only the places of the boxes are chosen here; each line, arrow and name is read from the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap
from xml.sax.saxutils import escape, quoteattr

from bot.dialog.flow import ERRORS, FLOW, JUNCTIONS, QUESTIONS, Junction, State, Trigger, Way, Ways

Place = State | Junction

EVERY_QUESTION = "every question"
"""Stands in `data-from` for each state of QUESTIONS."""

_TITLES: Mapping[Place, str] = {
    Junction.BEGIN: "how does it begin?",
    Junction.NEXT: "what is next?",
}

_COLUMNS: tuple[tuple[Place, ...], ...] = (
    (
        Junction.BEGIN,
        State.AMOUNT,
        State.CARD_NUMBER,
        State.EXPIRY,
        State.SECURITY_CODE,
        State.POSTAL_CODE,
        State.FIELD_CONFIRMATION,
        State.CONFIRMATION,
        State.WHICH,
    ),
    (
        State.WAITING,
        State.AMOUNT_CONFIRMATION,
        State.CARD_CHECK,
        State.CHARGING,
        State.CLOSING,
        State.ENDED,
    ),
)
"""The questions in their order, and beside them what comes between and after them."""

_BESIDE: Mapping[Place, Place] = {
    State.WAITING: Junction.BEGIN,
    State.AMOUNT_CONFIRMATION: State.AMOUNT,
    State.CARD_CHECK: State.CARD_NUMBER,
    State.CHARGING: State.CONFIRMATION,
}
"""A box on the right begins at the height of this one on the left."""

_RAIL_X, _RAIL_WIDTH = 30, 190
_LEFT_X, _RIGHT_X, _WIDTH = 400, 980, 400
_LINE, _PAD, _GAP, _TITLE = 17, 12, 48, 26
_CHARACTERS = 56
_TOP = 70
"""Pixels; characters that fit into a box."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a box. trigger: None for the second and later lines of one. to: for the data."""

    text: str
    trigger: Trigger | None
    ways: Ways = ()
    indent: int = 0


@dataclass(frozen=True, slots=True)
class _Box:
    place: Place | str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[_Line, ...]

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def name_of(place: Place) -> str:
    return _TITLES.get(place, place.value.replace("_", " "))


def common_ways() -> Mapping[Trigger, Ways]:
    """What leads to the same from every question: there they are drawn once."""
    first, *others = sorted(QUESTIONS)
    shared = {
        trigger: _relative(first, ways)
        for trigger, ways in FLOW[first].items()
        if all(
            trigger in FLOW[other]
            and _relative(other, FLOW[other][trigger]) == _relative(first, ways)
            for other in others
        )
    }
    return {trigger: FLOW[first][trigger] for trigger in shared}


_SAME = "the same question"


def _relative(state: State, ways: Ways) -> tuple[object, ...]:
    """Ways told apart by where they lead as seen from a state. A way to a field that was named is
    the same everywhere, though no question leads to itself."""
    return tuple(
        dict.fromkeys(
            (_SAME if way.to is state else "a field" if way.when in _NAMED else way.to, way.when)
            for way in ways
        )
    )


_NAMED = {way.when for way in FLOW[State.WHICH][Trigger.CORRECTED]}


def flow_svg() -> str:
    """The whole picture."""
    boxes = _boxes()
    height = max(box.y + box.height for box in boxes.values()) + 40
    body = [
        *_arrows(boxes),
        *(part for box in boxes.values() for part in _drawn_box(box)),
    ]
    return "\n".join((_head(_RIGHT_X + _WIDTH + 60, height), *body, "</svg>")) + "\n"


# Boxes


def _boxes() -> dict[Place | str, _Box]:
    boxes: dict[Place | str, _Box] = {}
    y = float(_TOP)
    for place in _COLUMNS[0]:
        boxes[place] = _box(place, _LEFT_X, y)
        y += boxes[place].height + _GAP
    y = 0.0
    for place in _COLUMNS[1]:
        beside = boxes[_BESIDE[place]].y if place in _BESIDE else 0.0
        boxes[place] = _box(place, _RIGHT_X, max(y, beside))
        y = boxes[place].y + boxes[place].height + _GAP
        if place is State.CARD_CHECK:
            common = _Box(
                EVERY_QUESTION, _RIGHT_X, y, _WIDTH, 0, tuple(_lines(common_ways(), None))
            )
            boxes[EVERY_QUESTION] = _grown(common)
            y += boxes[EVERY_QUESTION].height + _GAP
    rail_top, rail_end = boxes[State.AMOUNT].y, boxes[State.WHICH]
    rail = _box(Junction.NEXT, _RAIL_X, rail_top)
    boxes[Junction.NEXT] = _Box(
        rail.place, _RAIL_X, rail_top, _RAIL_WIDTH, rail_end.y + rail_end.height - rail_top, ()
    )
    return boxes


def _box(place: Place, x: float, y: float) -> _Box:
    if isinstance(place, Junction):
        lines = tuple(_ways_lines(None, JUNCTIONS[place], None))
    else:
        common = common_ways() if place in QUESTIONS else {}
        own = {t: ways for t, ways in FLOW[place].items() if t not in common}
        lines = tuple(_lines(own, place))
    return _grown(_Box(place, x, y, _WIDTH, 0, lines))


def _grown(box: _Box) -> _Box:
    height = _TITLE + _LINE * len(box.lines) + _PAD
    return _Box(box.place, box.x, box.y, box.width, height, box.lines)


def _lines(triggers: Mapping[Trigger, Ways], state: State | None) -> Iterator[_Line]:
    for trigger, ways in triggers.items():
        yield from _ways_lines(trigger, ways, state)


def _ways_lines(trigger: Trigger | None, ways: Ways, state: State | None) -> Iterator[_Line]:
    """A trigger and, below it, where it leads; ways that differ in nothing else are one line."""
    if trigger is not None:
        yield _Line(trigger.value, trigger)
    groups: dict[tuple[object, object], list[Way]] = {}
    for way in ways:
        groups.setdefault((way.when, way.result), []).append(way)
    for group in groups.values():
        text = f"→ {_target(group, state, trigger)}"
        if group[0].when is not None:
            text += f" ({group[0].when.value})"
        first, *more = wrap(text, _CHARACTERS - 4, break_on_hyphens=False)
        yield _Line(first, trigger, tuple(group), indent=1)
        yield from (_Line(line, None, indent=2) for line in more)


def _target(group: list[Way], state: State | None, trigger: Trigger | None) -> str:
    if group[0].result is not None:
        return f"closing: {group[0].result.value}"
    if trigger is Trigger.CORRECTED:
        return "the field"
    same = state is None and group[0].to in QUESTIONS and trigger is not None
    if same or group[0].to is state:
        return "asked again"
    return ", ".join(name_of(way.to) for way in group)


# Drawing


def _head(width: float, height: float) -> str:
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" \
width="{width:g}" height="{height:g}" font-family="system-ui, sans-serif" font-size="12.5">
<title>The flow of a payment</title>
<style>
svg {{ --paper: #fff; --ink: #1d2433; --soft: #5b6475; --line: #c3cad6; --box: #f4f6fa;
  --question: #e8f0fe; --junction: #fff4d6; --way: #3566b8; --error: #b3261e;
  background: var(--paper) }}
@media (prefers-color-scheme: dark) {{
svg {{ --paper: #14171d; --ink: #e6e9ef; --soft: #a0a8b8; --line: #3b4352; --box: #1d222b;
  --question: #1c2a42; --junction: #3a3118; --way: #8db4f5; --error: #ff8a80 }} }}
rect {{ fill: var(--box); stroke: var(--line) }}
.question {{ fill: var(--question) }}
.junction {{ fill: var(--junction) }}
text {{ fill: var(--ink) }}
.title {{ font-weight: 600; font-size: 14px }}
.to {{ fill: var(--soft) }}
.error {{ fill: var(--error) }}
path {{ fill: none; stroke: var(--way); stroke-width: 1.5 }}
.arrow {{ fill: var(--way); font-size: 11.5px }}
marker path {{ fill: var(--way); stroke: none }}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" \
orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
<text class="title" x="{_RAIL_X}" y="34" font-size="20">The flow of a payment</text>"""


def _drawn_box(box: _Box) -> Iterator[str]:
    kind = "box"
    if isinstance(box.place, Junction):
        kind = "junction"
    elif box.place in QUESTIONS or box.place == EVERY_QUESTION:
        kind = "question"
    title = "at every question" if box.place == EVERY_QUESTION else name_of(_place(box))
    yield (
        f'<g class="state" id={quoteattr(str(box.place).replace(" ", "_"))}>'
        f'<rect class="{kind}" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" '
        f'height="{box.height:g}" rx="10"/>'
    )
    yield _text(box.x + 14, box.y + 19, title, "title")
    y = box.y + _TITLE + 12
    trigger: Trigger | None = None
    for line in box.lines:
        trigger = line.trigger or trigger
        yield _drawn_line(box, line, y)
        y += _LINE
    yield "</g>"


def _place(box: _Box) -> Place:
    if isinstance(box.place, State | Junction):
        return box.place
    raise AssertionError(f"{box.place} is no place of the flow")


def _drawn_line(box: _Box, line: _Line, y: float) -> str:
    x = box.x + 14 + 16 * line.indent
    if not line.ways:
        kind = "to" if line.indent else "error" if line.trigger in ERRORS else ""
        return _text(x, y, line.text, kind)
    return _text(x, y, line.text, "to", _data(str(box.place), line.trigger, line.ways))


def _data(start: str, trigger: Trigger | None, ways: Iterable[Way]) -> str:
    ways = tuple(ways)
    facts = {
        "from": start,
        "by": trigger.name if trigger is not None else "",
        "to": " ".join(way.to.value for way in ways),
        "when": ways[0].when.name if ways[0].when is not None else "",
        "result": ways[0].result.value if ways[0].result is not None else "",
    }
    return "".join(f" data-{name}={quoteattr(value)}" for name, value in facts.items())


def _text(x: float, y: float, text: str, kind: str = "", data: str = "") -> str:
    css = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{css}{data}>{escape(text)}</text>'


# Arrows


_JUMPS = {
    Trigger.CORRECTED, Trigger.GO_BACK, Trigger.START_OVER, Trigger.WRONG, Trigger.HUNG_UP,
}  # fmt: skip
"""Lead from anywhere to anywhere: told in the boxes, not drawn."""


def _arrows(boxes: Mapping[Place | str, _Box]) -> Iterator[str]:
    yield from _rail(boxes)
    pairs: dict[tuple[Place, Place], None] = {}
    for junction_way in JUNCTIONS[Junction.BEGIN]:
        pairs[Junction.BEGIN, junction_way.to] = None
    for state, triggers in FLOW.items():
        for trigger, ways in triggers.items():
            for way in ways:
                ends = way.to is State.CLOSING and state is not State.CHARGING
                if trigger not in _JUMPS and not ends and way.to not in {state, Junction.NEXT}:
                    pairs[state, way.to] = None
    pairs.pop((Junction.BEGIN, State.CLOSING), None)  # told in its box, as every early end
    lanes: dict[Place, int] = {}
    for start, end in pairs:
        a, b = boxes[start], boxes[end]
        if a.x == b.x and 0 < b.y - (a.y + a.height) <= _GAP:
            x = a.x + a.width / 2
            yield _path((x, a.y + a.height), (x, b.y))
        elif a.x != b.x and _overlap(a, b):
            y = _level(a, b, back=a.x > b.x)
            yield _path((a.right, y), (b.x, y)) if a.x < b.x else _path((a.x, y), (b.right, y))
        else:
            lane = lanes.setdefault(start, len(lanes))
            yield _through_corridor(a, b, _LEFT_X + _WIDTH + 40 + 24 * lane)


def _rail(boxes: Mapping[Place | str, _Box]) -> Iterator[str]:
    """From "what is next?" to each question, and back from its answer."""
    rail = boxes[Junction.NEXT]
    for way in JUNCTIONS[Junction.NEXT]:
        box = boxes[way.to]
        label = way.when.value if way.when is not None else "nothing else"
        data = _data(Junction.NEXT.value, None, (way,))
        y = box.y + 16
        if box.x == _LEFT_X:
            yield _path((rail.right, y), (box.x, y))
        else:  # above the box on the left, which stands in between
            lane = y - 16 - _GAP / 4
            yield _path((rail.right, lane), (box.x - 20, lane), (box.x - 20, y), (box.x, y))
            y = lane
        yield _text(rail.right + 8, y - 5, label, "arrow", data)
    for state, triggers in FLOW.items():
        for trigger, ways in triggers.items():
            if any(way.to is Junction.NEXT for way in ways):
                box = boxes[state]
                y = box.y + box.height - 14
                if box.x == _LEFT_X:
                    yield _path((box.x, y), (rail.right, y))
                else:
                    left = next(b for b in boxes.values() if b.x == _LEFT_X and _overlap(b, box))
                    lane = left.y + left.height + _GAP / 3
                    turn = box.x - 34
                    yield _path((box.x, y), (turn, y), (turn, lane), (rail.right, lane))
                    y = lane
                yield _text(rail.right + 8, y - 5, trigger.value, "arrow")


def _overlap(a: _Box, b: _Box) -> bool:
    return a.y < b.y + b.height and b.y < a.y + a.height


def _level(a: _Box, b: _Box, *, back: bool) -> float:
    """Where both boxes are; the way back a little lower."""
    top, bottom = max(a.y, b.y), min(a.y + a.height, b.y + b.height)
    return top + (bottom - top) * (0.75 if back else 0.35)


def _through_corridor(a: _Box, b: _Box, x: float) -> str:
    """Between the two columns, up or down."""
    from_x = a.right if a.x == _LEFT_X else a.x
    to_x = b.right if b.x == _LEFT_X else b.x
    from_y = a.y + a.height * 0.7
    to_y = b.middle if b.x == _LEFT_X else b.y + 30
    return _path((from_x, from_y), (x, from_y), (x, to_y), (to_x, to_y))


def _path(*points: tuple[float, float]) -> str:
    drawn = " ".join(f"{x:g} {y:g}" for x, y in points)
    return f'<path d="M{drawn}" marker-end="url(#head)"/>'
