"""A registry with the referrers API of OCI 1.1, in memory: build machines can install none.

It keeps what is put, lists manifests under their `subject` and says OCI-Subject, as the OCI
distribution specification 1.1 has it ("Pushing Manifests with Subject", "Listing Referrers").
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from tests.registry.hostile import Exchange

INDEX: Final = "application/vnd.oci.image.index.v1+json"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Referring:
    """Behaves as a registry; `page` entries of a list come at a time."""

    def __init__(self, page: int = 1000) -> None:
        self.page = page
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        """By digest and by tag: media type and bytes."""

    def __call__(self, exchange: Exchange) -> None:
        asked = exchange.asked
        url = urlsplit(asked.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        match = re.fullmatch(
            r"/v2/(?:[a-z/]+)/(blobs/uploads|blobs|manifests|referrers)/(.*)", url.path
        )
        if match is None:
            exchange.answer(404)
            return
        kind, name = match.groups()
        getattr(self, f"{asked.method.lower()}_{kind.replace('/', '_')}")(exchange, name, query)

    def post_blobs_uploads(self, exchange: Exchange, _: str, __: dict[str, str]) -> None:
        exchange.answer(202, Location=f"{exchange.asked.path}session?state=a")

    def put_blobs_uploads(self, exchange: Exchange, _: str, query: dict[str, str]) -> None:
        body = exchange.asked.body
        if query.get("state") != "a" or query.get("digest") != digest_of(body):
            exchange.answer(400)
            return
        self.blobs[query["digest"]] = body
        exchange.answer(201)

    def get_blobs(self, exchange: Exchange, name: str, _: dict[str, str]) -> None:
        if name in self.blobs:
            exchange.blob(self.blobs[name])
        else:
            exchange.answer(404)

    def put_manifests(self, exchange: Exchange, name: str, _: dict[str, str]) -> None:
        asked = exchange.asked
        found = (asked.headers["Content-Type"], asked.body)
        self.manifests[name] = self.manifests[digest_of(asked.body)] = found
        subject = json.loads(asked.body).get("subject")
        exchange.answer(201, **({"OCI_Subject": subject["digest"]} if subject else {}))

    def get_manifests(self, exchange: Exchange, name: str, _: dict[str, str]) -> None:
        if name in self.manifests:
            media_type, data = self.manifests[name]
            exchange.answer(200, data, Content_Type=media_type)
        else:
            exchange.answer(404)

    def get_referrers(self, exchange: Exchange, name: str, query: dict[str, str]) -> None:
        found = self._referring(name)
        start = int(query.get("from", 0))
        entries = {"schemaVersion": 2, "manifests": found[start : start + self.page]}
        path, more = urlsplit(exchange.asked.path).path, start + self.page
        link = {"Link": f'<{path}?from={more}>; rel="next"'} if more < len(found) else {}
        exchange.answer(200, json.dumps(entries).encode(), Content_Type=INDEX, **link)

    def _referring(self, digest: str) -> list[dict[str, Any]]:
        found = []
        for name, (media_type, data) in self.manifests.items():
            said = json.loads(data)
            if name.startswith("sha256:") and said.get("subject", {}).get("digest") == digest:
                entry = {"mediaType": media_type, "digest": name, "size": len(data)}
                known = {k: said[k] for k in ("artifactType", "annotations") if k in said}
                found.append({**entry, **known})
        return found
