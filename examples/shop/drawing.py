"""Pictures of the products: an outline of the category on a ground whose colours follow from the id."""

from zlib import crc32

_OUTLINES = {
    "Tents": "M8 50 32 14 56 50ZM32 14v36M32 30 22 50",
    "Sleeping": "M8 46V22M8 40h48v6M56 40a10 10 0 0 0-10-10H26v10M8 32h10a5 5 0 0 1 0 8",
    "Backpacks": "M18 28a14 14 0 0 1 28 0v24H18ZM25 15a7 7 0 0 1 14 0M24 36h16v10H24Z",
    "Footwear": "M20 12v24l-8 12v4h42v-6c0-6-10-8-14-12V12ZM20 46h34M34 20h6M34 27h6",
    "Jackets": "M24 12 12 20v20h6v12h28V40h6V20l-12-8c-2 6-14 6-16 0ZM32 18v34",
    "Trousers": "M20 12h24l4 40H38l-6-26-6 26H16ZM20 18h24",
    "Cooking": "M12 26h40v18a6 6 0 0 1-6 6H18a6 6 0 0 1-6-6ZM6 30h6M52 30h6M25 19c4-4-4-5 0-9M37 19c4-4-4-5 0-9",
    "Lighting": "M24 22h16v24H24ZM20 46h24v6H20ZM26 22v-6h12v6M28 16a4 5 0 0 1 8 0M32 29v10",
    "Navigation": "M32 12a20 20 0 1 0 .1 0ZM41 23l-6 12-12 6 6-12Z",
    "Climbing": "M27 12h9a10 10 0 0 1 10 12l-4 20a10 10 0 0 1-20 0V18a6 6 0 0 1 5-6ZM28 24v16",
    "Cycling": (
        "M26 42a10 10 0 1 1-20 0 10 10 0 0 1 20 0ZM58 42a10 10 0 1 1-20 0 10 10 0 0 1 20 0Z"
        "M16 42l10-18h16l6 18M26 24l6 18H16M32 42l10-18-2-6h6"
    ),
    "Water": "M26 10h12v6l4 8v26a4 4 0 0 1-4 4H26a4 4 0 0 1-4-4V24l4-8ZM22 34h20",
}
"""Lines in a square of 64."""
_HUES = {name: number * 360 // len(_OUTLINES) for number, name in enumerate(_OUTLINES)}


def draw(category: str, item_id: str) -> str:
    """Return the SVG of a product; a category that is unknown is drawn as a tent."""
    outline = _OUTLINES.get(category, _OUTLINES["Tents"])
    chance = crc32(item_id.encode())
    hue = (_HUES.get(category, 140) + chance % 31 - 15) % 360
    x, y, radius = 60 + chance // 31 % 280, 40 + chance // 9000 % 220, 70 + chance // 70 % 60
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300">'
        f'<rect width="400" height="300" fill="hsl({hue},38%,86%)"/>'
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="hsl({(hue + 24) % 360},45%,78%)"/>'
        f'<g transform="translate(104 54) scale(3)" fill="none" stroke="hsl({hue},42%,26%)" stroke-width="2.2"'
        f' stroke-linecap="round" stroke-linejoin="round"><path d="{outline}"/></g></svg>'
    )
