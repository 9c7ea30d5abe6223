"""Holds the bill of materials to CycloneDX's own schema, to the files beside it, and to Cargo.lock."""

import hashlib
import json
import pathlib
import re
import sys

import cyclonedx.schema
import jsonschema_rs

BOM = "bom-1.6.SNAPSHOT.schema.json"
REFERRED_TO = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")


def main(sbom: pathlib.Path, lock: pathlib.Path) -> None:
    bom = json.loads(sbom.read_text("utf-8"))
    assert bom["specVersion"] == "1.6", f"this is CycloneDX {bom['specVersion']}"
    against_the_schema(bom)
    package = bom["metadata"]["component"]
    components = bom["components"]
    files = package["components"]

    refs = [each["bom-ref"] for each in [package, *files, *components]]
    assert len(refs) == len(set(refs)), "a bom-ref stands twice"
    named = {each["ref"] for each in bom["dependencies"]}
    named.update(part for each in bom["dependencies"] for part in each["dependsOn"])
    assert named <= set(refs), f"dependencies name what is no component: {named - set(refs)}"
    reached = reach(package["bom-ref"], {each["ref"]: each["dependsOn"] for each in bom["dependencies"]})
    lost = {each["bom-ref"] for each in components} - reached
    assert not lost, f"nothing depends on {lost}"

    for each in files:
        found = hashlib.sha256((sbom.parent / each["name"]).read_bytes()).hexdigest()
        assert each["hashes"] == [{"alg": "SHA-256", "content": found}], f"{each['name']} has another hash"
    there = {path.relative_to(sbom.parent).as_posix() for path in sbom.parent.rglob("*") if path.is_file()}
    there -= {sbom.name, "integrity.json"}
    assert there == {each["name"] for each in files}, f"{sbom.parent} has {there}"

    locked = set(re.findall(r'name = "(.+)"\nversion = "(.+)"\nsource = .+\nchecksum = "(.+)"', lock.read_text("utf-8")))
    crates = [each for each in components if each.get("purl", "").startswith("pkg:cargo/")]
    for each in crates:
        key = (each["name"], each["version"], each["hashes"][0]["content"])
        assert key in locked, f"Cargo.lock does not have {key}"
    linked = sum(each["scope"] == "required" for each in crates)
    assert linked > 20, f"only {linked} crates are linked"
    print(f"{len(files)} files; {linked} crates are linked, {len(crates) - linked} run while it is built")


def against_the_schema(bom: object) -> None:
    folder = pathlib.Path(cyclonedx.schema.__file__).parent / "_res"
    schemas = {name: json.loads((folder / name).read_text("utf-8")) for name in [BOM, *REFERRED_TO]}
    # They refer to each other by the names of their files.
    registry = jsonschema_rs.Registry([(f"http://cyclonedx.org/schema/{name}", schemas[name]) for name in REFERRED_TO])
    validator = jsonschema_rs.validator_for(schemas[BOM], registry=registry, validate_formats=True)
    faults = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(bom)]
    assert not faults, "\n".join(faults)


def reach(start: str, edges: dict[str, list[str]]) -> set[str]:
    reached, ahead = set(), [start]
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead.extend(edges.get(here, []))
    return reached


main(*map(pathlib.Path, sys.argv[1:3]))
