"""The charts of the crash test, and the ways in which they are installed."""

import base64
import os
import pathlib
import random
from dataclasses import dataclass

OBJECTS = """{{- range until (int .Values.count) }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "map-{{ $.Values.color }}-{{ . }}"}
data: {color: {{ $.Values.color }}}
{{- end }}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: account}
---
apiVersion: v1
kind: Secret
metadata: {name: secret}
stringData: {color: {{ .Values.color }}}
---
apiVersion: v1
kind: Service
metadata: {name: service}
spec:
  selector: {color: {{ .Values.color }}}
  ports: [{port: 80}]
"""
HOOKS = """apiVersion: v1
kind: ConfigMap
metadata:
  name: before
  annotations: {"helm.sh/hook": "pre-install,pre-upgrade,pre-rollback,pre-delete"}
data: {color: {{ .Values.color }}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: after
  annotations:
    "helm.sh/hook": "post-install,post-upgrade,post-rollback,post-delete"
    "helm.sh/hook-delete-policy": hook-succeeded
"""
# The kind of the CRD below, whose group is of the chart alone: definitions belong to no namespace.
RICH_OBJECTS = """
---
apiVersion: GROUP/v1
kind: Paint
metadata: {name: paint}
spec: {color: {{ .Values.color }}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: painter}
spec:
  replicas: 1
  selector: {matchLabels: {app: painter}}
  template:
    metadata:
      labels: {app: painter}
      annotations: {color: {{ .Values.color }}}
    spec:
      containers: [{name: main, image: none.invalid/painter}]
"""
RICH_HOOKS = """
---
apiVersion: v1
kind: Pod
metadata:
  name: migration
  annotations:
    "helm.sh/hook": "pre-install,pre-upgrade,pre-rollback,pre-delete"
    "helm.sh/hook-weight": "1"
    "helm.sh/hook-delete-policy": before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  containers: [{name: main, image: none.invalid/migration}]
"""
CRD = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: paints.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {kind: Paint, plural: paints, singular: paint, listKind: PaintList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""
LARGE_OBJECTS = """{{- range $path, $_ := .Files.Glob "data/*" }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "large-{{ base $path }}"}
data: {color: {{ $.Values.color }}, data: {{ $.Files.Get $path | quote }}}
{{- end }}
"""
# Four objects of this many bytes that no compression makes smaller are 3 MiB in base64.
LARGE = 4 * [600_000]


@dataclass(frozen=True)
class Variant:
    """A chart, and a way to install it."""

    name: str
    what: str
    # The options of each verb.
    install: tuple = ()
    upgrade: tuple = ()
    rollback: tuple = ()
    driver: str = "secret"
    rich: bool = False
    large: bool = False
    # How many more revisions come before the strike, so that old ones are deleted during it.
    earlier: int = 0
    helm: bool = True
    verbs: tuple = ("install", "upgrade", "rollback", "uninstall")
    faults: tuple = ("kill-before", "kill-after", "429", "500", "reset", "reset-after")
    # Which requests the sample takes: every N-th.
    sample: int = 11


CLIENT_SIDE = ("--server-side=false",)
VARIANTS = [
    Variant("server-side", "server-side apply"),
    Variant(
        "client-side", "client-side apply, by three-way patches",
        install=CLIENT_SIDE, upgrade=CLIENT_SIDE, rollback=CLIENT_SIDE, sample=17,
    ),
    Variant(
        "migration", "from client-side to server-side apply and back",
        install=CLIENT_SIDE, upgrade=("--server-side=true",), rollback=CLIENT_SIDE,
        verbs=("upgrade", "rollback"), sample=23,
    ),
    Variant(
        "rich", "CRDs, a custom resource, a Deployment, a Pod as hook, --wait",
        install=("--wait",), upgrade=("--wait",), rollback=("--wait",), rich=True, sample=29,
    ),
    Variant(
        "parts", "a release of 3 MiB, with records in parts, of which three are kept",
        upgrade=("--history-max=3",), rollback=("--history-max=3",), large=True, earlier=2,
        helm=False, sample=97,
    ),
    Variant(
        "configmap", "records in ConfigMaps, of which three are kept",
        upgrade=("--history-max=3",), rollback=("--history-max=3",), earlier=2,
        driver="configmap", sample=23,
    ),
    Variant(
        "sql", "records in PostgreSQL, whose messages count as requests",
        driver="sql", faults=("kill-before", "kill-after", "reset", "reset-after"), sample=23,
    ),
]


def write(variant, folder, group):
    """Writes the chart of a variant; `group` is that of its custom resources."""
    chart = pathlib.Path(folder)
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: crash, version: 1.0.0}\n")
    (chart / "values.yaml").write_text("{color: blue, count: 3}\n")
    objects, hooks = OBJECTS, HOOKS
    if variant.rich:
        objects += RICH_OBJECTS.replace("GROUP", group)
        hooks += RICH_HOOKS
        (chart / "crds").mkdir()
        (chart / "crds" / "paint.yaml").write_text(CRD.replace("GROUP", group))
    if variant.large:
        (chart / "templates" / "large.yaml").write_text(LARGE_OBJECTS)
        (chart / "data").mkdir()
        source = random.Random(1)
        for number, size in enumerate(LARGE):
            text = base64.b64encode(source.randbytes(size)).decode()
            (chart / "data" / str(number)).write_text(text)
    (chart / "templates" / "objects.yaml").write_text(objects)
    (chart / "templates" / "hooks.yaml").write_text(hooks)
    # Records keep these times.
    for path in chart.rglob("*"):
        os.utime(path, (1_767_323_045, 1_767_323_045))
