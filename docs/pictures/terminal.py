#!/usr/bin/env python3
"""Turns a captured terminal, colours and all, into an SVG picture.

    python3 docs/pictures/terminal.py < capture > picture.svg

How live.svg was made (needs tmux; about 40 seconds):

    tmux -L picture new-session -d -x 100 -y 27 \\
        'COLORTERM=truecolor ./target/release/levator demo --seconds 60'
    sleep 39
    tmux -L picture capture-pane -e -p | python3 docs/pictures/terminal.py > docs/pictures/live.svg
    tmux -L picture kill-server

Braille, blocks and frames are drawn as shapes, because fonts differ in them or lack them; the rest
is text, each word stretched to its cells, so that columns stay columns in every font. What is
understood of the escape sequences: bold, dim, reverse, colours of 24 bits, and back to normal.
"""

import re
import sys
from html import escape

CELL_W, CELL_H = 8.4, 17.0
PAD = 12.0
FONT = "ui-monospace, 'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace"
FONT_SIZE = 14.0
# Baseline of the text, from the top of its cell.
BASELINE = 12.8

BACKGROUND = "#0f1720"
FOREGROUND = "#e5e7eb"
DIM = 0.6

# Column and row of the eight dots of a braille character, in the order of its bits.
DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
# Frames: which of the four arms a character has, as left, right, up, down.
FRAMES = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu",
    "├": "rud", "┤": "lud", "┬": "lrd", "┴": "lru", "┼": "lrud",
}
# Blocks that fill a cell from the left, in eighths.
EIGHTHS = {"█": 8, "▉": 7, "▊": 6, "▋": 5, "▌": 4, "▍": 3, "▎": 2, "▏": 1}


def cells(capture):
    """Rows of (character, foreground, background, is bold, is dim)."""
    plain = {"fg": None, "bg": None, "bold": False, "dim": False, "reverse": False}
    style = dict(plain)
    for line in capture.rstrip("\n").split("\n"):
        row = []
        for escape_code, character in re.findall(r"\x1b\[([0-9;]*)m|([^\x1b])", line):
            if character:
                fg, bg = style["fg"] or FOREGROUND, style["bg"]
                if style["reverse"]:
                    fg, bg = bg or BACKGROUND, fg
                row.append((character, fg, bg, style["bold"], style["dim"]))
                continue
            codes = [int(code or 0) for code in escape_code.split(";")]
            while codes:
                code = codes.pop(0)
                if code == 0:
                    style = dict(plain)
                elif code in (1, 2, 7):
                    style[{1: "bold", 2: "dim", 7: "reverse"}[code]] = True
                elif code == 22:
                    style["bold"] = style["dim"] = False
                elif code == 27:
                    style["reverse"] = False
                elif code in (38, 48) and codes[:1] == [2]:
                    style["fg" if code == 38 else "bg"] = "#%02x%02x%02x" % tuple(codes[1:4])
                    codes = codes[4:]
                elif code in (39, 49):
                    style["fg" if code == 39 else "bg"] = None
                else:
                    sys.exit(f"terminal.py: escape code {code} is not understood")
        yield row


def number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def svg(capture):
    rows = list(cells(capture))
    columns = max(map(len, rows))
    width = columns * CELL_W + 2 * PAD
    height = len(rows) * CELL_H + 2 * PAD
    # Paths by colour: dots, lines and filled cells. Text comes last, on top.
    dots, lines, fills, texts = {}, {}, {}, []

    def add(paths, key, text):
        paths.setdefault(key, []).append(text)

    def fill(colour, x, y, ratio):
        # A hair wider than the cell, or seams show between neighbours.
        size = f"h{number(CELL_W * ratio + 0.3)}v{number(CELL_H)}h-{number(CELL_W * ratio + 0.3)}z"
        add(fills, colour, f"M{number(x)} {number(y)}{size}")

    for r, row in enumerate(rows):
        y = PAD + r * CELL_H
        word = []
        for c, (character, fg, bg, bold, dim) in enumerate(row):
            x = PAD + c * CELL_W
            if bg:
                fill(bg, x, y, 1)
            code = ord(character) - 0x2800
            if 0 <= code < 256:
                for bit, (column, line) in enumerate(DOTS):
                    if code >> bit & 1:
                        dot_x = x + CELL_W * (column + 0.5) / 2
                        dot_y = y + CELL_H * (line + 0.5) / 4
                        add(dots, fg, f"M{number(dot_x)} {number(dot_y)}h0")
            elif character in FRAMES:
                x_mid, y_mid = x + CELL_W / 2, y + CELL_H / 2
                ends = {"l": (x, y_mid), "r": (x + CELL_W, y_mid)}
                ends |= {"u": (x_mid, y), "d": (x_mid, y + CELL_H)}
                for arm in FRAMES[character]:
                    end_x, end_y = ends[arm]
                    step = f"{number(end_x)} {number(end_y)}"
                    add(lines, fg, f"M{number(x_mid)} {number(y_mid)}L{step}")
            elif character in EIGHTHS:
                fill(fg, x, y, EIGHTHS[character] / 8)
            elif character != " ":
                if word and word[-1][0] == c - 1 and word[0][2:] == (fg, bold, dim):
                    word.append((c, character, fg, bold, dim))
                else:
                    texts.append(word)
                    word = [(c, character, fg, bold, dim)]
                continue
            texts.append(word)
            word = []
        texts.append(word)
        texts = [(r, word) if isinstance(word, list) else word for word in texts if word]

    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}" '
        f'width="{number(width)}" height="{number(height)}" role="img">'
    )
    yield "<title>levator in a terminal</title>"
    yield f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>'
    for colour, parts in fills.items():
        yield f'<path fill="{colour}" d="{"".join(parts)}"/>'
    for colour, parts in lines.items():
        yield f'<path stroke="{colour}" stroke-opacity="{DIM}" d="{"".join(parts)}"/>'
    for colour, parts in dots.items():
        yield (
            f'<path stroke="{colour}" stroke-width="2.9" stroke-linecap="round" '
            f'd="{"".join(parts)}"/>'
        )
    yield f'<g font-family="{FONT}" font-size="{number(FONT_SIZE)}" xml:space="preserve">'
    for r, word in texts:
        first, _, fg, bold, dim = word[0]
        look = f' fill="{fg}"'
        look += ' font-weight="bold"' if bold else ""
        look += f' fill-opacity="{DIM}"' if dim else ""
        place = f'x="{number(PAD + first * CELL_W)}" y="{number(PAD + r * CELL_H + BASELINE)}"'
        stretch = f'textLength="{number(len(word) * CELL_W)}" lengthAdjust="spacingAndGlyphs"'
        text = escape("".join(character for _, character, *_ in word))
        yield f"<text {place} {stretch}{look}>{text}</text>"
    yield "</g>"
    yield "</svg>"


if __name__ == "__main__":
    print("\n".join(svg(sys.stdin.read())))
