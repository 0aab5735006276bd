"""Which distance Chroma searches by when nobody chooses one."""

NEEDS = ("chromadb",)
FAMILY = "retrieval"
IMPACTS = ("numerics",)
COVERS = ()
"""A default and three distances are not the whole of a database: it settles nothing."""

ROWS = ([1.0, 0.0, 0.0], [3.0, 1.0, 0.0], [0.5, 0.5, 1.0], [-1.0, 0.25, 2.0])


def run(case, job):
    import chromadb
    from chromadb.config import Settings

    client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))

    def found():
        kept = client.get_or_create_collection("fixed", embedding_function=None)
        kept.upsert(ids=list("abcd"), embeddings=[list(row) for row in ROWS])
        asked = kept.query(query_embeddings=[[2.0, 0.5, 0.5]], n_results=4)
        return asked["ids"], ["%.5f" % value for value in asked["distances"][0]]

    case("default", found)
