#!/usr/bin/env python3
"""What the program is made of is listed, whole and as CycloneDX says: sbom_test.py ROOT BUILD_DIR TOOLS. The schema comes
from cyclonedx-python-lib, which is installed into TOOLS."""

import copy
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.parse

from tools import with_tools

ROOT, BUILD, PLACE = (pathlib.Path(p).resolve() for p in sys.argv[1:4])
with_tools(PLACE)

import jsonschema  # noqa: E402
import referencing  # noqa: E402
import referencing.jsonschema  # noqa: E402


def schemas():
    """The schema, and a registry with those that it names."""
    # Only its files: the package itself wants more than a schema needs.
    folder = pathlib.Path(importlib.util.find_spec("cyclonedx").submodule_search_locations[0]) / "schema/_res"
    read = {name: json.loads((folder / name).read_text())
            for name in (f"{n}.SNAPSHOT.schema.json" for n in ("bom-1.5", "spdx", "jsf-0.82"))}
    bom = read["bom-1.5.SNAPSHOT.schema.json"]
    # They name each other as files beside the first.
    registry = referencing.Registry().with_resources(
        (urllib.parse.urljoin(bom["$id"], name), referencing.Resource.from_contents(s, referencing.jsonschema.DRAFT7))
        for name, s in read.items())
    return bom, registry


def listed():
    return subprocess.run([ROOT / "ops/sbom", BUILD], capture_output=True, text=True, check=True).stdout


class Sbom(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = listed()
        cls.document = json.loads(cls.text)
        schema, registry = schemas()
        cls.validator = jsonschema.Draft7Validator(schema, registry=registry)

    def of(self, name):
        """Values of the components' properties of that name."""
        return [p["value"] for c in self.document["components"] for p in c["properties"] if p["name"] == name]

    def test_it_is_as_the_schema_says(self):
        self.assertEqual([e.message for e in self.validator.iter_errors(self.document)], [])
        self.assertEqual(self.document["specVersion"], "1.5")

    def test_the_schema_refuses_what_is_wrong(self):
        for change in (lambda d: d.update(bomFormat="Other"), lambda d: d["components"][0].pop("name"),
                       lambda d: d["components"][-1].update(licenses=[{"license": {"id": "No-Such-Licence"}}]),
                       lambda d: d["components"].append(d["components"][0])):
            wrong = copy.deepcopy(self.document)
            change(wrong)
            self.assertFalse(self.validator.is_valid(wrong))

    def test_every_line_of_ldd_is_in_it(self):
        lines = subprocess.run(["ldd", BUILD / "conductor"], capture_output=True, text=True, check=True).stdout
        names = [line.split()[0] for line in lines.splitlines()]
        files = [n for n in names if not n.startswith("linux-vdso")]  # the kernel's, no file
        self.assertGreater(len(files), 10)
        self.assertEqual(sorted(self.of("conductor:file")), sorted(files))

    def test_headers_and_the_web_console_are_in_it(self):
        names = {c["name"] for c in self.document["components"]}
        for needed in ("libboost1.81-dev", "nlohmann-json3-dev", "libcli11-dev"):
            self.assertIn(needed, names)
        declared = json.loads((ROOT / "adapters/console/web/package.json").read_text())["dependencies"]
        self.assertLessEqual(set(declared), names)
        self.assertFalse({"esbuild", "typescript"} & names, "tools are no part of it")

    def test_each_has_a_version_a_licence_and_a_place_in_the_graph(self):
        refs = {c["bom-ref"] for c in self.document["components"]}
        for c in self.document["components"]:
            self.assertTrue(c["version"] and c["licenses"], c)
            self.assertRegex(c["purl"], r"^pkg:(deb/debian|npm)/\S+@\S+$")
        graph = {d["ref"]: d["dependsOn"] for d in self.document["dependencies"]}
        own = self.document["metadata"]["component"]["bom-ref"]
        self.assertEqual(set(graph), refs | {own})
        reached, ahead = set(), [own]
        while ahead:
            ref = ahead.pop()
            if ref not in reached:
                reached.add(ref)
                ahead += graph[ref]
        self.assertEqual(reached, refs | {own}, "something is listed that nothing needs")

    def test_the_same_tree_gives_the_same_bytes(self):
        self.assertEqual(listed(), self.text)
        self.assertFalse(re.search(re.escape(str(ROOT)), self.text))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
