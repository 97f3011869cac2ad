"""The container image, the compose file and the Kubernetes manifests agree with one another."""

import json
import pathlib
import re

import yaml

from logboom_server import run_logboom

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
VERSION = re.search(r"project\(logboom VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
NAME = {"app.kubernetes.io/name": "logboom"}


def documents():
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    assert {*listed, "kustomization.yaml"} == {path.name for path in KUBERNETES.iterdir()}
    return [document for name in listed
            for document in yaml.safe_load_all((KUBERNETES / name).read_text())]


def the(kind, name="logboom"):
    found = [d for d in documents() if (d["kind"], d["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, (kind, name, found)
    return found[0]


def pod():
    return the("StatefulSet")["spec"]["template"]["spec"]


def container():
    return pod()["containers"][0]


def dockerfile():
    return (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m|h)", text).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def drain_of(printed):
    return sum(seconds(re.search(rf"^  {key}: (\w+)", printed, re.MULTILINE)[1])
               for key in ("drain_delay", "drain_timeout"))


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_image_and_manifests_carry_the_projects_version():
    assert container()["image"] == f"logboom:{VERSION}"
    assert compose()["services"]["logboom"]["image"] == f"logboom:{VERSION}"


def test_the_image_is_compiled_on_the_builders_platform_and_made_for_each_platform():
    stages = re.findall(r"^FROM (--platform=\S+) (\S+)", (ROOT / "Dockerfile").read_text(),
                        re.MULTILINE)
    (build, build_base), (last, last_base) = stages
    assert (build, last) == ("--platform=$BUILDPLATFORM", "--platform=$TARGETPLATFORM")
    assert build_base == last_base


def test_the_image_checks_its_health_on_the_port_it_listens_on():
    words = json.loads(re.search(r"^CMD (.*)", dockerfile(), re.MULTILINE)[1])
    port = words[words.index("--listen") + 1].split(":")[1]
    assert re.search(r"^EXPOSE (\d+)", dockerfile(), re.MULTILINE)[1] == port
    assert f":{port}" in run_logboom("health", "--help").stdout.decode()


def test_the_pod_runs_as_the_images_user_and_writes_only_its_volume():
    user = re.search(r"^USER (\d+):(\d+)", dockerfile(), re.MULTILINE)
    context = pod()["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == (int(user[1]), int(user[2]))
    assert context["fsGroup"] == int(user[2]) and context["runAsNonRoot"]
    assert container()["securityContext"]["readOnlyRootFilesystem"]
    volume = re.search(r"^VOLUME (\S+)", dockerfile(), re.MULTILINE)[1]
    writable = [m["mountPath"] for m in container()["volumeMounts"] if not m.get("readOnly")]
    assert writable == [volume]


def test_every_mount_has_its_volume():
    volumes = {v["name"] for v in pod()["volumes"]}
    volumes |= {t["metadata"]["name"] for t in the("StatefulSet")["spec"]["volumeClaimTemplates"]}
    assert {m["name"] for m in container()["volumeMounts"]} == volumes
    the("ConfigMap", pod()["volumes"][0]["configMap"]["name"])


def test_the_configuration_of_the_pods_is_valid_and_drains_within_the_grace(tmp_path):
    mounts = {m["name"]: m["mountPath"] for m in container()["volumeMounts"]}
    config = tmp_path / "logboom.yaml"
    config.write_text(the("ConfigMap")["data"]["logboom.yaml"])
    assert container()["args"] == ["serve", "--config", f"{mounts['config']}/logboom.yaml"]
    printed = run_logboom("config", "--config", config)
    assert printed.returncode == 0, printed.stderr
    text = printed.stdout.decode()
    assert pod()["terminationGracePeriodSeconds"] > drain_of(text)
    assert re.search(r'^  dir: "?([^"\n]+)', text, re.M)[1].startswith(mounts["data"] + "/")
    port = container()["ports"][0]["containerPort"]
    assert f"0.0.0.0:{port}" in text


def test_probes_and_services_use_a_port_that_the_container_has():
    names = {port["name"] for port in container()["ports"]}
    probes = {probe: container()[probe]["httpGet"]
              for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probes["readinessProbe"]["path"] == "/readyz"
    assert probes["livenessProbe"]["path"] == probes["startupProbe"]["path"] == "/healthz"
    assert {probe["port"] for probe in probes.values()} <= names
    services = [the("Service"), the("Service", the("StatefulSet")["spec"]["serviceName"])]
    assert services[1]["spec"]["clusterIP"] == "None"
    for service in services:
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names


def test_every_selector_selects_the_pods():
    labels = the("StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert labels == NAME
    for document in documents():
        spec = document.get("spec", {})
        for key in ("selector", "podSelector"):
            if key in spec:
                selector = spec[key].get("matchLabels", spec[key])
                assert selector == labels, document["metadata"]


def test_emptying_a_node_leaves_a_pod():
    allowed = the("PodDisruptionBudget")["spec"]["maxUnavailable"]
    assert allowed < the("StatefulSet")["spec"]["replicas"]


# The dashboard and the alert rules are made elsewhere in the tree.


def test_compose_mounts_files_that_are_there():
    services = compose()["services"]
    mounts = [m.split(":")[0] for service in services.values() for m in service["volumes"]]
    files = [mount for mount in mounts if mount.startswith(".")]
    assert [file for file in files if not (DEPLOY / file).is_file()] == []
    assert {mount for mount in mounts if not mount.startswith(".")} == set(compose()["volumes"])


def test_compose_stops_after_the_drain_and_keeps_the_root_read_only():
    server = compose()["services"]["logboom"]
    printed = run_logboom("config").stdout.decode()
    assert seconds(server["stop_grace_period"]) > drain_of(printed)
    assert server["read_only"] and server["cap_drop"] == ["ALL"]
    assert server["ports"][0].startswith("127.0.0.1:")


def test_prometheus_scrapes_the_server_under_the_name_of_the_alerts_and_from_its_network():
    config = yaml.safe_load((DEPLOY / "compose" / "prometheus.yml").read_text())
    job = config["scrape_configs"][0]
    assert compose()["services"]["prometheus"]["network_mode"] == "service:logboom"
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:8080"]
    assert f'job="{job["job_name"]}"' in (DEPLOY / "prometheus" / "alerts.yml").read_text()
