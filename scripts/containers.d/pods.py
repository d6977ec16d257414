"""Takes what podman 4.3 lacks out of a Kubernetes manifest, and says what that is.

    pods.py MANIFEST RESULT

Services and network policies are left out: a pod answers to its own name. Values of secrets and config maps stand where they
are used, a config map's file among the volumes comes from a folder beside RESULT, and probes and ports are left out, since
nothing runs the former and the latter would be published on this machine. Images, arguments, users, capabilities, read-only roots, limits and mounts stay as they are.
"""

import base64
import sys
from pathlib import Path

import yaml

USED = ("Deployment",)


def values(documents):
    """What secrets and config maps hold: {(kind, name): {key: text}}."""
    found = {}
    for document in documents:
        data = dict(document.get("data") or {}) if document["kind"] in ("Secret", "ConfigMap") else {}
        if document["kind"] == "Secret":
            data = {key: base64.b64decode(value).decode() for key, value in data.items()}
        if data:
            found[document["kind"], document["metadata"]["name"]] = data
    return found


def adapt(pod, found, folder, changes):
    for container in pod["containers"]:
        for probe in [key for key in container if key.endswith("Probe")]:
            del container[probe]
            changes.add("probes")
        if container.pop("ports", None):
            changes.add("ports, which it would publish")
        for variable in container.get("env", []):
            if reference := variable.pop("valueFrom", {}).get("secretKeyRef"):
                variable["value"] = found["Secret", reference["name"]][reference["key"]]
                changes.add("references to secrets, by their values")
    for volume in pod.get("volumes", []):
        if reference := volume.pop("configMap", None):
            place = folder / reference["name"]
            place.mkdir(exist_ok=True)
            for key, text in found["ConfigMap", reference["name"]].items():
                (place / key).write_text(text)
            volume["hostPath"] = {"path": str(place), "type": "Directory"}
            changes.add("volumes of config maps, by folders")


def main():
    manifest, result = (Path(argument) for argument in sys.argv[1:])
    documents = [document for document in yaml.safe_load_all(manifest.read_text()) if document]
    found, changes = values(documents), set()
    kept = [document for document in documents if document["kind"] in USED]
    changes |= {document["kind"] for document in documents if document["kind"] not in (*USED, "Secret", "ConfigMap")}
    for document in kept:
        adapt(document["spec"]["template"]["spec"], found, result.parent, changes)
    result.write_text(yaml.safe_dump_all(kept, sort_keys=False))
    print("for podman 4.3, without: " + "; ".join(sorted(changes)))


main()
