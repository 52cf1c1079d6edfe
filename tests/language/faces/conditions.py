"""Conditions a person would write, over features of every type, each part of the language at least once."""

from __future__ import annotations

from aedile.language.check import Environment
from aedile.language.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, list_of

ENVIRONMENT = Environment(
    {
        "item.price": DOUBLE,
        "item.list_price": DOUBLE,
        "item.stock": INT,
        "item.sold": INT,
        "item.title": STRING,
        "item.brand": STRING,
        "item.gtin": STRING,
        "item.new": BOOL,
        "item.tags": list_of(STRING),
        "item.sizes": list_of(INT),
        "item.weights": list_of(DOUBLE),
        "item.flags": list_of(BOOL),
        "item.added": TIMESTAMP,
        "item.order": INT,
        "item.a-b": INT,
        "group.by": INT,
        "seller.age": DURATION,
        "request.time": TIMESTAMP,
        "request.zone": STRING,
        "a.b.c.d.e": INT,
    },
    {"threshold": DOUBLE, "brands": list_of(STRING), "youngest": DURATION, "word": STRING},
    {"recalled-gtin"},
)

CONDITIONS = [
    line
    for line in r"""
item.price < 5
item.price <= 5.5
5 > item.price
item.price != item.list_price
item.price == -0.0
item.price < 1e-7 || item.price > 1e300
item.price == double("NaN")
item.price < double("Infinity")
item.price >= param.threshold
item.stock == 9223372036854775807
item.stock > -9223372036854775808
item.stock >= 9007199254740993
item.stock < 2.5
item.stock == item.price
item.stock != item.price && item.stock < item.price
item.brand == "Acme"
item.brand < "a"
item.brand == "it's \"quoted\" \\ here"
item.brand == "a\u200bb\n\u0000"
item.brand == param.word
item.new
!item.new
!!item.new
item.new == true
item.new != false && item.new < true
has(item.price)
!has(item.price)
!!has(item.price)
has(item.tags) && !has(item.new)
item.brand in ["a", "b'c", "日本"]
!(item.brand in ["x"])
item.brand in param.brands
!(item.brand in param.brands)
item.stock in [1, 2, 3]
item.stock in []
item.price in [1, 2.5]
item.stock in [1.0, 2.5]
item.stock in [item.sold, 5]
"sale" in item.tags
!("sale" in item.tags)
item.brand in item.tags
item.price in item.weights
item.stock in item.weights
param.word in item.tags
item.tags == ["a", "b"]
item.tags != []
item.sizes == [1, 2]
item.weights == [1.5]
item.tags.size() > 3
size(item.title) <= 80
item.title.contains("free")
item.title.contains("")
item.title.startsWith("100%") && item.title.endsWith("_x")
item.title.startsWith(item.brand)
item.title.matches("^a.*'$")
item.title.matches("(?i)nike")
item.title.matches("[^0-9]{2,3}|x$")
item.title.lowerAscii() == "abc"
item.title.lowerAscii().contains("abc")
normalized(item.title).contains("replica")
normalized(item.brand) in ["acme", "nike"]
in_list(item.gtin, "recalled-gtin")
!in_list(normalized(item.gtin), "recalled-gtin")
bucket(item.gtin, "salt", 100) < 5
seller.age < duration("2160h")
seller.age >= param.youngest
seller.age == duration("-1.000001s")
seller.age.getHours() > 5 && seller.age.getMilliseconds() == 321
request.time > timestamp("2026-11-25T07:30:00.5Z")
request.time - item.added < duration("36h")
item.added + duration("720h") >= request.time
item.added - duration("1s") < request.time
request.time.getHours() >= 22 || request.time.getDayOfWeek() == 0
request.time.getHours("Asia/Jakarta") in [8, 9]
request.time.getDayOfYear("-03:30") == 364
request.time.getMonth("America/New_York") == 2
request.time.getDate(request.zone) == 1
request.time.getFullYear() == 2026 && request.time.getMilliseconds() < 500
item.stock + item.sold > 10
item.stock - (item.sold - 1) == 1
item.stock * 2 / 3 % 5 == 1
item.stock / item.sold > 1
item.stock % item.sold == -1
-item.stock == 5
-(-item.price) < 2.0
item.price * 2 + 1 > item.list_price / 3
item.price / item.list_price > 0.5
item.price * double(item.stock) > 1000.0
item.brand + " " + item.title == "Acme x"
item.tags + ["x"] == ["x"]
(item.new ? item.price : item.list_price) < 5.0
item.new ? item.stock > 1 : item.sold > 1
item.sizes[0] == 1
item.sizes[item.stock] == 1
item.tags.exists(t, t.startsWith("x"))
item.tags.all(t, t in ["a", "b"])
item.sizes.exists_one(s, s > item.stock)
item.sizes.filter(s, s > 1).size() == 2
item.sizes.map(s, s * 2) == [2, 4]
item.sizes.map(s, s > 1, s * 2) == [4]
item.tags.exists(t, item.sizes.all(s, s < size(t)))
item.flags.exists(f, f) || item.flags.all(f, !f)
int(item.price) == 5
int(item.title) > 3
int(request.time) > 1600000000
double(item.title) > 1.5
string(item.stock) == "5"
string(item.new) == "true"
string(seller.age) == "1.5s"
string(request.time).startsWith("2026")
bool(item.title)
timestamp(item.stock) < request.time
duration(item.title) < duration("5m")
[item.price, 1.0] == item.weights
item.order == 5 && group.by > 3 && item.`a-b` == 1
a.b.c.d.e == 1
true
item.price < 5 && (item.stock > 3 || item.new) && !(item.brand == "x" || item.brand == "y")
(item.price < 5 && item.stock > 3) || (item.new && !(item.new && item.stock == 1))
item.price
item.stock + 1
item.tags
""".splitlines()
    if line
]
