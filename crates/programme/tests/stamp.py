"""Stamps of canonical texts, computed without the crate that levator uses.

BLAKE3 after its specification (O'Connor et al. 2021, sections 2.1 to 2.5), for texts of at most one
chunk (1024 bytes). Prints the vectors of stamp.rs:

    python3 stamp.py
"""

import struct

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
CHUNK_START, CHUNK_END, ROOT = 1, 2, 8
MASK = 0xFFFFFFFF


def rotate(word, by):
    return ((word >> by) | (word << (32 - by))) & MASK


def mix(v, a, b, c, d, x, y):
    v[a] = (v[a] + v[b] + x) & MASK
    v[d] = rotate(v[d] ^ v[a], 16)
    v[c] = (v[c] + v[d]) & MASK
    v[b] = rotate(v[b] ^ v[c], 12)
    v[a] = (v[a] + v[b] + y) & MASK
    v[d] = rotate(v[d] ^ v[a], 8)
    v[c] = (v[c] + v[d]) & MASK
    v[b] = rotate(v[b] ^ v[c], 7)


def compress(chaining, block, length, flags):
    m = list(struct.unpack("<16I", block.ljust(64, b"\0")))
    v = chaining + IV[:4] + [0, 0, length, flags]
    for _ in range(7):
        for i in range(4):
            mix(v, i, 4 + i, 8 + i, 12 + i, m[2 * i], m[2 * i + 1])
        for i in range(4):
            a, b, c, d = i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4
            mix(v, a, b, c, d, m[8 + 2 * i], m[9 + 2 * i])
        m = [m[i] for i in ORDER]
    return [v[i] ^ v[i + 8] for i in range(8)]


def blake3(data):
    assert len(data) <= 1024
    blocks = [data[i : i + 64] for i in range(0, len(data), 64)] or [b""]
    chaining = IV
    for i, block in enumerate(blocks):
        flags = CHUNK_START if i == 0 else 0
        if i == len(blocks) - 1:
            flags |= CHUNK_END | ROOT
        chaining = compress(chaining, block, len(block), flags)
    return struct.pack("<8I", *chaining).hex()


def bits(value):
    return struct.pack(">d", value).hex()


LEAST = """levator-programme 1
load none
phase rest rest
cue rest.feel rest.between
time 1 1000 0
window rest-before work 0 1000
after-gap repeat
"""

RICH = f"""levator-programme 1
load light
phase before rest
cue rest.feel rest.between
time 1 60000 0
window rest-before work 0 60000
after-gap repeat
phase flick flick
cue contract.flick rest.between
position lying
time 3 2000 2000
target {bits(0.5)} {bits(0.65)} %MVC
rest-target - {bits(1.15)} %rest
point 0 {bits(0.0)}
point 500 {bits(1.0)}
feedback-off 1
feedback-off 3
window contraction work 0 2000
window rest-between rest 1000 2000
after-gap repeat
phase breathe breathe
cue breathe rest.between
say Let the belly be soft
time 1 60000 0
breathing 4000 0 6000 0
window relaxation work 0 60000
after-gap continue
repeat 1 2 2
"""

# The first vector of the authors of BLAKE3: nothing at all.
assert blake3(b"") == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
print("least", blake3(LEAST.encode()))
print("rich ", blake3(RICH.encode()))
