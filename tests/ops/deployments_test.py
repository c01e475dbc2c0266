#!/usr/bin/env python3
"""Image, compose file and manifests, as far as can be told without Docker and Kubernetes: deployments_test.py ROOT
BUILD_DIR CONDUCTOR. Checked by hadolint, the Compose specification and Kubernetes' own schemas, which are installed into
BUILD_DIR, and by the program itself."""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT, PLACE, NODE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve() / "tools", sys.argv[3]
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "guards"))
from processes import Program, free_port  # noqa: E402
from tools import with_tools  # noqa: E402

with_tools(PLACE)

import kubernetes_validate  # noqa: E402
import yaml  # noqa: E402
from compose_spec import ComposeSpecification  # noqa: E402


def check_config(environment, file=None):
    """What the program says to these settings: (exit code, text)."""
    with tempfile.TemporaryDirectory() as home:
        words = [NODE, "config", "show"]
        if file is not None:
            path = pathlib.Path(home, "conductor.toml")
            path.write_text(file)
            words += ["--config", str(path)]
        done = subprocess.run(words, capture_output=True, text=True, env={"PATH": os.environ["PATH"], **environment})
        return done.returncode, done.stdout + done.stderr


class Image(unittest.TestCase):
    text = (ROOT / "ops/docker/Dockerfile").read_text()

    def variables(self):
        block = re.search(r"^ENV ((?:.*\\\n)*.*)", self.text, re.M)[1].replace("\\\n", " ")
        return dict(word.split("=", 1) for word in shlex.split(block))

    def lint(self, text):
        done = subprocess.run([str(PLACE / "bin" / "hadolint"), "--no-color", "-"], input=text, capture_output=True, text=True)
        return done.returncode, done.stdout

    def test_hadolint_finds_nothing(self):
        self.assertEqual(self.lint(self.text), (0, ""))

    def test_hadolint_finds_what_is_planted(self):
        self.assertNotEqual(self.lint(self.text.replace("debian:12-slim", "debian"))[0], 0)
        self.assertNotEqual(self.lint(self.text.replace("USER ", "USR "))[0], 0)

    def test_what_it_copies_is_there(self):
        for source in re.findall(r"^COPY ((?!--from)\S+)", self.text, re.M):
            self.assertTrue((ROOT / source).exists(), source)
        for source in re.findall(r"^!(\S+)", (ROOT / "ops/docker/Dockerfile.dockerignore").read_text(), re.M):
            self.assertTrue((ROOT / source).exists(), source)
        missing = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True).stdout.split("\n")
        tops = {name.split("/")[0] for name in missing if name and not name.startswith(".")}
        kept = set(re.findall(r"^!(\S+)", (ROOT / "ops/docker/Dockerfile.dockerignore").read_text(), re.M))
        self.assertEqual(tops - kept, {"LICENSE"})

    def test_the_program_takes_its_variables(self):
        code, said = check_config(self.variables())
        self.assertEqual(code, 0, said)
        self.assertRegex(said, r'listen = \["0\.0\.0\.0:11435"\] *# environment CONDUCTOR_SERVER_LISTEN')

    def test_its_health_command_tells_life_from_death(self):
        words = yaml.safe_load(re.search(r"^HEALTHCHECK (?:.*\\\n)+\s*CMD (\[.*\])", self.text, re.M)[1])
        self.assertEqual(words[0], "conductor")
        port, admin = free_port(), free_port()
        command = [NODE, *[word.replace("11436", str(admin)) for word in words[1:]]]
        with Program([NODE, "serve"], port, more={
                **self.variables(), "CONDUCTOR_SERVER_LISTEN": f"0.0.0.0:{port}",
                "CONDUCTOR_SERVER_ADMIN_LISTEN": f"0.0.0.0:{admin}", "CONDUCTOR_BACKENDS": f"127.0.0.1:{free_port()}"}) as node:
            node.ready()
            alive = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual((alive.returncode, alive.stdout), (0, "ok\n"), alive.stderr)
            unready = subprocess.run([*command, "--ready"], capture_output=True, text=True)
            self.assertEqual(unready.returncode, 1)
            self.assertIn("no backend answers", unready.stderr)
        self.assertEqual(subprocess.run(command, capture_output=True).returncode, 1)


class Compose(unittest.TestCase):
    file = ROOT / "ops/docker/compose.yaml"

    def setUp(self):
        self.document = yaml.safe_load(self.file.read_text())

    def test_it_is_valid(self):
        ComposeSpecification.model_validate(self.document)
        self.assertEqual(set(self.document["services"]), {"ollama", "conductor", "prometheus", "grafana"})

    def test_a_planted_error_is_seen(self):
        self.document["services"]["conductor"]["ports"] = {"no": "list"}
        with self.assertRaises(ValueError):
            ComposeSpecification.model_validate(self.document)

    def test_every_port_is_this_machines_alone(self):
        ports = [port for service in self.document["services"].values() for port in service.get("ports", [])]
        self.assertEqual(len(ports), 3)
        self.assertEqual([port for port in ports if not port.startswith("127.0.0.1:")], [])

    def test_the_program_takes_its_variables(self):
        code, said = check_config({**Image().variables(), **self.document["services"]["conductor"]["environment"]})
        self.assertEqual(code, 0, said)
        self.assertIn('"http://ollama:11434"', said)

    def test_what_is_mounted_is_there(self):
        for folder in ("prometheus", "grafana"):
            if not (ROOT / "ops" / folder).exists():
                self.skipTest(f"SKIPPED: ops/{folder} is not in this checkout")
        named = self.document["volumes"]
        for service in self.document["services"].values():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source not in named:
                    self.assertTrue((self.file.parent / source).exists(), source)
        targets = yaml.safe_load((ROOT / "ops/docker/targets.yml").read_text())
        self.assertEqual(targets[0]["targets"], ["conductor:11436"])


class Manifests(unittest.TestCase):
    folder = ROOT / "ops/kubernetes"

    def setUp(self):
        self.kustomization = yaml.safe_load((self.folder / "kustomization.yaml").read_text())
        self.all = {}
        for name in self.kustomization["resources"]:
            for document in yaml.safe_load_all((self.folder / name).read_text()):
                self.all[document["kind"]] = document

    def test_kubernetes_schemas_take_them(self):
        """All but the operator's kind, of which Kubernetes knows nothing."""
        checked = 0
        for kind, document in self.all.items():
            if kind != "ServiceMonitor":
                kubernetes_validate.validate(document, "1.30", strict=True)
                checked += 1
        self.assertEqual(checked, 6)

    def test_a_planted_error_is_seen(self):
        self.container()["livenessProbe"]["httpGot"] = {}
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(self.all["StatefulSet"], "1.30", strict=True)

    def pod(self):
        return self.all["StatefulSet"]["spec"]["template"]

    def container(self):
        return self.pod()["spec"]["containers"][0]

    def test_they_fit_each_other(self):
        labels = self.pod()["metadata"]["labels"]
        for selector in (self.all["StatefulSet"]["spec"]["selector"]["matchLabels"], self.all["Service"]["spec"]["selector"],
                         self.all["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
                         self.all["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]):
            self.assertEqual(selector, labels)
        self.assertEqual(self.all["ServiceMonitor"]["spec"]["selector"]["matchLabels"],
                         self.all["Service"]["metadata"]["labels"])
        ports = {port["name"] for port in self.container()["ports"]}
        service = {port["name"]: port["targetPort"] for port in self.all["Service"]["spec"]["ports"]}
        self.assertLessEqual(set(service.values()), ports)
        for endpoint in self.all["ServiceMonitor"]["spec"]["endpoints"]:
            self.assertIn(endpoint["port"], service)
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.assertIn(self.container()[probe]["httpGet"]["port"], ports)
        self.assertEqual(self.container()["readinessProbe"]["httpGet"]["path"], "/readyz")
        volumes = {v["name"] for v in self.pod()["spec"]["volumes"]}
        volumes |= {c["metadata"]["name"] for c in self.all["StatefulSet"]["spec"]["volumeClaimTemplates"]}
        self.assertEqual({m["name"] for m in self.container()["volumeMounts"]}, volumes)

    def test_the_pod_is_restricted(self):
        """As the `restricted` pod security standard has it."""
        pod, inside = self.pod()["spec"]["securityContext"], self.container()["securityContext"]
        self.assertTrue(pod["runAsNonRoot"])
        self.assertEqual(pod["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertEqual((inside["allowPrivilegeEscalation"], inside["capabilities"]), (False, {"drop": ["ALL"]}))
        image = (ROOT / "ops/docker/Dockerfile").read_text()
        self.assertIn(f"USER {pod['runAsUser']}:{pod['runAsGroup']}\n", image)

    def test_the_program_takes_its_configuration(self):
        variables = {**Image().variables(), **{v["name"]: v["value"] for v in self.container()["env"]}}
        code, said = check_config(variables, self.all["ConfigMap"]["data"]["conductor.toml"])
        self.assertEqual(code, 0, said)
        self.assertRegex(said, r'listen = \["0\.0\.0\.0:11435"\] *# .*conductor\.toml:')
        self.assertRegex(said, r'data_dir = "/var/lib/conductor" *# .*conductor\.toml:')

    def test_the_pod_lives_as_long_as_answers_may_drain(self):
        _, said = check_config({})
        drain = int(re.search(r'drain = "(\d+)s"', said)[1])
        self.assertGreater(self.pod()["spec"]["terminationGracePeriodSeconds"], drain)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
