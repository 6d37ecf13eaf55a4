"""Ratings under another name: they stay ratings, or the import stops and names the column."""

import pytest

from tests.app.cli.cases.shop import TIME, Shop, Stopped, Stored, case

RATED = ["u1|i1|rating||value=1", "u2|i1|rating||value=5"]
CASES: dict[str, Stored | Stopped] = {
    "the file": Stored(
        case("rating_column_ignored.csv"),
        [f"u1|i1|rating|{TIME}|value=1", f"u2|i1|rating|{TIME + 60}|value=5"],
        ["value          <- rating"],
    ),
    "stars with decimal commas": Stored(
        "user;product;Stars\nu1;i1;4,5\nu2;i1;3\n", ["u1|i1|rating||value=4.5", "u2|i1|rating||value=3"]
    ),
    "a mark before upper-case names": Stored(
        "\ufeffUSER_ID,ITEM_ID,RATING\r\nu1,i1,1\r\nu2,i1,5\r\n", RATED, ["value          <- RATING"]
    ),
    "JSON with a score": Stored(
        '{"userId": "u1", "itemId": "i1", "score": 1}\n{"userId": "u2", "itemId": "i1", "score": 5.0}\n', RATED
    ),
    "tabs": Stored("uid\tbook_id\tuser_rating\nu1\ti1\t1\nu2\ti1\t5\n", RATED, name="ratings.tsv"),
    "an empty rating is a view": Stored(
        "user_id,item_id,rating\nu1,i1,\nu2,i1,NaN\nu3,i1,2\n", ["u1|i1|view|", "u2|i1|view|", "u3|i1|rating||value=2"]
    ),
    "a rating in words costs its row": Stored(
        "user_id,item_id,rating\nu1,i1,1\nu2,i1,good\nu2,i1,5\n", RATED, left_out=["line 3, column rating: 'good'"]
    ),
    "a name of one's own that is mapped": Stored(
        "user_id,item_id,my_rating\nu1,i1,1\nu2,i1,5\n", RATED, options=["--map", "value=my_rating"]
    ),
    "a rating beside an event type": Stored(
        "user_id,item_id,event_type,rating\nu1,i1,view,3\nu2,i1,rating,5\n",
        ["u1|i1|view||value=3", "u2|i1|rating||value=5"],
    ),
    "a name of one's own": Stopped(
        "user_id,item_id,my_rating\nu1,i1,1\n",
        [
            "log.csv: the column 'my_rating' looks like a rating and is not mapped",
            "--map value=my_rating, or --ignore my_rating",
        ],
    ),
    "two ratings": Stopped(
        "user_id,item_id,rating,stars\nu1,i1,1,2\n", ["the column 'stars' looks like a rating and is not mapped"]
    ),
    "no header": Stopped("u1,i1,4\nu2,i1,5\n", ["'user_id' is missing", "--columns"]),
}


@pytest.mark.parametrize("name", CASES)
def test_ratings_stay_ratings(shop: Shop, name: str) -> None:
    shop.check(CASES[name])
