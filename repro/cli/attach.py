"""`repro attach`: put a signed manifest, and what a gate said, beside an image in its registry."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from repro.cli.options import files
from repro.cli.registry_options import only, opened, registry_options
from repro.cli.targets import complete
from repro.errors import UsageError

if TYPE_CHECKING:
    from repro.attest.keys import PrivateKey
    from repro.attest.statement import Statement
    from repro.layers.documents import Described
    from repro.manifest import Manifest
    from repro.target.remote import Remote

PASSWORD: Final = "REPRO_KEY_PASSWORD"  # noqa: S105 -- The name of a variable.


@click.command(no_args_is_help=True)
@click.argument("image", shell_complete=complete)
@click.option(
    "--manifest",
    "file",
    required=True,
    metavar="FILE",
    shell_complete=files,
    help="What the image is: `repro snapshot registry:IMAGE -o FILE`, or of a run of it.",
)
@click.option(
    "--gate",
    "report",
    metavar="REPORT",
    shell_complete=files,
    help="What a gate said of that manifest: `repro gate FILE -f json=REPORT`.",
)
@click.option(
    "--key",
    required=True,
    metavar="FILE",
    shell_complete=files,
    help=f"Private key to sign with, PEM. An encrypted one takes its password from {PASSWORD}.",
)
@registry_options
def attach(image: str, file: str, report: str | None, key: str, **values: Any) -> None:
    """Sign the manifest of an IMAGE and put it beside the image in its registry.

    Who has the public key can then compare and gate the image without its layers: see
    `repro verify`, and --key of `repro diff` and `repro gate`. What was attached before stays; the
    newest counts.

    \b
    Examples:
      openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -out repro.key
      openssl pkey -in repro.key -pubout -out repro.pub
      repro snapshot registry:ghcr.io/owner/app:v2 -o v2.json
      repro attach ghcr.io/owner/app:v2 --manifest v2.json --key repro.key
      repro gate v2.json -f json=gate.json
      repro attach ghcr.io/owner/app:v2 --manifest v2.json --gate gate.json --key repro.key
    """
    from repro.attest import attested_manifest, gate_result  # noqa: PLC0415
    from repro.attest.keys import load_private  # noqa: PLC0415
    from repro.manifest import load  # noqa: PLC0415

    manifest, when = load(Path(file)), datetime.now(UTC)
    result = _gate(report, manifest) if report else None
    signer = load_private(Path(key), _password)
    with opened(image, values, writing=True) as found:
        target = only(found)
        _check(manifest, file, found, target)
        name, digest = _name(found), target.manifest_digest
        said = [attested_manifest.statement(manifest, name, digest, when)]
        said += [gate_result.statement(result, name, digest, when)] if result else []
        for statement in said:
            _put(found, digest, statement, signer, when)


def _gate(file: str, manifest: Manifest) -> Any:
    from repro.cli import gate_report  # noqa: PLC0415

    return gate_report.read(file, manifest)


def _check(manifest: Manifest, file: str, found: Remote, image: Described) -> None:
    """Refuse a manifest of another image: by its layers, and by all digests that it knows."""
    from repro.attest.attested_manifest import describes  # noqa: PLC0415
    from repro.verdict import subject  # noqa: PLC0415

    known = subject(manifest)
    digests = {known.image_id, *known.repo_digests} - {None}
    own = {image.manifest_digest, image.config.digest, found.root}
    if describes(manifest, image.config.diff_ids) and digests & own:
        return
    raise UsageError(
        f"{file} is not the manifest of {found.name}, which is {image.manifest_digest}",
        advice=f"Take that: repro snapshot {found.name} -o FILE; of another variant with "
        "--platform there and here.",
    )


def _put(
    found: Remote, digest: str, statement: Statement, signer: PrivateKey, when: datetime
) -> None:
    from repro.attest import bundle, dsse, store  # noqa: PLC0415
    from repro.attest import statement as statements  # noqa: PLC0415
    from repro.cli.output import stdout  # noqa: PLC0415

    envelope = dsse.sealed(statements.encode(statement), signer)
    data = bundle.encode(envelope, signer.public)
    document = found.registry.manifest(digest)
    kind, made = statement.predicate_type, statements.moment(when)
    place = store.attach(found.registry, document, data, kind, made)
    click.echo(f"repro: attached to {_name(found)}@{digest}: {kind}", err=True)
    stdout(f"{_name(found)}@{place}\n".encode())


def _name(found: Remote) -> str:
    reference = found.registry.reference
    return f"{reference.registry}/{reference.repository}"


def _password() -> str | None:
    """Return the password of a key, of the environment or of whom sits at the terminal."""
    if given := os.environ.get(PASSWORD):
        return given
    if not sys.stdin.isatty():
        return None
    return str(click.prompt("Password of the key", hide_input=True, err=True))
