"""What pandas parses, groups, joins and sorts on the way to features."""

import io

from . import fixed

NEEDS = ("pandas", "numpy")
FAMILY = "numerics"
IMPACTS = ("numerics",)
COVERS = ("python.package:pandas",)

TABLE = """key,when,value,text,flag,whole
b,2024-02-29 23:59:59,1.5,é,True,1
a,2024-03-01,,NA,False,
c,2023-12-31T12:00:00Z,0.1,null,True,3
b,01/02/2024,1e-3,"x, y",,9007199254740993
"""
"""Missing values of several spellings, dates of several forms, a whole number past 2^53."""


def run(case, job):
    import pandas as pd

    values = fixed.floats(60, 5)
    keys = ["k%d" % (value % 7) for value in fixed.integers(60, 6)]
    frame = pd.DataFrame({"key": keys, "value": values, "rank": [int(v * 4) for v in values]})
    table = pd.read_csv(io.StringIO(TABLE))
    case("read/types", lambda: {name: str(kind) for name, kind in table.dtypes.items()})
    case("read/values", lambda: table.to_csv(index=False))
    case("group", lambda: frame.groupby("key")["value"].agg(["sum", "mean", "std"]).to_numpy())
    case("group/order", lambda: [str(key) for key, _ in frame.groupby("key", sort=False)])
    case("group/missing", lambda: [str(key) for key, _ in table.groupby("flag")])
    case("sort", lambda: by_rank(frame, "quicksort"))
    case("sort/stable", lambda: by_rank(frame, "stable"))
    other = pd.DataFrame({"key": ["k3", "k1", "k3"], "more": [1, 2, 3]})
    for how in ("left", "inner", "outer"):
        case("merge/" + how, lambda how=how: merged(frame, other, how))
    rolling = frame["value"].rolling(5, min_periods=1)
    case("rolling", lambda: rolling.mean().to_numpy())
    case("rolling/deviation", lambda: rolling.std().to_numpy())
    case("weighted", lambda: frame["value"].ewm(span=5).mean().to_numpy())
    case("quantile", lambda: frame["value"].quantile([0.1, 0.25, 0.9]).to_numpy())
    case("cut", lambda: pd.qcut(frame["value"], 4, labels=False).to_numpy())
    case("categories", lambda: pd.factorize(frame["key"])[0])
    case("dummies", lambda: pd.get_dummies(frame["key"]).to_numpy().astype("int8"))
    case("pivot", lambda: frame.pivot_table(index="key", columns="rank", values="value").to_csv())
    for text in ("2024-02-29", "01/02/2024", "13/02/2024", "2024-03-01T10:00:00+02:00", "noon"):
        case("date/" + text, lambda text=text: str(pd.to_datetime(text)))
    case("dates", lambda: [str(d) for d in pd.date_range("2024-01-31", periods=4, freq="D")])
    case("resample", lambda: resampled(pd, values))
    case("json", lambda: table.to_json(orient="records"))


def by_rank(frame, kind):
    return frame.sort_values("rank", kind=kind).index.to_numpy()


def merged(frame, other, how):
    return frame.merge(other, on="key", how=how).to_csv(index=False)


def resampled(pd, values):
    series = pd.Series(values[:30], index=pd.date_range("2024-01-30", periods=30, freq="D"))
    return series.resample("7D").sum().to_numpy()
