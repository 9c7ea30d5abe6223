"""Holds the relay's Kubernetes manifests to the API's own schemas, in which an unknown field is a fault, for the oldest and the
newest version that they are for; and to what a hardened pod has, which no schema asks for."""

import sys

import kubernetes_validate
import yaml

VERSIONS = ["1.30", "1.36"]


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        manifests = list(yaml.safe_load_all(file))
    for manifest in manifests:
        for version in VERSIONS:
            kubernetes_validate.validate(manifest, version, strict=True)
    by_kind = {manifest["kind"]: manifest for manifest in manifests}
    pod = by_kind["Deployment"]["spec"]["template"]
    spec = pod["spec"]
    [container] = spec["containers"]
    expected = {
        "enableServiceLinks": (spec["enableServiceLinks"], False),
        "automountServiceAccountToken": (spec["automountServiceAccountToken"], False),
        "runAsNonRoot": (spec["securityContext"]["runAsNonRoot"], True),
        "seccompProfile": (spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"}),
        "securityContext": (
            container["securityContext"],
            {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        ),
        "resources.requests": (sorted(container["resources"]["requests"]), ["cpu", "memory"]),
    }
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for probe, route in [("livenessProbe", "/livez"), ("readinessProbe", "/readyz")]:
        expected[probe] = (container[probe]["httpGet"], {"path": route, "port": "operators"})
    configuration = by_kind["ConfigMap"]["data"]["relay.toml"]
    for name, field in [("devices", "listen"), ("operators", "admin_listen")]:
        line = f'{field} = "0.0.0.0:{ports[name]}"'
        expected[line] = (line in configuration.splitlines(), True)
    labels = pod["metadata"]["labels"].items()
    selectors = {
        "Deployment": by_kind["Deployment"]["spec"]["selector"]["matchLabels"],
        "Service": by_kind["Service"]["spec"]["selector"],
        "PodDisruptionBudget": by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        "NetworkPolicy": by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    }
    for kind, selector in selectors.items():
        expected[f"{kind} selects the pods"] = (selector.items() <= labels, True)
    faults = [f"{name}: {found!r} and not {wanted!r}" for name, (found, wanted) in expected.items() if found != wanted]
    if faults:
        sys.exit("\n".join(faults))
    print(f"{len(manifests)} manifests fit Kubernetes {' and '.join(VERSIONS)}")


main(sys.argv[1])
