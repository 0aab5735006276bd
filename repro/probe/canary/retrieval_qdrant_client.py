"""What Qdrant's client finds in the memory of its own process; a server is another program."""

from . import fixed

NEEDS = ("qdrant-client",)
FAMILY = "retrieval"
IMPACTS = ("numerics",)
COVERS = ()
"""The engine of most users is a server, which this does not exercise: it settles nothing."""


def run(case, job):
    from qdrant_client import QdrantClient, models

    values = fixed.floats(60 * 8, 44)
    many = [values[at * 8 : at * 8 + 8] for at in range(60)]
    client = QdrantClient(":memory:")
    for name in ("Cosine", "Dot", "Euclid"):
        told = models.VectorParams(size=8, distance=models.Distance(name))
        client.create_collection(name, vectors_config=told)
        points = [models.PointStruct(id=at, vector=row) for at, row in enumerate(many)]
        client.upsert(name, points=points)
        case(name, lambda name=name: [hits(client, name, row) for row in many[:4]])


def hits(client, name, row):
    found = client.query_points(name, query=row, limit=5).points
    return [[point.id, "%.5f" % point.score] for point in found]
