"""Tests of reading a schema."""

from pathlib import Path

import pytest

from models.data.schema import Attribute, Schema, SchemaDeclarationError, parse_schema, read_schema


def _written(folder: Path, text: str) -> Path:
    path = folder / "schema.toml"
    path.write_text(text)
    return path


def test_file_declares_items_and_users(tmp_path: Path) -> None:
    text = """
        [items]
        weight = "number"
        embedding = { type = "vector", length = 3 }
        [items.shop]
        type = "place"
        [users]
        country = "category"
    """
    schema = read_schema(_written(tmp_path, text))
    assert schema.items == {
        "weight": Attribute(type="number"),
        "embedding": Attribute(type="vector", length=3),
        "shop": Attribute(type="place"),
    }
    assert schema.users == {"country": Attribute(type="category")}
    assert schema.vectors == {"embedding": 3}


def test_what_is_written_is_read_again() -> None:
    schema = Schema(items={"v": Attribute(type="vector", length=2)}, users={"age": Attribute(type="number")})
    assert parse_schema(schema.model_dump(mode="json"), "it") == schema


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[items]\nx = 'colour'", "items.x.type: 'colour' is not a type: use one of text, number, time"),
        ("[items]\nx = 'vector'", "items.x: a vector needs its length, such as length = 384"),
        ("[items]\nx = { type = 'number', length = 3 }", "items.x: only a vector has a length"),
        ("[items]\nx = { type = 'vector', length = 0 }", "items.x.length: "),
        ("[items]\nx = { type = 'vector', length = 5000 }", "items.x.length: "),
        ("[items]\nx = { type = 'vector', size = 3 }", "items.x.size: is not a key of a schema"),
        ("[products]\nx = 'number'", "products: is not a key of a schema"),
        ("items = 3", "items: "),
        ("[items]\n'' = 'number'", "items: ''"),
        ("[items]\nx = number", "line 2"),
        ("[items]\n" + "\n".join(f"v{n} = {{ type = 'vector', length = 2 }}" for n in range(9)), "9 vectors"),
        ("[items]\n" + "\n".join(f"n{n} = 'number'" for n in range(501)), "501 attributes"),
        ("#" * 300_000, "longer than 262,144 bytes"),
    ],
)
def test_bad_file_is_named_with_line_or_key(tmp_path: Path, text: str, said: str) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(SchemaDeclarationError) as caught:
        read_schema(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaDeclarationError, match=r"none\.toml: cannot be read: No such file"):
        read_schema(tmp_path / "none.toml")


def test_file_that_is_not_text_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "schema.toml"
    path.write_bytes(b"[items]\n\xff")
    with pytest.raises(SchemaDeclarationError, match="line 2: is not UTF-8"):
        read_schema(path)
