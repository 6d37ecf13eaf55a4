"""Which columns are recognised, which are named, and which stop an import."""

from pathlib import Path

import pytest

from models.data.errors import DataSetError
from models.data.file_chunks import Files, open_paths
from models.data.reading.mapping import FileMapping, as_toml, read_mappings
from models.data.reading.opening import Wishes

SEEN = "1772366400"


def opened(path: Path, text: str, **said: object) -> Files:
    (path / "log.csv").write_text(text, encoding="utf-8")
    return open_paths([path / "log.csv"], Wishes(FileMapping.model_validate(said)))


def rows(files: Files) -> list[dict[str, object]]:
    found = []
    for chunks in filter(None, (files.items, files.users, files.interactions)):
        for chunk in chunks.tables():
            found += chunk.table.drop_columns(["_row"]).to_pylist()
    return found


@pytest.mark.parametrize(
    "header",
    [
        "user_id,item_id,rating,timestamp",
        "userId,movieId,rating,timestamp",
        "USER_ID,ITEM_ID,EVENT_VALUE,TIMESTAMP",
        "User-ID,ISBN,Book-Rating,date",
        "reviewerID,asin,overall,unixReviewTime",
        "user,business_id,stars,created_at",
        "visitorid,itemid,score,ts",
        "customer_id,article_id,value,transaction_date",
        "Customer ID,Stock Code,Rating,InvoiceDate",
    ],
)
def test_names_of_columns_are_recognised(tmp_path: Path, header: str) -> None:
    files = opened(tmp_path, f"{header}\nu,i,4,{SEEN}\n")
    assert files.questions == []
    assert rows(files) == [{"user_id": "u", "item_id": "i", "value": 4.0, "timestamp": float(SEEN)}]


def test_purchases_and_times_under_other_names_stay_purchases_with_times(tmp_path: Path) -> None:
    files = opened(tmp_path, f"user_id,item_id,event,time\nu,i,purchase,{SEEN}\n")
    assert rows(files) == [
        {"user_id": "u", "item_id": "i", "event_type": "purchase", "timestamp": float(SEEN)},
    ]


@pytest.mark.parametrize(
    ("column", "cell", "looks"),
    [
        ("my_rating_x", "4", "a rating"),
        ("critic score", "4", "a rating"),
        ("action_taken", "x", "an event type"),
        ("kind", "purchase", "an event type"),
        ("last_seen_at", SEEN, "a time"),
        ("wann", "2026-03-01 12:00", "a time"),
        ("price", "4.5", "an amount"),
        ("total amount", "4", "an amount"),
    ],
)
def test_a_column_that_seems_to_matter_stops_the_import_until_it_is_mapped_or_ignored(
    tmp_path: Path, column: str, cell: str, looks: str
) -> None:
    text = f"user_id,item_id,{column}\nu,i,{cell}\n"
    files = opened(tmp_path, text)
    (question,) = files.questions
    assert f"log.csv: the column {column!r} looks like {looks} and is not mapped" in str(question)
    assert f"--ignore {column}" in str(question)
    with pytest.raises(DataSetError, match="is not mapped"):
        files.require_answers()
    assert opened(tmp_path, text, ignore=[column]).questions == []


def test_a_second_column_of_a_kind_is_asked_about_too(tmp_path: Path) -> None:
    (question,) = opened(tmp_path, f"user_id,item_id,timestamp,created_at\nu,i,{SEEN},{SEEN}\n").questions
    assert "'created_at' looks like a time" in str(question)


def test_a_column_that_means_nothing_is_named(tmp_path: Path) -> None:
    files = opened(tmp_path, "user_id,item_id,browser\nu,i,x\n")
    assert files.questions == []
    assert files.opened[0].plan.left == ["browser"]


def test_what_is_said_counts_more_than_what_is_recognised(tmp_path: Path) -> None:
    text = "user_id,item_id,isbn,rating,stars\nu,a,b,1,2\n"
    files = opened(tmp_path, text, columns={"item_id": "isbn", "value": "stars"}, ignore=["rating", "item_id"])
    assert rows(files) == [{"user_id": "u", "item_id": "b", "value": 2.0}]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"columns": {"item": "item_id"}}, "'item' is not a column of interactions: use user_id, item_id"),
        ({"columns": {"value": "stars"}}, "has no column 'stars'"),
        ({"ignore": ["stars"]}, "no file has a column 'stars'"),
    ],
)
def test_what_does_not_fit_the_file_is_refused(tmp_path: Path, said: dict[str, object], message: str) -> None:
    with pytest.raises(DataSetError, match=message):
        opened(tmp_path, "user_id,item_id\nu,i\n", **said)


def test_a_missing_column_is_named_with_the_option_that_maps_it(tmp_path: Path) -> None:
    (question,) = opened(tmp_path, "user_id,thing\nu,i\n").questions
    assert str(question).endswith(
        "the column 'item_id' is missing (found: 'user_id', 'thing'); --map item_id=COLUMN names it"
    )


@pytest.mark.parametrize("header", ["who,item_id,mood,timestamp", "user_id,what,rating", "who,sku,event"])
def test_a_log_without_users_or_items_is_no_catalogue(tmp_path: Path, header: str) -> None:
    cells = ["u", "i", "5", SEEN][: header.count(",") + 1]
    (tmp_path / "some.csv").write_text(f"{header}\n{','.join(cells)}\n")
    files = open_paths([tmp_path / "some.csv"])
    assert [one.plan.kind for one in files.opened] == ["interactions"]
    assert "is missing" in str(files.questions[0])


def test_event_types_are_mapped_and_told(tmp_path: Path) -> None:
    text = "user_id,item_id,event_type\na,i,addtocart\nb,i,transaction\nc,i,VIEW\nd,i, view\ne,i,wish\nf,i,other\n"
    files = opened(tmp_path, text, events={"wish": "like"})
    kinds = [row["event_type"] for row in rows(files)]
    assert kinds == ["cart", "purchase", "view", "view", "like", "other"]
    told = " ".join(files.opened[0].plan.told)
    assert "'transaction' is read as 'purchase'" in told
    assert "'other'" not in told


def test_an_event_type_that_is_configured_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user_id,item_id,event_type\na,i,transaction\n")
    files = open_paths([tmp_path / "log.csv"], Wishes(known_events=frozenset({"transaction", "purchase"})))
    assert [row["event_type"] for row in rows(files)] == ["transaction"]


def test_quantities_stay_negative_and_unit_prices_become_revenue(tmp_path: Path) -> None:
    files = opened(tmp_path, "user_id,item_id,Quantity,UnitPrice\na,i,-3,2.5\nb,i,,4\n")
    assert [(row["quantity"], row["revenue"]) for row in rows(files)] == [(-3.0, -7.5), (None, 4.0)]


def test_ids_that_programs_write_for_missing_ones_are_missing(tmp_path: Path) -> None:
    files = opened(tmp_path, "user_id,item_id\nNULL,i\nnan,i\nnull-and-void,i\n")
    assert [row["user_id"] for row in rows(files)] == [None, None, "null-and-void"]


def test_a_mapping_file_is_read_as_it_was_printed(tmp_path: Path) -> None:
    mapping = FileMapping(
        kind="interactions",
        columns={"user_id": 'a "b"', "item_id": "é"},
        ignore=["c\\d", "\t"],
        events={"x y": "view"},
        times="ms",
    )
    (tmp_path / "mapping.toml").write_text(as_toml({"log file.csv": mapping}), encoding="utf-8")
    assert read_mappings(tmp_path / "mapping.toml") == {"log file.csv": mapping}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[log]\nzone = 3\n", "log.zone: is not a key: use kind, "),
        ("[log]\ntimes = 'days'\n", "log.times: Input should be"),
        ("log", "is not TOML"),
    ],
)
def test_a_mapping_file_that_says_what_there_is_not_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mapping.toml").write_text(text)
    with pytest.raises(DataSetError, match=message):
        read_mappings(tmp_path / "mapping.toml")
