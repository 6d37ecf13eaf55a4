"""Known data sets and exports, each a sample written anew."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from models.data.file_chunks import open_paths
from models.data.reading.formats import known_formats
from tests.models.data.reading.test_columns import rows

NOON = 1_772_366_700
FLAGS = "|".join(["0"] * 5 + ["1"] + ["0"] * 10 + ["1", "0", "0"])


def lines(*objects: dict[str, Any]) -> str:
    return "".join(orjson.dumps(one).decode() + "\n" for one in objects)


SAMPLES: dict[str, tuple[dict[str, str | bytes], list[dict[str, Any]]]] = {
    "MovieLens 100k": (
        {
            "u.data": "7\t12\t4\t881250949\n",
            "u.item": f"12|Café (1996)|01-Jan-1996||http://x.example/12|{FLAGS}\n".encode("latin-1"),
            "u.user": "7|33|F|artist|55436\n",
            "u.genre": "Action|1\n",
            "u1.base": "7\t12\t4\t881250949\n",
        },
        [
            {
                "item_id": "12", "title": "Café (1996)", "url": "http://x.example/12",
                "attributes": '{"released":"01-Jan-1996"}', "categories": '["Comedy","Thriller"]',
            },
            {"user_id": "7", "age": "33", "gender": "F", "occupation": "artist", "zip code": "55436"},
            {"user_id": "7", "item_id": "12", "value": 4.0, "timestamp": 881250949.0},
        ],
    ),
    "MovieLens 1M": (
        {
            "ratings.dat": "7::12::4::978300760\n",
            "movies.dat": "12::Film, A::Comedy|Drama\n".encode("latin-1"),
            "users.dat": "7::F::25::10::55436\n",
        },
        [
            {"item_id": "12", "title": "Film, A", "categories": '["Comedy","Drama"]'},
            {"user_id": "7", "gender": "F", "age": "25", "occupation": "10", "zip code": "55436"},
            {"user_id": "7", "item_id": "12", "value": 4.0, "timestamp": 978300760.0},
        ],
    ),
    "MovieLens": (
        {
            "ratings.csv": "userId,movieId,rating,timestamp\n7,12,4.5,1147880044\n",
            "movies.csv": 'movieId,title,genres\n12,"Film, A",Comedy|Drama\n13,B,(no genres listed)\n',
            "tags.csv": "userId,movieId,tag,timestamp\n7,12,dark,1147880044\n",
            "links.csv": "movieId,imdbId,tmdbId\n12,1,2\n",
        },
        [
            {"item_id": "12", "title": "Film, A", "categories": '["Comedy","Drama"]'},
            {"item_id": "13", "title": "B", "categories": None},
            {"user_id": "7", "item_id": "12", "value": 4.5, "timestamp": 1147880044.0},
        ],
    ),
    "Amazon reviews": (
        {
            "Books_5.json": lines(
                {"reviewerID": "A1", "asin": "B1", "reviewerName": "N", "helpful": [0, 1], "reviewText": "t",
                 "overall": 5.0, "summary": "s", "unixReviewTime": 1252800000, "reviewTime": "09 13, 2009"}
            )
        },
        [{"user_id": "A1", "item_id": "B1", "value": 5.0, "timestamp": 1252800000.0}],
    ),
    "Amazon reviews 2023": (
        {
            "Books.jsonl": lines(
                {"rating": 4.0, "title": "t", "text": "x", "images": [], "asin": "B1", "parent_asin": "P1",
                 "user_id": "A1", "timestamp": 1588687728923, "helpful_vote": 0, "verified_purchase": True}
            )
        },
        [{"user_id": "A1", "item_id": "P1", "value": 4.0, "timestamp": 1588687728.923}],
    ),
    "Yelp": (
        {
            "yelp_academic_dataset_review.json": lines(
                {"review_id": "r", "user_id": "u", "business_id": "b", "stars": 3.0, "useful": 0, "funny": 0, "cool": 0,
                 "text": "t", "date": "2026-03-01 12:05:00"}
            ),
            "yelp_academic_dataset_business.json": lines(
                {"business_id": "b", "name": "Cafe", "city": "Here", "state": "XX", "stars": 4.0, "review_count": 5,
                 "categories": "Food, Coffee & Tea"}
            ),
            "yelp_academic_dataset_tip.json": lines(
                {"user_id": "u", "business_id": "b", "text": "t", "date": "2026-03-01 12:05:00", "compliment_count": 0}
            ),
        },
        [
            {"item_id": "b", "title": "Cafe", "categories": '["Food","Coffee & Tea"]',
             "attributes": '{"city":"Here","state":"XX"}', "stars": "4.0", "review_count": "5"},
            {"user_id": "u", "item_id": "b", "value": 3.0, "timestamp": float(NOON), "event_id": "r"},
        ],
    ),
    "RetailRocket": (
        {
            "events.csv": "timestamp,visitorid,event,itemid,transactionid\n1433221332117,7,view,12,\n"
            "1433221332118,7,addtocart,12,\n1433221332119,7,transaction,12,9\n",
            "item_properties_part1.csv": "timestamp,itemid,property,value\n1435460400000,12,available,1\n",
            "category_tree.csv": "categoryid,parentid\n1,2\n",
        },
        [
            {"user_id": "7", "item_id": "12", "event_type": kind, "timestamp": time}
            for kind, time in (("view", 1433221332.117), ("cart", 1433221332.118), ("purchase", 1433221332.119))
        ],
    ),
    "H&M": (
        {
            "transactions_train.csv": "t_dat,customer_id,article_id,price,sales_channel_id\n2026-03-01,c,0108,0.05,2\n",
            "articles.csv": "article_id,product_code,prod_name,product_type_name,colour_group_name,detail_desc\n"
            "0108,1,Strap top,Vest,Black,Jersey top.\n",
            "customers.csv": "customer_id,FN,club_member_status,age\nc,,ACTIVE,49\n",
        },
        [
            {"item_id": "0108", "title": "Strap top", "description": "Jersey top.", "categories": '["Vest"]',
             "attributes": '{"colour_group_name":"Black"}', "product_code": "1"},
            {"user_id": "c", "FN": None, "club_member_status": "ACTIVE", "age": "49"},
            {"user_id": "c", "item_id": "0108", "timestamp": NOON - 43500.0, "event_type": "purchase", "revenue": 0.05},
        ],
    ),
    "Online Retail": (
        {
            "OnlineRetail.csv": b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
            b"536365,85123A,LANTERN,6,12/1/2010 8:26,2.55,17850,United Kingdom\n"
            b"C536379,D,Caf\xe9,-1,12/1/2010 9:41,27.5,14527,United Kingdom\n"
        },
        [
            {"user_id": "17850", "item_id": "85123A", "timestamp": 1291191960.0, "quantity": 6.0,
             "event_type": "purchase", "revenue": pytest.approx(15.3)},
            {"user_id": "14527", "item_id": "D", "timestamp": 1291196460.0, "quantity": -1.0,
             "event_type": "purchase", "revenue": -27.5},
        ],
    ),
    "Online Retail II": (
        {
            "online_retail_II.csv": "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
            "489434,85048,LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n"
            "C489449,22087,PAPER,-12,2009-12-01 10:33:00,2.95,16321.0,Australia\n"
            "489464,21733,LOST,-96,2009-12-01 10:52:00,0.0,,United Kingdom\n",
        },
        [
            {"user_id": "13085.0", "item_id": "85048", "timestamp": 1259653500.0, "quantity": 12.0,
             "event_type": "purchase", "revenue": pytest.approx(83.4)},
            {"user_id": "16321.0", "item_id": "22087", "timestamp": 1259663580.0, "quantity": -12.0,
             "event_type": "purchase", "revenue": pytest.approx(-35.4)},
            {"user_id": None, "item_id": "21733", "timestamp": 1259664720.0, "quantity": -96.0,
             "event_type": "purchase", "revenue": pytest.approx(0.0)},
        ],
    ),
    "Last.fm 2K": (
        {
            "user_artists.dat": "userID\tartistID\tweight\n2\t51\t13883\n",
            "artists.dat": "id\tname\turl\tpictureURL\n51\tBand\thttp://x.example\thttp://y.example\n",
            "user_friends.dat": "userID\tfriendID\n2\t275\n",
        },
        [
            {"item_id": "51", "title": "Band", "url": "http://x.example", "image_url": "http://y.example"},
            {"user_id": "2", "item_id": "51", "event_type": "view"},
        ],
    ),
    "Last.fm 360K": (
        {"usersha1-artmbid-artname-plays.tsv": "0001\tmbid-1\tBand\t2137\n"},
        [{"user_id": "0001", "item_id": "mbid-1", "event_type": "view"}],
    ),
    "Last.fm 1K": (
        {"userid-timestamp-artid-artname-traid-traname.tsv": "user_1\t2026-03-01T12:05:00Z\tart\tBand\t\tSong\n"},
        [{"user_id": "user_1", "item_id": "art", "timestamp": float(NOON), "event_type": "view"}],
    ),
    "Steam 200k": (
        {"steam-200k.csv": '1,"A Game, too",purchase,1.0,0\n1,"A Game, too",play,27.3,0\n'},
        [{"user_id": "1", "item_id": "A Game, too", "event_type": kind} for kind in ("purchase", "view")],
    ),
    "Steam reviews": (
        {"steam_reviews.json": "{u'username': u'Chaos', u'hours': 0.1, u'product_id': u'725280', u'page': 1, "
         "u'text': u'This isn\\'t bad', u'date': u'2026-03-01', u'products': 41, u'early_access': False}\n"},
        [{"user_id": "Chaos", "item_id": "725280", "timestamp": NOON - 43500.0, "event_type": "purchase"}],
    ),
    "Steam recommendations": (
        {"recommendations.csv": "app_id,helpful,funny,date,is_recommended,hours,user_id,review_id\n"
         "9,0,0,2026-03-01,true,36.3,5,0\n9,0,0,2026-03-01,false,1,6,1\n"},
        [
            {"user_id": user, "item_id": "9", "event_type": kind, "timestamp": NOON - 43500.0, "event_id": review}
            for user, kind, review in (("5", "like", "0"), ("6", "dislike", "1"))
        ],
    ),
    "Book-Crossing": (
        {
            "BX-Book-Ratings.csv": '"User-ID";"ISBN";"Book-Rating"\n"7";"034545104X";"0"\n"8";"0155061224";"5"\n',
            "BX-Books.csv": b'"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher";"Image-URL-L"\n'
            b'"034545104X";"Caf\xe9 \\"A\\"; B";"Someone";"2002";"House";"http://x.example/1.jpg"\n',
            "BX-Users.csv": '"User-ID";"Location";"Age"\n"7";"here, there";NULL\n',
        },
        [
            {"item_id": "034545104X", "title": 'Café "A"; B', "image_url": "http://x.example/1.jpg",
             "attributes": '{"author":"Someone","publisher":"House"}', "Year-Of-Publication": "2002"},
            {"user_id": "7", "Location": "here, there", "Age": None},
            {"user_id": "7", "item_id": "034545104X", "value": None},
            {"user_id": "8", "item_id": "0155061224", "value": 5.0},
        ],
    ),
    "Gorse": (
        {
            "feedback.jsonl": lines({"FeedbackType": "star", "UserId": "u", "ItemId": "a/b", "Value": 1,
                                     "Timestamp": "2026-03-01T12:05:00Z", "Comment": ""}),
            "items.jsonl": lines({"ItemId": "a/b", "IsHidden": False, "Categories": ["go"],
                                  "Timestamp": "2026-03-01T12:05:00Z", "Labels": ["x"], "Comment": "c"}),
            "users.jsonl": lines({"UserId": "u", "Labels": ["y"], "Comment": ""}),
        },
        [
            {"item_id": "a/b", "categories": '["go"]', "hidden": "false", "attributes": '{"labels":"[\\"x\\"]"}'},
            {"user_id": "u", "Labels": '["y"]'},
            {"user_id": "u", "item_id": "a/b", "event_type": "like", "value": 1.0, "timestamp": float(NOON)},
        ],
    ),
    "Recombee": (
        {
            "purchases.csv": "userId,itemId,timestamp,amount,price,profit\nu,i,2026-03-01T12:05:00Z,2,9.5,1\n",
            "detailviews.csv": "userId,itemId,timestamp,duration\nu,i,1772366700,14\n",
            "cartadditions.csv": "userId,itemId,timestamp\nu,i,1772366700\n",
            "bookmarks.csv": "userId,itemId,timestamp\nu,i,1772366700\n",
            "ratings.csv": "userId,itemId,timestamp,rating\nu,i,1772366700,0.5\n",
        },
        [
            {"user_id": "u", "item_id": "i", "timestamp": float(NOON)} | more
            for more in (
                {"event_type": "like"}, {"event_type": "cart"}, {"event_type": "view"},
                {"event_type": "purchase", "quantity": 2.0, "revenue": 9.5}, {"value": 0.5},
            )
        ],
    ),
    "Amazon Personalize": (
        {
            "interactions.csv": "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,RECOMMENDATION_ID\n"
            "u,i,1772366700,Purchase,2,r\n",
            "items.csv": "ITEM_ID,CREATION_TIMESTAMP,PRICE,CATEGORY_L1,CATEGORY_L2\ni,1772366700,9.5,a|b,c\n",
            "users.csv": "USER_ID,AGE\nu,30\n",
        },
        [
            {"item_id": "i", "price": "9.5", "categories": '["a","b"]', "attributes": '{"category_l2":"c"}'},
            {"user_id": "u", "AGE": "30"},
            {"user_id": "u", "item_id": "i", "event_type": "purchase", "value": 2.0, "timestamp": float(NOON),
             "request_id": "r"},
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_a_known_data_set_is_read_as_a_whole(tmp_path: Path, name: str) -> None:
    files, expected = SAMPLES[name]
    for file, content in files.items():
        (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    opened = open_paths([tmp_path])
    assert opened.questions == []
    assert rows(opened) == expected
    read = {one.plan.format for one in opened.opened} - {None}
    assert name in read


def test_every_known_format_has_a_sample() -> None:
    assert {one.format for one in known_formats()} == SAMPLES.keys()
