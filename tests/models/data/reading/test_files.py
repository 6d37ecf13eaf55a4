"""Files in any delimiter, encoding and compression; a row that cannot be read costs that row."""

import gzip
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.data.errors import DataSetError
from models.data.file_chunks import Files, open_paths
from models.data.reading.mapping import FileMapping
from models.data.reading.opening import Wishes
from models.data.reading.rows import BadRow
from tests.models.data.reading.test_columns import rows

EXPECTED = [{"user_id": "u1", "item_id": "café", "value": 4.0}, {"user_id": "u2", "item_id": "i;,|x", "value": 2.0}]


def opened(path: Path, **said: object) -> Files:
    return open_paths([path], Wishes(FileMapping.model_validate(said)))


def bad_of(files: Files) -> list[BadRow]:
    assert files.interactions is not None
    return [bad for chunk in files.interactions.tables() for bad in chunk.bad]


def text(delimiter: str) -> str:
    second = "i;,|x" if delimiter in {"\t", "::"} else '"i;,|x"'
    lines = [["user_id", "item_id", "rating"], ["u1", "café", "4"], ["u2", second, "2"]]
    return "".join(delimiter.join(cells) + "\n" for cells in lines)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "::"])
def test_delimiters_and_encodings_are_detected(tmp_path: Path, delimiter: str, encoding: str) -> None:
    (tmp_path / "log.csv").write_bytes(text(delimiter).encode(encoding))
    assert rows(opened(tmp_path / "log.csv")) == EXPECTED


def test_an_encoding_and_a_delimiter_that_are_named_count(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes("user_id#item_id\nu#\u20ac\n".encode("cp1252"))
    assert rows(opened(tmp_path / "log.csv", delimiter="#", encoding="windows-1252"))[0]["item_id"] == "\u20ac"
    assert rows(opened(tmp_path / "log.csv", delimiter="#"))[0]["item_id"] == "\u20ac"


def test_an_encoding_that_shows_late_is_found_and_told(tmp_path: Path) -> None:
    lines = "".join(f"u{number},item-{number:07}\n" for number in range(70_000))
    (tmp_path / "log.csv").write_bytes(b"user_id,item_id\n" + lines.encode() + b"u,caf\xe9\n")
    files = opened(tmp_path / "log.csv")
    assert rows(files)[-1]["item_id"] == "café"
    assert files.opened[0].source.notes == [f"{tmp_path}/log.csv: read as windows-1252, by its bytes (--encoding)"]


def test_a_damaged_line_among_utf_8_costs_itself(tmp_path: Path) -> None:
    lines = "".join(f"u{number},é-{number:07}\n" for number in range(90_000)).encode()
    (tmp_path / "log.csv").write_bytes(b"user_id,item_id\n" + lines + b"u,caf\xe9\nv,x\n")
    files = opened(tmp_path / "log.csv")
    (bad,) = bad_of(files)
    assert (bad.line, bad.reason) == (90_002, "a line that is not in the encoding of the file")
    assert rows(files)[-1] == {"user_id": "v", "item_id": "x"}


@pytest.mark.parametrize("name", ["log.csv.gz", "log.csv.zst", "log.zip"])
@pytest.mark.parametrize("ragged", [False, True])
def test_packed_files_are_read(tmp_path: Path, name: str, ragged: bool) -> None:
    content = (text(",") + ("u3,only two\n" if ragged else "")).encode()
    if name.endswith("zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("deep/interactions.csv", content)
            archive.writestr("__MACOSX/._interactions.csv", b"x")
    elif name.endswith("gz"):
        (tmp_path / name).write_bytes(gzip.compress(content))
    else:
        (tmp_path / name).write_bytes(pa.compress(content, "zstd", asbytes=True))
    files = opened(tmp_path / name)
    assert rows(files) == EXPECTED
    assert [bad.line for bad in bad_of(files)] == ([4] if ragged else [])


def test_json_lines_are_read_and_a_line_that_is_none_costs_itself(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(
        '{"user_id": 7, "item_id": "i", "stars": 4.5}\nno json\n[1]\n\n{"item_id": "j", "user_id": "u"}\n'
    )
    files = opened(tmp_path / "log.jsonl")
    assert rows(files) == [
        {"user_id": "7", "item_id": "i", "value": 4.5},
        {"user_id": "u", "item_id": "j", "value": None},
    ]
    assert [(bad.line, bad.cell) for bad in bad_of(files)] == [(2, "no json"), (3, "[1]")]


def test_a_key_that_comes_late_is_named(tmp_path: Path) -> None:
    first = '{"user_id": "u", "item_id": "i"}\n' * 10_001
    (tmp_path / "log.jsonl").write_text(first + '{"user_id": "u", "item_id": "i", "mood": "good"}\n')
    files = opened(tmp_path / "log.jsonl")
    assert len(rows(files)) == 10_002
    assert files.opened[0].source.notes == [f"{tmp_path}/log.jsonl: not read: mood, which is first in line 10,002"]


def test_parquet_under_other_names_is_read(tmp_path: Path) -> None:
    table = pa.table({"userId": [1], "movieId": [2], "rating": pa.array([4], pa.int8()), "timestamp": [1772366400123]})
    pq.write_table(table, tmp_path / "log.parquet")
    expected = {"user_id": "1", "item_id": "2", "value": 4.0, "timestamp": 1772366400.123}
    assert rows(opened(tmp_path / "log.parquet")) == [expected]


def test_ragged_rows_and_open_quotes_cost_themselves(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "user_id,item_id,event_type,timestamp\nu1,i1,view,1772366400\nu2,i1,view\nu3,i1,view,1772366400,extra\n"
        'u4,"i1,view,1772366400\nu5,i1,view,1772366400\nu6,"a\nb",view,1772366400\n'
    )
    files = opened(tmp_path / "log.csv")
    assert [row["user_id"] for row in rows(files)] == ["u1", "u5", "u6"]
    found = [(bad.line, bad.cell, bad.accepted) for bad in bad_of(files)]
    assert found == [
        (3, "u2,i1,view", "4 cells, as the header has, not 3"),
        (4, "u3,i1,view,1772366400,extra", "4 cells, as the header has, not 5"),
        (5, 'u4,"i1,view,1772366400', "a quote at the start of a cell needs one at its end"),
    ]


@pytest.mark.parametrize("end", ['"x', '"x\n', '"x\n\n', '"', '"\n'])
@pytest.mark.parametrize("packed", [False, True])
def test_a_quote_that_is_open_at_the_end_costs_its_row(tmp_path: Path, end: str, packed: bool) -> None:
    content = f"user_id,item_id\na,b\nc,{end}".encode()
    name = "log.csv.gz" if packed else "log.csv"
    (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    files = opened(tmp_path / name)
    assert [row["user_id"] for row in rows(files)] == ["a"]
    assert [(bad.line, bad.reason) for bad in bad_of(files)] == [(3, "a quote that does not end")]


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_lines_end_as_on_any_system(tmp_path: Path, end: str) -> None:
    (tmp_path / "log.csv").write_bytes(end.join(["user_id;item_id", "a;1", "b", 'c;"2"', ""]).encode())
    files = opened(tmp_path / "log.csv")
    assert [row["user_id"] for row in rows(files)] == ["a", "c"]
    assert [bad.line for bad in bad_of(files)] == [3]


def test_delimiters_at_the_ends_of_lines_are_no_cells(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user_id,item_id\na,b,\nc,d\n")
    assert [row["user_id"] for row in rows(opened(tmp_path / "log.csv"))] == ["a", "c"]


def test_columns_of_a_file_without_a_header_are_named(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("u,i,5\n")
    files = opened(tmp_path / "log.csv", names=["user_id", "item_id", "value"])
    assert rows(files) == [{"user_id": "u", "item_id": "i", "value": 5.0}]


def test_a_packed_file_that_breaks_off_is_named(tmp_path: Path) -> None:
    lines = "".join(f"u{number},i{hash(str(number))}\n" for number in range(200_000))
    whole = gzip.compress(b"user_id,item_id\n" + lines.encode())
    (tmp_path / "log.csv.gz").write_bytes(whole[: len(whole) // 2])
    files = opened(tmp_path / "log.csv.gz")
    assert files.interactions is not None
    with pytest.raises(DataSetError, match=r"log\.csv\.gz: cannot be read"):
        list(files.interactions.settle())


def test_a_folder_is_read_by_the_columns_of_its_files_and_the_others_are_named(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("customer,sku\nu,i\n")
    (tmp_path / "sales2.tsv").write_text("customer\tsku\nv\ti\n")
    (tmp_path / "goods.csv").write_text("sku,name\ni,Shoe\n")
    (tmp_path / "people.csv").write_text("customer,age\nu,40\n")
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    (tmp_path / "README.txt").write_text("hello\n")
    files = open_paths([tmp_path])
    kinds = {one.source.place.name: one.plan.kind for one in files.opened}
    assert kinds == {
        "goods.csv": "items",
        "people.csv": "users",
        "sales.csv": "interactions",
        "sales2.tsv": "interactions",
    }
    assert [line.partition(": ")[0] for line in files.left] == [f"{tmp_path}/notes.csv"]


def test_a_data_set_folder_holds_its_own_files_alone(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text("user_id,item_id\nu,i\n")
    (tmp_path / "test.csv").write_text("user_id,item_id\nu,j\n")
    (tmp_path / "more.csv").write_text("user_id,item_id\nu,k\n")
    files = open_paths([tmp_path])
    assert [one.source.place.name for one in files.opened] == ["interactions.csv"]
    assert [line.partition(": ")[0] for line in files.left] == [f"{tmp_path}/more.csv"]


def damaged(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(byte ^ 0x5A for byte in content[middle : middle + 200]) + content[middle + 200 :]


def zipped(content: bytes, folder: Path) -> bytes:
    with zipfile.ZipFile(folder / "whole", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.csv", content)
    return (folder / "whole").read_bytes()


@pytest.mark.parametrize("name", ["log.zip", "log.csv.gz"])
@pytest.mark.parametrize("how", ["damaged", "cut off", "something else", "empty"])
def test_a_packed_file_that_is_damaged_is_named(tmp_path: Path, name: str, how: str) -> None:
    lines = "".join(f"u{number * 7919},i{number},{1_700_000_000 + number}\n" for number in range(20_000))
    content = f"user_id,item_id,timestamp\n{lines}".encode()
    packed = zipped(content, tmp_path) if name.endswith("zip") else gzip.compress(content)
    kinds = {"damaged": damaged(packed), "cut off": packed[:9000], "something else": b"PK\3\4" + bytes(300)}
    (tmp_path / name).write_bytes(kinds.get(how, b""))
    with pytest.raises(DataSetError, match=name):
        bad_of(open_paths([tmp_path / name]))
