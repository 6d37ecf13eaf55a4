"""`braid import` of files as people have them: what is shown, asked for and refused."""

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

Braid = Callable[..., subprocess.CompletedProcess[str]]
MILLISECONDS = """timestamp,user_id,event_type,item_id,transactionid
1433221332117,257597,view,355908,
1433224214164,992329,addtocart,248676,
1433227005007,992329,transaction,248676,12345
"""
DIRTY = """user_id,item_id,event_type,timestamp
u1,,view,1772366400
,i1,view,1772366400
u3,i1,,1772366400
u4,i1,view,
u5,i1,VIEW,1772366400
u6,i1, view,1772366400
u7,i1,bought,1772366400
u9,i1,view,-5
u10,i1,view,9999999999
NULL,i1,view,1772366400
u11,i1
"""


@pytest.fixture
def braid(braid_here: Braid) -> Braid:
    assert braid_here("migrate").returncode == 0
    return braid_here


def stored(braid: Braid, folder: Path) -> str:
    done = braid("export", folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def file(folder: Path, text: str | bytes, name: str = "log.csv") -> Path:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / name


def test_milliseconds_and_event_types_are_recognised_and_told(braid: Braid, tmp_path: Path) -> None:
    done = braid("import", file(tmp_path, MILLISECONDS))
    assert done.returncode == 0, done.stderr
    for told in (
        "log.csv: not read: transactionid",
        "timestamp: milliseconds since 1970, by their magnitude (--times ms)",
        "event_type: 'transaction' is read as 'purchase'",
        "user_id=992329, item_id=248676, event_type=purchase, timestamp=2015-06-02T06:36:45Z",
        "interactions: 3 rows read, 3 kept",
    ):
        assert told in done.stdout


def test_a_mapping_that_was_printed_reads_the_file_again(braid: Braid, tmp_path: Path) -> None:
    path = file(tmp_path, "who;what;how good;seen_date\nu;i;4,5;x\nv;j;$2;y\n")
    done = braid("import", path)
    assert (done.returncode, "'user_id' is missing" in done.stderr) == (2, True)
    options = ("--map", "user_id=who", "--map", "item_id=what", "--map", "value=how good")
    done = braid("import", path, *options)
    assert (done.returncode, "'seen_date' looks like a time and is not mapped" in done.stderr) == (2, True)
    done = braid("import", path, *options, "--ignore", "seen_date")
    assert done.returncode == 0, done.stderr
    assert "user_id=u, item_id=i, value=4.5" in done.stdout
    printed = done.stdout.split("for next time, as mapping.toml", 1)[1].split("\n", 1)[1].split("\n\n", 1)[0]
    mapping = file(tmp_path, printed, "mapping.toml")
    done = braid("import", path, "--mapping", mapping)
    assert (done.returncode, "these files were imported before" in done.stdout) == (0, True), done.stderr


def test_a_dry_run_stores_nothing_and_shows_each_kind_of_bad_row(braid: Braid, tmp_path: Path) -> None:
    path = file(tmp_path, DIRTY)
    done = braid("import", "--dry-run", path)
    assert done.returncode == 0, done.stderr
    assert "interactions: 11 rows read, 2 kept" in done.stdout
    for where, cell, accepted in (
        ("line 2, column item_id", "''", "1 to 128 characters"),
        ("line 3, column user_id", "''", "1 to 128 characters"),
        ("line 4, column event_type", "''", "one of cart, click"),
        ("line 5, column timestamp", "''", "a time from 1970 to now"),
        ("line 8, column event_type", "'bought'", "--event maps others"),
        ("line 9, column timestamp", "'-5'", "a time from 1970 to now"),
        ("line 10, column timestamp", "'9999999999'", "a time from 1970 to now"),
        ("line 11, column user_id", "'NULL'", "1 to 128 characters"),
        ("line 12", "'u11,i1'", "4 cells, as the header has, not 2"),
    ):
        lines = [line for line in done.stdout.splitlines() if f"log.csv, {where}: {cell}; accepted: " in line]
        assert len(lines) == 1, (where, done.stdout)
        assert accepted in lines[0]
    assert "nothing was stored" in done.stdout
    assert "0 interactions" in stored(braid, tmp_path / "out")


def test_a_dry_run_of_a_file_that_would_be_refused_says_so(braid: Braid, tmp_path: Path) -> None:
    done = braid("import", "--dry-run", file(tmp_path, "user_id,item_id,event_type\nu,i,Ansicht\n"))
    assert (done.returncode, "no row can be imported" in done.stderr) == (2, True), done.stdout


def test_the_first_rows_are_shown_with_times_that_can_be_read(braid: Braid, tmp_path: Path) -> None:
    options = ("--ignore", "transactionid", "--event", "transaction=purchase", "--event", "addtocart=cart")
    done = braid("import", "--dry-run", file(tmp_path, MILLISECONDS), *options)
    assert done.returncode == 0, done.stderr
    assert "timestamp=2015-06-02T05:02:12Z" in done.stdout


def test_a_grown_file_says_how_many_rows_were_added(braid: Braid, tmp_path: Path) -> None:
    rows = "user_id,item_id,event_type,timestamp\nu,i,view,1772366400\nv,i,view,1772366400\n"
    assert braid("import", file(tmp_path, rows)).returncode == 0
    done = braid("import", file(tmp_path, rows + "w,i,view,1772366400\n"))
    assert (done.returncode, "interactions: 1 added, 2 are already in the log" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), 2, "more than 50% of the rows cannot be read (--max-bad): 11 rows read, 2 kept"),
        (("--max-bad", "90%"), 0, ""),
        (("--max-bad", "0.1"), 2, "more than 10% of the rows"),
        (("--strict",), 2, "--strict takes no file with rows that cannot be read"),
        (("--max-bad", "many"), 2, "'many' is not a share"),
    ],
)
def test_too_many_bad_rows_store_nothing(
    braid: Braid, tmp_path: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    done = braid("import", file(tmp_path, DIRTY), *options)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert f"{0 if code else 2} interactions" in stored(braid, tmp_path / "out")


def test_one_bad_row_among_many_is_left_out_unless_strict(braid: Braid, tmp_path: Path) -> None:
    rows = "".join(f"u{number},i,view,{1772366400 + number}\n" for number in range(20))
    path = file(tmp_path, f"user_id,item_id,event_type,timestamp\n{rows}u,i,view\n")
    done = braid("import", path, "--strict")
    assert (done.returncode, "log.csv, line 22: 'u,i,view'" in done.stderr) == (2, True)
    done = braid("import", path)
    assert (done.returncode, "log.csv, line 22: 'u,i,view'; accepted: 4 cells" in done.stdout) == (0, True)


def test_times_without_a_zone_and_with_two_readings_are_asked_for(braid: Braid, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "user_id,item_id,event_type,timestamp\nu1,i1,view,2026-03-01 12:05:00\nu3,i1,view,2026-03-01\n"
        "u4,i1,view,01/03/2026 12:05\nu5,i1,view,12/1/2010 8:26\n",
    )
    done = braid("import", path)
    assert done.returncode == 2
    assert "--date-format day-first or month-first" in done.stderr
    assert "--timezone UTC" in done.stderr
    done = braid("import", path, "--timezone", "UTC", "--date-format", "month-first")
    assert (done.returncode, "4 rows read, 4 kept" in done.stdout) == (0, True), done.stderr


def test_an_encoding_is_detected_and_told_or_named(braid: Braid, tmp_path: Path) -> None:
    path = file(tmp_path, "item_id,title\ni1,Café\n".encode("latin-1"), "items.csv")
    done = braid("import", path)
    assert done.returncode == 0, done.stderr
    assert "items.csv: items; ',', windows-1252" in done.stdout
    assert "title=Café" in done.stdout
    assert "0 interactions, 1 items, 0 users" in stored(braid, tmp_path / "out")
    done = braid("import", path, "--encoding", "runes")
    assert (done.returncode, "'runes' is not an encoding" in done.stderr) == (2, True)


def test_items_are_read_or_told_by_cell(braid: Braid, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        'item_id,title,description,categories,price\ni1,"A\nB","line 1\r\nline 2","[""x""]",3\n'
        'i2,"She said ""hi""",d,x|y,12.50\ni3,t,d,"x,y",$12.50\ni4,t,d,,"1.234,50"\ni5,t,d,"[\'a\', \'b\']",-1\n',
    )
    done = braid("import", path)
    assert done.returncode == 0, done.stderr
    assert "items: 5 rows read, 4 kept" in done.stdout
    assert "log.csv, line 8, column price: '-1'; accepted: a number from 0 up" in done.stdout


def test_a_negative_quantity_is_a_return(braid: Braid, tmp_path: Path) -> None:
    text = "user_id,item_id,event_type,timestamp,Qty\nu1,i1,purchase,1772366400,-3\nu2,i1,purchase,1772366460,2\n"
    done = braid("import", file(tmp_path, text))
    assert (done.returncode, "quantity=-3.0" in done.stdout) == (0, True), done.stderr


def test_an_order_is_not_stored_as_times_unless_that_is_said(braid: Braid, tmp_path: Path) -> None:
    path = file(tmp_path, "user_id,item_id,timestamp\nu1,i1,1\nu1,i2,2\nu2,i1,3\n")
    done = braid("import", path)
    assert (done.returncode, "--timestamps order takes them for an order" in done.stderr) == (2, True)
    assert braid("import", path, "--timestamps", "order").returncode == 0


def test_several_files_and_a_path_that_is_not_there(braid: Braid, tmp_path: Path) -> None:
    log, goods = file(tmp_path, "user,sku\nu,i\n"), file(tmp_path, "sku\ttitle\ni\tShoe\n", "goods.tsv")
    done = braid("import", log, goods)
    assert (done.returncode, "items: 1 rows read" in done.stdout) == (0, True), done.stderr
    done = braid("import", log, tmp_path / "nowhere")
    assert (done.returncode, "nowhere: there is no such folder or file" in done.stderr) == (2, True)


def test_an_import_that_met_a_lock_says_that_it_is_not_complete(
    braid_here: Braid, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.importing._LOCK_SECONDS", 0.1)
    (isolated / "interactions.csv").write_text("user_id,item_id,event_type,timestamp\nu,i,view,1700000000\n")
    braid_here("migrate")
    with closing(sqlite3.connect("var/braid.sqlite3", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        done = braid_here("import", "interactions.csv")
        assert done.returncode == 1
        assert "database is locked; the import is not complete: run the same command again" in done.stderr
    again = braid_here("import", "interactions.csv")
    assert (again.returncode, "1 kept" in again.stdout) == (0, True)
