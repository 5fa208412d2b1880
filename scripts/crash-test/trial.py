"""One release, one command that is struck, and a look at what is left."""

import base64
import gzip
import json
import os
import pathlib
import subprocess
import tempfile
import time
from dataclasses import dataclass

import charts
from cluster import TIMEOUT
from proxy import Strike, api_door, database_door

RED = ("--set", "color=red,count=4")
# What the server or the controllers write, and what differs from one run to the next.
FLEETING = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation")


@dataclass(frozen=True)
class Outcome:
    """What came of a strike."""

    # The request that was struck; None when the command made fewer.
    struck: str | None
    # Whether the command itself did well in spite of it.
    rode_out: bool
    # What is wrong after the next command; None when nothing is.
    problem: str | None
    requests: int = 0
    state: dict | None = None


class Slot:
    """A namespace that one trial after the other has to itself."""

    def __init__(self, run, variant, number):
        self.run, self.variant = run, variant
        self.server, self.database = run.server, run.database
        self.namespace = f"crash-{os.getpid()}-{variant.name}-{number}"
        self.group = f"{self.namespace}.example.com"
        self.folder = tempfile.TemporaryDirectory()
        self.chart = os.path.join(self.folder.name, "chart")
        charts.write(variant, self.chart, self.group)
        self.server.request("POST", "/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        if variant.driver == "sql":
            # Whoever comes first makes the tables.
            self.must(run.rhumb, "list")

    def close(self):
        self.clear()
        self.server.request("DELETE", f"/api/v1/namespaces/{self.namespace}")
        self.folder.cleanup()

    # -- commands --

    def env(self, kubeconfig, database):
        env = {
            "HOME": self.folder.name, "PATH": os.environ["PATH"], "KUBECONFIG": kubeconfig,
            "HELM_DRIVER": self.variant.driver,
        }
        if database:
            env["HELM_DRIVER_SQL_CONNECTION_STRING"] = (
                f"postgres://helm@127.0.0.1:{database}/postgres?sslmode=disable"
            )
        return env

    def command(self, binary, verb):
        plain = verb.removeprefix("again-").removesuffix("-1")
        options = getattr(self.variant, plain, ())
        arguments = {
            "install": ["install", "release", self.chart],
            "upgrade": ["upgrade", "release", self.chart, *RED],
            "rollback": ["rollback", "release", str(1 + self.variant.earlier)],
            "list": ["list"],
            "rollback-1": ["rollback", "release", "1"],
            "uninstall": ["uninstall", "release"],
            # As scripts say it that may have to be run again.
            "again-install": ["upgrade", "--install", "release", self.chart],
            "again-uninstall": ["uninstall", "release", "--ignore-not-found"],
        }
        return [binary, *arguments.get(verb, arguments[plain]), *options, "-n", self.namespace]

    def do(self, binary, verb):
        """Runs a command without a fault."""
        database = self.database.port if self.variant.driver == "sql" else None
        env = self.env(self.run.kubeconfig, database)
        return subprocess.run(
            self.command(binary, verb), env=env, capture_output=True, text=True, timeout=TIMEOUT
        )

    def must(self, binary, verb):
        result = self.do(binary, verb)
        if result.returncode:
            raise RuntimeError(f"{verb}: {result.stderr.strip()}")

    def prepare(self, binary, verb):
        self.clear()
        if verb == "install":
            return
        self.must(binary, "install")
        for _ in range(self.variant.earlier):
            self.must(binary, "rollback-1")
        if verb == "rollback":
            self.must(binary, "upgrade")

    def struck(self, binary, verb, strike):
        """Runs a command through the doors; returns its exit code, and None when it hangs."""
        doors = [api_door(self.server, strike)]
        if self.variant.driver == "sql":
            doors.append(database_door(self.database, strike))
        path = os.path.join(self.folder.name, "proxied")
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{doors[0].port}"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
            "users": [{"name": "c", "user": {}}],
        }
        pathlib.Path(path).write_text(json.dumps(config))
        env = self.env(path, doors[-1].port if len(doors) > 1 else None)
        # Nothing is to be struck before the process is known.
        with strike.lock:
            process = strike.process = subprocess.Popen(
                self.command(binary, verb), env=env, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        try:
            return process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
        finally:
            strike.settle()
            for door in doors:
                door.close()

    # -- what is there --

    def live(self):
        """Paths and contents of all that a trial may leave in the namespace."""
        paths = [
            f"/api/v1/namespaces/{self.namespace}/{plural}"
            for plural in ("configmaps", "serviceaccounts", "secrets", "services")
        ]
        paths.append(f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases")
        if self.variant.rich:
            paths += [
                f"/api/v1/namespaces/{self.namespace}/pods?labelSelector=%21app",
                f"/apis/apps/v1/namespaces/{self.namespace}/deployments",
                f"/apis/{self.group}/v1/namespaces/{self.namespace}/paints",
            ]
        theirs = (("configmaps", "kube-root-ca.crt"), ("serviceaccounts", "default"))
        found = {}
        for path in paths:
            path, _, query = path.partition("?")
            for item in self.server.items(f"{path}?{query}" if query else path):
                name = item["metadata"]["name"]
                if (path.rsplit("/", 1)[1], name) not in theirs:
                    found[f"{path}/{name}"] = item
        return found

    def clear(self):
        while live := self.live():
            for path, item in live.items():
                body = {"propagationPolicy": "Background"}
                if "deletionTimestamp" not in item["metadata"]:
                    self.server.request("DELETE", path, body, known=(404,))
        if self.variant.rich:
            crd = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/paints.{self.group}"
            self.server.request("DELETE", crd, known=(404,))
            while self.server.request("GET", crd, known=(404,)):
                time.sleep(0.1)
        if self.variant.driver == "sql":
            for table, column in (("releases_v1", "namespace"), ("custom_labels_v1", "releasenamespace")):
                self.database.run(
                    f"DO $$ BEGIN IF to_regclass('{table}') IS NOT NULL THEN "
                    f"DELETE FROM {table} WHERE {column} = '{self.namespace}'; END IF; END $$"
                )

    def state(self):
        """The records by revision, and all else by kind and name."""
        records, objects, parts = {}, {}, {}
        live = self.live()
        for path, item in live.items():
            labels = item["metadata"].get("labels", {})
            if labels.get("owner") == "rhumb":
                data = item.get("binaryData") or item["data"]
                digest, index = path.rsplit(".", 2)[1:]
                parts[f"{digest}.{index}"] = base64.b64decode(data["part"])
        for path, item in live.items():
            kind, name = path.rsplit("/", 2)[1:]
            metadata = item["metadata"]
            labels = metadata.get("labels", {})
            if labels.get("owner") == "helm":
                records[int(labels["version"])] = {
                    "status": labels["status"],
                    "marked": bool(metadata.get("annotations")),
                    **content(item["data"]["release"], kind == "secrets", parts),
                }
            elif labels.get("owner") == "rhumb":
                pass
            else:
                kept = {key: value for key, value in metadata.items() if key not in FLEETING}
                notes = kept.get("annotations", {})
                notes.pop("deployment.kubernetes.io/revision", None)
                objects[f"{kind}/{name}"] = {
                    "metadata": kept, "data": item.get("data"), "spec": spec(item),
                }
        if self.variant.driver == "sql":
            rows = self.database.query(
                "SELECT version, status, body FROM releases_v1 WHERE owner = 'helm' "
                f"AND namespace = '{self.namespace}'"
            )
            for row in rows:
                records[row["version"]] = {
                    "status": row["status"], "marked": False,
                    **content(row["body"], False, parts),
                }
        state = {"records": records, "objects": objects, "parts": sorted(parts)}
        return self.anonymous(state)

    def anonymous(self, state):
        """Takes the names of the slot out of a state, so that those of slots can be compared."""
        if isinstance(state, dict):
            return {key: self.anonymous(value) for key, value in state.items()}
        if isinstance(state, list):
            return [self.anonymous(value) for value in state]
        if isinstance(state, str) and len(state) < 100_000:
            return state.replace(self.group, "GROUP").replace(self.namespace, "NAMESPACE")
        return state


POINTER = "apiVersion: rhumb.sh/v1\nkind: ReleaseInParts\n"
KNOWN = {
    "name", "chart", "config", "manifest", "hooks", "version", "namespace", "apply_method",
}


def content(data, twice, parts):
    """What a record says of its revision, apart from its state."""
    if twice:
        data = base64.b64decode(data)
    release = json.loads(gzip.decompress(base64.b64decode(data)))
    said = release["info"]["status"]
    wanted = []
    if release["manifest"].startswith(POINTER):
        lines = dict(line.split(": ", 1) for line in release["manifest"].splitlines() if ": " in line)
        wanted = [f"{lines['digest']}.{index}" for index in range(int(lines["count"]))]
        body = b"".join(parts.get(part, b"") for part in wanted)
        # What lacks a part is told by its name alone.
        release.update(json.loads(gzip.decompress(body)) if set(wanted) <= set(parts) else {})
        release.pop("notes", None)
    for hook in release.get("hooks") or []:
        # The policies are written once the hook has run.
        hook.pop("last_run", None)
        hook.pop("delete_policies", None)
    release.pop("info")
    for name in ("templates", "files"):
        for file in release["chart"].get(name) or []:
            file["data"] = base64.b64decode(file["data"]).decode()
    return {
        "says": said, "foreign": sorted(set(release) - KNOWN), "parts": wanted,
        "content": {key: value for key, value in release.items() if key != "version"},
    }


def spec(item):
    spec = dict(item.get("spec") or {})
    for key in ("clusterIP", "clusterIPs", "nodeName"):
        spec.pop(key, None)
    return {} if item["metadata"]["name"] == "migration" else spec


def wrong(state, before, reference, verb, limit):
    """What is wrong in a namespace; None when nothing is.

    `before` is how it was before the strike, `reference` how a command that nothing befalls
    leaves it. `limit` is how many revisions are kept at least.
    """
    records, objects = state["records"], dict(state["objects"])
    leases = [name for name in objects if name.startswith("leases/")]
    if leases:
        return f"a lock is left: {leases}"
    for revision, record in records.items():
        if record["marked"] or record["foreign"]:
            return f"the record of revision {revision} is marked as unfinished"
        if record["says"] != record["status"]:
            return f"the record of revision {revision} says {record['says']}, its label {record['status']}"
    states = {revision: record["status"] for revision, record in sorted(records.items())}
    if verb == "uninstall":
        if records or state["parts"]:
            return f"records are left: {states} {state['parts']}"
    else:
        newest = max(records, default=None)
        if newest is None or states[newest] != "deployed":
            return f"not deployed: {states}"
        if list(states.values()).count("deployed") != 1:
            return f"deployed twice: {states}"
        if any(status.startswith("pending") or status == "uninstalling" for status in states.values()):
            return f"unfinished: {states}"
        if records[newest]["content"] != reference["records"][max(reference["records"])]["content"]:
            return "the newest record differs"
        lost = history_lost(records, before["records"], limit)
        if lost:
            return lost
        stray = strays(records, state["parts"])
        if stray:
            return stray
    missing = sorted(set(reference["objects"]) - set(objects))
    left = sorted(set(objects) - set(reference["objects"]))
    if left or missing:
        return f"left over: {left}, missing: {missing}"
    differing = [name for name, item in objects.items() if item != reference["objects"][name]]
    if differing:
        return f"differing: {sorted(differing)}"
    return None


def history_lost(records, before, limit):
    """Whether a revision is gone that had to stay, or is not what it was."""
    kept = sorted(records)
    if kept != list(range(kept[0], kept[-1] + 1)):
        return f"a revision is missing: {kept}"
    for revision, record in before.items():
        if revision in records and records[revision]["content"] != record["content"]:
            return f"revision {revision} has changed"
        # Only as many as are to be kept make room.
        if revision not in records and len(records) < limit:
            return f"revision {revision} is lost"
    return None


def strays(records, parts):
    """Whether records lack parts, or parts lack their record."""
    wanted = {part for record in records.values() for part in record["parts"]}
    if wanted != set(parts):
        return f"parts: missing {sorted(wanted - set(parts))}, left {sorted(set(parts) - wanted)}"
    return None


def trial(slot, binary, verb, fault, at, reference):
    """Strikes a command at one request; without a fault, tells how many there are."""
    slot.prepare(binary, verb)
    before = slot.state()
    strike = Strike(fault, at, slot.run.restart)
    limit = 3 if slot.variant.earlier else float("inf")
    try:
        code = slot.struck(binary, verb, strike)
        slot.run.await_server()
        if fault is None:
            state = slot.state()
            reference = reference or state
            problem = wrong(state, before, reference, verb, limit) if code == 0 else f"exit code {code}"
            return Outcome(None, False, problem, strike.count, state)
        if strike.struck is None:
            return Outcome(None, False, None)
        if code is None:
            return Outcome(strike.struck, False, "the command hangs")
        again = slot.do(binary, f"again-{verb}")
        if again.returncode:
            error = (again.stderr.strip().splitlines() or ["no word"])[-1]
            return Outcome(strike.struck, code == 0, f"the next command fails: {error}")
        problem = wrong(slot.state(), before, reference, verb, limit)
        if problem is None and verb != "uninstall":
            problem = unreadable(slot, binary)
        return Outcome(strike.struck, code == 0, problem)
    except subprocess.TimeoutExpired as error:
        return Outcome(strike.struck, False, f"the next command hangs: {error}")


def unreadable(slot, binary):
    database = slot.database.port if slot.variant.driver == "sql" else None
    env = slot.env(slot.run.kubeconfig, database)
    result = subprocess.run(
        [binary, "history", "release", "-n", slot.namespace], env=env, capture_output=True,
        text=True, timeout=TIMEOUT,
    )
    return f"the history cannot be read: {result.stderr.strip()}" if result.returncode else None
