"""A table as a feature pipeline makes it with pandas."""

import io

import numpy as np
import pandas as pd
from outputs import array, attempt, emit, numbers

count = 120
drawn = numbers(count, 31)
table = pd.DataFrame(
    {
        "when": pd.date_range("2024-01-29", periods=count, freq="7h"),
        "price": [round(x * 100, 2) for x in drawn],
        "kind": [("tea", "coffee", None, "juice")[int(x * 4)] for x in drawn],
        "units": [int(x * 9) for x in numbers(count, 32)],
    }
)
text = "id,flag,score,day\n1,yes,0.1,2024-02-30\n2,NA,1e400,01/02/2024\n3,None,-0.0,\n4,null,.5,x\n"
read = pd.read_csv(io.StringIO(text))
joined = table.merge(pd.DataFrame({"kind": ["tea", "juice"], "tax": [0.1, 0.2]}), how="left")
grouped = table.groupby("kind", dropna=False)["price"].agg(["mean", "std", "median"])
rolled = table.set_index("when")["price"].resample("D").mean().rolling(3).std()


def words(series):
    return [str(value) for value in series]


emit(
    {
        "csv": [words(read[name]) for name in read],
        "types": words(read.dtypes),
        "groups": words(grouped.index),
        "means": array(grouped.to_numpy(dtype=float)),
        "rolled": array(rolled.to_numpy(dtype=float)),
        "joined": array(joined["tax"].fillna(0).to_numpy(dtype=float)),
        "dummies": array(pd.get_dummies(table["kind"]).to_numpy().astype(np.uint8)),
        "dummy type": words(pd.get_dummies(table["kind"]).dtypes),
        "cut": words(pd.cut(table["price"], 4)),
        "quantiles": array(table["price"].quantile([0.1, 0.5, 0.9]).to_numpy()),
        "json": attempt(lambda: table.head(4).to_json(orient="records")),
        "dates": attempt(lambda: words(pd.to_datetime(["2024-01-02", "03/04/2024"]))),
        "sampled": table.sample(9, random_state=6).index.tolist(),
        "sorted": table.sort_values(["kind", "units"])["units"].tolist(),
        "concat": words(pd.concat([table[["units"]], pd.DataFrame({"units": []})]).dtypes),
    }
)
